import type { AnyDefinition, PersistenceProvider, StepExecutionContext } from "wfe-core";
import type { HostOptions } from "../../host/host-options.ts";
import {
  InMemoryLifecycleBus,
  InMemoryLifecyclePublisher,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  VirtualEntropy,
} from "wfe-core/test-support";
import { DEFAULT_FAULT_WEIGHTS, FaultPlan } from "./fault-plan.ts";
import { HintLedger } from "./hint-ledger.ts";
import { LeaseLedger } from "./lease-ledger.ts";
import { observedDefinition } from "./observed-definitions.ts";
import { persistenceWatch } from "./persistence-watch.ts";
import { PortCalls } from "./port-calls.ts";
import { RunInvariants } from "./run-invariants.ts";
import { SeededChoices } from "./seeded-choices.ts";
import { SeededScheduler } from "./seeded-scheduler.ts";
import { SIMULATION_START_MS, SimulatedClock } from "./simulated-clock.ts";
import { SimulatedHost } from "./simulated-host.ts";
import { SimulatedLocks } from "./simulated-locks.ts";
import { SimulatedQueue, simulatedHttp, simulatedPublisher, throughNetwork } from "./simulated-ports.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import type { ProgramFactory, SimulatedBodies, SimulatedProgram } from "./simulated-program.ts";
import type { SimulationOptions } from "./simulation-options.ts";
import { StoreObserver } from "./store-observer.ts";
import { Violations } from "./violations.ts";

const LOCK_TTL_MS = 5_000;
const VISIBILITY = "6s";
const CALL_FAULT_RATE = 0.03;
const WORLD_FAULT_RATE = 0.008;
/** How wrong a wall clock may be, either way. */
const LONGEST_SKEW_MS = 3_000;
const LONGEST_DOWN_MS = 3_000;
const HOST_OPTIONS: HostOptions = { lockTtl: LOCK_TTL_MS, sweepInterval: "1s", takeOverInterval: "1s", shutdownTimeout: "3s", maxCrashes: 1_000 };

/** Hosts, the stores they share, and the network between: everything of a simulation but what happens in it. */
export class SimulatedWorld {
  readonly choices: SeededChoices;
  readonly scheduler: SeededScheduler;
  readonly faults: FaultPlan;
  readonly violations: Violations;
  readonly ledger: LeaseLedger;
  readonly #hints: HintLedger;
  readonly runs: RunInvariants;
  readonly observer: StoreObserver;
  readonly calls: PortCalls;
  readonly program: SimulatedProgram;
  readonly store: InMemoryStore = new InMemoryStore();
  readonly server: SimulatedProcess = new SimulatedProcess("server");
  readonly outside: SimulatedProcess = new SimulatedProcess("outside");
  readonly locks: InMemoryLockStore;
  readonly #network = new SimulatedProcess("network");
  readonly #options: SimulationOptions;
  readonly #persistence: PersistenceProvider;
  readonly #queue: InMemoryQueueProvider;
  readonly #bus = new InMemoryLifecycleBus();
  readonly #observed: ReadonlyMap<AnyDefinition, AnyDefinition>;
  readonly #places: (SimulatedHost | undefined)[];
  readonly #hostOf = new WeakMap<object, SimulatedHost>();
  readonly #hasPresence: boolean;
  /** How far a wall clock has been ahead, at most. */
  #mostAheadMs = 0;
  /** Instances that the host with the most room can run at a time. */
  #mostRoom = 0;
  #generation = 0;
  /** Hosts that were lost, by a fault or by the program's own doing. */
  #losses = 0;
  #clientChoices = 0;

  constructor(factory: ProgramFactory, options: SimulationOptions) {
    const choices = new SeededChoices(options.seed);
    this.choices = choices;
    this.#options = options;
    const hurry = [0, 0.01, 0.04, 0.15][choices.below(4, "setting", 1)] as number; // one of four
    this.scheduler = new SeededScheduler({
      choices,
      hurry,
      seededPicks: options.seededPicks ?? Infinity,
      keepsTrace: options.keepsTrace ?? false,
    });
    for (const process of [this.server, this.outside, this.#network]) this.scheduler.join(process);
    const nowMs = (): number => this.scheduler.nowMs;
    this.violations = new Violations(() => this.scheduler);
    this.ledger = new LeaseLedger(this.violations);
    this.#hints = new HintLedger(this.violations);
    const definitions = (): readonly AnyDefinition[] => this.program.definitions;
    this.runs = new RunInvariants({ violations: this.violations, store: this.store, ledger: this.ledger, definitions, nowMs });
    const netMs = LOCK_TTL_MS + 2 * LONGEST_SKEW_MS;
    this.program = factory(this.#bodies());
    const { store, violations, runs } = this;
    // Who does not know a definition leaves its instances to others, which the sweep may have to tell.
    const isSmooth = (): boolean =>
      this.program.definitionsAt === undefined &&
      hurry === 0 &&
      this.#losses === 0 &&
      this.faults.happened.length === 0 &&
      !this.#mayBeSkewed &&
      this.#mostRoom >= this.store.workflows.size;
    this.observer = new StoreObserver({
      store,
      violations,
      runs,
      netMs,
      nowMs,
      latestNowMs: () => SIMULATION_START_MS + nowMs() + this.#mostAheadMs,
      isHeld: (id) => this.ledger.isHeld(id, nowMs()),
      isSmooth,
      definitions: this.program.definitions,
    });
    const excluded = Object.fromEntries((this.program.withoutFaults ?? []).map((kind) => [kind, 0]));
    this.faults = new FaultPlan({
      choices,
      weights: { ...DEFAULT_FAULT_WEIGHTS, ...options.faults, ...excluded },
      callRate: CALL_FAULT_RATE,
      worldRate: WORLD_FAULT_RATE,
      only: options.onlyFaults === undefined ? undefined : new Set(options.onlyFaults),
    });
    this.calls = new PortCalls(this.scheduler, this.faults, this.#network, (process) => this.crash(process));
    const serverClock = new SimulatedClock(this.scheduler, this.server);
    this.locks = new InMemoryLockStore(serverClock);
    this.#queue = new InMemoryQueueProvider({ store: new InMemoryQueueStore(serverClock), clock: serverClock, visibility: VISIBILITY });
    const persistence = new InMemoryPersistenceProvider({ store: this.store });
    this.#persistence = this.observer.around(options.faulty?.persistence?.(persistence, this.store) ?? persistence);
    this.#observed = new Map(this.program.definitions.map((definition) => [definition, observedDefinition(definition, this.#watch)]));
    this.#hasPresence = choices.below(2, "setting", 2) === 0;
    this.#places = Array.from({ length: options.hosts ?? 2 + choices.below(3, "setting", 5) }, () => undefined);
  }

  /** Hosts that live, whatever they do. */
  get hosts(): readonly SimulatedHost[] {
    return this.#places.filter((host) => host !== undefined);
  }

  /** Whether a host is up in each place. */
  get isWhole(): boolean {
    return this.#places.every((host) => host?.isUp === true);
  }

  /** Starts the stores, and a host in each place. */
  async begin(): Promise<void> {
    await this.#queue.start();
    await this.#persistence.start();
    this.#places.forEach((_, place) => this.#start(place));
  }

  /** Some host that is up and not frozen. */
  chooseHost(): SimulatedHost | undefined {
    const up = this.hosts.filter(({ isUp, process }) => isUp && !process.isFrozen);
    return up[this.choices.below(up.length, "client", this.#clientChoices++)];
  }

  /** A host is lost, with all that is in its memory; another one takes its place later. */
  crash(process: SimulatedProcess): void {
    const place = this.#places.findIndex((host) => host?.process === process);
    const host = this.#places[place];
    if (host === undefined) return;
    this.#places[place] = undefined;
    this.#losses += 1;
    const lostAt = this.scheduler.picks;
    let sent = 0;
    this.scheduler.remove(process, () => this.choices.below(2, "loss", 16 * lostAt + (sent++ % 16)) === 0);
    this.scheduler.note(`${process.name} is gone`);
    host.lost();
    const downMs = this.choices.below(LONGEST_DOWN_MS, "loss", 16 * lostAt + 15);
    this.scheduler.setTimer(this.outside, downMs, () => this.#start(place), "starts another host");
  }

  /** Has somebody look at an instance. */
  hint(id: string): void {
    void this.#queue.queueWork(id, "workflow");
  }

  #start(place: number): void {
    const generation = this.#generation++;
    const process = new SimulatedProcess(`h${place + 1}${generation < this.#places.length ? "" : `.${generation}`}`);
    this.scheduler.join(process);
    const clock = new SimulatedClock(this.scheduler, process);
    clock.skewMs = this.skew(1_000 + generation);
    const { scheduler, calls, ledger, faults, program } = this;
    const { faulty } = this.#options;
    const entropy = new VirtualEntropy(Math.imul(this.#options.seed, 7_919) + generation + 1);
    const nowMs = (): number => scheduler.nowMs;
    const hints = this.#hints;
    const locks = new SimulatedLocks({ process, clock, entropy, store: this.locks, calls, ledger, hints, presence: this.#hasPresence, nowMs });
    const later = (delayMs: number, run: () => void): void => void scheduler.setTimer(this.server, delayMs, run, "hint");
    const queue = new SimulatedQueue(this.#queue, process, calls, hints, (limit, fault) => faults.detail(fault, limit), later);
    const persistence = throughNetwork(
      this.#persistence,
      "persistence",
      process,
      calls,
      persistenceWatch({ process, hints, ledger, runs: this.runs, observer: this.observer }),
    );
    const hostOptions: HostOptions = { ...HOST_OPTIONS, ...this.#sizes(generation), ...program.hostOptions };
    this.#mostRoom = Math.max(this.#mostRoom, hostOptions.maxConcurrentWorkflows ?? 0);
    const host = new SimulatedHost({
      process,
      scheduler,
      clock,
      entropy,
      providers: {
        persistence: faulty?.requests?.(persistence, this.store) ?? persistence,
        locks: faulty?.locks?.(locks) ?? locks,
        queue: faulty?.queue?.(queue) ?? queue,
      },
      publisher: simulatedPublisher(new InMemoryLifecyclePublisher({ bus: this.#bus }), process, calls, scheduler),
      http: program.http === undefined ? undefined : simulatedHttp(program.http, process, calls),
      options: hostOptions,
      definitions: (program.definitionsAt?.(place) ?? program.definitions).map((definition) => this.#observed.get(definition) ?? definition),
    });
    this.#hostOf.set(host.host, host);
    this.#places[place] = host;
    host.start();
  }

  /** How wrong the wall clock of a host is; in half of all seeds all are right. */
  skew(n: number): number {
    if (!this.#mayBeSkewed || this.faults.isOver) return 0;
    const skewMs = this.choices.below(2 * LONGEST_SKEW_MS, "setting", n) - LONGEST_SKEW_MS;
    this.#mostAheadMs = Math.max(this.#mostAheadMs, skewMs);
    return skewMs;
  }

  get #mayBeSkewed(): boolean {
    return this.choices.below(2, "setting", 3) > 0;
  }

  /** Some hosts are small, so that instances wait for room. */
  #sizes(generation: number): HostOptions {
    return {
      maxConcurrentWorkflows: [1, 2, 8, 256][this.choices.below(4, "setting", 2_000 + generation)] as number, // one of four
      maxConcurrentStepsPerWorkflow: [1, 2, 16][this.choices.below(3, "setting", 3_000 + generation)] as number, // one of three
    };
  }

  readonly #watch = async (ctx: StepExecutionContext, body: () => unknown): Promise<unknown> => {
    const host = this.#hostOf.get(ctx.host) as SimulatedHost; // bodies run on hosts of this world alone
    this.runs.starts(host.process, ctx);
    this.scheduler.note(`${host.process.name} runs ${ctx.step.name} (${ctx.workflow.id}/${ctx.pointer.id}/${ctx.attempt})`);
    let isWell = false;
    try {
      const value = await body();
      isWell = true;
      return value;
    } finally {
      await this.scheduler.point(host.process, `ends ${ctx.step.name}`);
      this.runs.ends(host.process, ctx, isWell);
    }
  };

  #bodies(): SimulatedBodies {
    const wait = (ctx: StepExecutionContext, begin: (process: SimulatedProcess, done: () => void) => () => void): Promise<void> =>
      new Promise((resolve, reject) => {
        if (ctx.signal.aborted) return reject(ctx.signal.reason as Error); // the engine's
        const abort = (): void => {
          callOff();
          reject(ctx.signal.reason as Error); // the engine's
        };
        ctx.signal.addEventListener("abort", abort, { once: true });
        const { process } = this.#hostOf.get(ctx.host) as SimulatedHost; // bodies run on hosts of this world alone
        const callOff = begin(process, () => {
          ctx.signal.removeEventListener("abort", abort);
          resolve();
        });
      });
    return {
      pause: (ctx) => wait(ctx, (process, done) => this.scheduler.add(process, `goes on with ${ctx.step.name}`, done)),
      sleep: (ctx, ms) =>
        wait(ctx, (process, done) => {
          const timer = this.scheduler.setTimer(process, ms, done, `goes on with ${ctx.step.name}`);
          return () => timer.cancel();
        }),
      crash: (ctx) => {
        const { process } = this.#hostOf.get(ctx.host) as SimulatedHost; // bodies run on hosts of this world alone
        this.scheduler.note(`${ctx.step.name} crashes ${process.name}`);
        this.crash(process);
        return new Promise(() => {});
      },
    };
  }
}
