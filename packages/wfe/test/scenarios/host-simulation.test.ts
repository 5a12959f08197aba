import { expect, it } from "vitest";
import {
  ErrorBehavior,
  ExecutionResult,
  LockError,
  PersistenceError,
  type Providers,
  QueueError,
  WorkflowBuilder,
  type WorkflowDefinition,
  type WorkflowHost,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import {
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  VirtualClock,
  VirtualEntropy,
} from "../../src/test-support/index.ts";

const SEEDS = 40;
const IDS = ["i0", "i1", "i2", "i3", "i4", "i5"];
const STEPS = ["a", "go", "x0", "x1", "x2", "y", "z0", "z1", "z2", "z3", "z4"];
/** A stop takes at most its timeout and the rest of a lease, and what the stores take to answer. */
const STOP_SLACK_MS = 12_000;

interface Data {
  log: string[];
  key: string;
}
type Method = (...args: unknown[]) => unknown;

/** Stores that three hosts share, and all chance of a simulation. */
class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly #entropy: VirtualEntropy;
  readonly #store = new InMemoryStore();
  readonly #locks = new InMemoryLockStore(this.clock);
  readonly #queue = new InMemoryQueueStore(this.clock);
  /** Nothing fails any more. */
  isCalm = false;

  constructor(seed: number) {
    this.#entropy = new VirtualEntropy(104_729 * seed + 3);
  }

  random(below: number): number {
    return Math.floor(this.#entropy.random() * below);
  }

  pause(longestMs: number): Promise<void> {
    return new Promise((resolve) => void this.clock.setTimer(this.random(longestMs), resolve));
  }

  /** Providers that answer late, that fail, and whose answers are lost; the queue loses hints, too. */
  providers(): Providers {
    const { clock } = this;
    const persistence = new InMemoryPersistenceProvider({ store: this.#store });
    const locks = new InMemoryLockProvider({ store: this.#locks, clock });
    const queue = new InMemoryQueueProvider({ store: this.#queue, clock });
    const away = (): Error => new PersistenceError("WFE_STORE_UNREACHABLE", "the store is away", { retryable: true });
    const calls = [
      "persistWorkflow",
      "loadForPass",
      "createNewWorkflow",
      "claimDueInstances",
      "getRunnableEvents",
      "deliverEvents",
      "readSignals",
      "createEvent",
    ];
    return {
      persistence: this.#flaky(persistence, calls, away),
      locks: this.#flaky(locks, ["acquireLock", "orphans"], () => new LockError("the locks are away", { retryable: true })),
      queue: this.#flaky(queue, ["queueWork"], () => new QueueError("the queue is away", { retryable: true }), 6),
    };
  }

  /** @param losesOneOf - How seldom a call is lost without a word; never unless given. */
  #flaky<T extends object>(provider: T, names: readonly string[], error: () => Error, losesOneOf?: number): T {
    const flaky =
      (method: Method): Method =>
      async (...args) => {
        const fault = this.isCalm ? undefined : this.random(30);
        if (!this.isCalm && losesOneOf !== undefined && this.random(losesOneOf) === 0) return undefined;
        if (fault === 0) throw error();
        if (fault === 1) await this.pause(200);
        const answer = await method(...args);
        if (fault === 2) throw error(); // it was done, and nobody knows
        if (fault === 3) await this.pause(200);
        return answer;
      };
    return new Proxy(provider, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        const method = value.bind(target) as Method;
        return names.includes(String(key)) ? flaky(method) : method;
      },
    });
  }
}

/** A workflow with a bit of everything, whose bodies fail and take their time. */
function workflow(world: World): WorkflowDefinition<Data> {
  const nap = (): Promise<void> => (world.random(2) === 0 ? Promise.resolve() : world.pause(3_000));
  return new WorkflowBuilder<Data>()
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: 200, maxRetries: "unlimited" }))
    .thenFn("a", nap)
    .output((_, data) => void data.log.push("a"))
    .parallel((p) =>
      p
        .branch((b) =>
          b.forEach(
            () => [0, 1, 2],
            (each) =>
              each
                .thenFn("x", async () => {
                  await nap();
                  if (world.random(6) === 0) throw new Error("x fails");
                })
                .output((_, data, ctx) => void data.log.push(`x${ctx.item}`)),
            { parallel: false },
          ),
        )
        .branch((b) =>
          b
            .thenFn("y", async (ctx) => {
              await nap();
              return ctx.persistenceData === undefined ? ExecutionResult.sleep(world.random(4_000), 1) : ExecutionResult.next();
            })
            .output((_, data) => void data.log.push("y")),
        )
        .branch((b) => b.waitFor("go", (data) => data.key).output((_, data) => void data.log.push("go"))),
    )
    .delay(() => world.random(5_000))
    .forEach(
      () => [0, 1, 2, 3, 4],
      (each) => each.thenFn("z", nap).output((_, data, ctx) => void data.log.push(`z${ctx.item}`)),
    )
    .build("w", 1);
}

/** A host that is started and stopped now and then. */
class Machine {
  readonly host: WorkflowHost;
  readonly #world: World;
  readonly #problems: string[];
  isUp = false;
  isBusy = false;

  constructor(world: World, definition: WorkflowDefinition<Data>, maxConcurrentWorkflows: number, problems: string[]) {
    this.#world = world;
    this.#problems = problems;
    const maxConcurrentStepsPerWorkflow = 1 + world.random(3);
    this.host = new WorkflowHostBuilder()
      .useProviders(world.providers())
      .useClock(world.clock)
      .useEntropy(new VirtualEntropy(world.random(1e9)))
      .withOptions({ maxConcurrentWorkflows, maxConcurrentStepsPerWorkflow, lockTtl: "5s", sweepInterval: "1s", maxCrashes: 10_000 })
      .build();
    this.host.registerWorkflowDefinition(definition);
  }

  async start(): Promise<void> {
    this.isBusy = true;
    await this.host.start();
    this.isUp = true;
    this.isBusy = false;
  }

  async stop(timeout: number): Promise<void> {
    [this.isUp, this.isBusy] = [false, true];
    const began = this.#world.clock.now();
    await this.host.stop({ timeout });
    this.isBusy = false;
    const took = this.#world.clock.now() - began;
    if (took > timeout + STOP_SLACK_MS) this.#problems.push(`a stop with a timeout of ${timeout} ms took ${took} ms`);
  }
}

/** Runs six instances on three hosts; all that is chance comes from the seed. @returns What is to be compared. */
async function simulate(seed: number): Promise<object> {
  const world = new World(seed);
  const { clock } = world;
  const problems: string[] = [];
  const definition = workflow(world);
  const slots = 1 + world.random(4);
  const machines = Array.from({ length: 3 }, () => new Machine(world, definition, slots, problems));
  const started = new Set<string>();
  const start = async (host: WorkflowHost, id: string): Promise<void> => {
    await host.startWorkflow(definition, { log: [], key: id }, { id });
    started.add(id);
  };
  const publish = async (host: WorkflowHost, id: string): Promise<void> => {
    if (started.has(id)) await host.publishEvent("go", id, 1, { id: `event ${id}` }); // none from before its start is for an instance
  };
  /** Whatever a caller is told: it may fail, and is done again in the end. */
  const verbs = [
    start,
    start,
    publish,
    (host: WorkflowHost, id: string) => host.suspendWorkflow(id),
    (host: WorkflowHost, id: string) => host.resumeWorkflow(id),
  ];

  for (let turn = 0; turn < 150; turn += 1) {
    const up = machines.filter(({ isUp }) => isUp);
    const caller = up[world.random(up.length)];
    const verb = verbs[world.random(2 * verbs.length)];
    if (caller !== undefined) void verb?.(caller.host, IDS[world.random(IDS.length)] ?? "").catch(() => {});
    const machine = machines[world.random(machines.length)];
    if (machine?.isBusy === false && !machine.isUp) void machine.start();
    else if (machine?.isBusy === false && world.random(6) === 0) void machine.stop(1_000 * world.random(2));
    await clock.advance(world.random(1_500));
  }

  world.isCalm = true;
  await clock.advance("20s");
  if (machines.some(({ isBusy }) => isBusy)) problems.push("a start or a stop hangs");
  for (const machine of machines) if (!machine.isUp && !machine.isBusy) await machine.start();
  const [{ host }] = machines as [Machine];
  for (const id of IDS) await start(host, id);
  for (const id of IDS) await publish(host, id);
  for (let round = 0; round < 5; round += 1) {
    for (const id of IDS) await host.resumeWorkflow(id);
    await clock.advance("1m");
  }

  const ends = await Promise.all(
    IDS.map(async (id) => {
      const { status, data } = await host.getWorkflow<Data>(id);
      return [status, data.log.toSorted((a, b) => (a < b ? -1 : 1)), data.log.filter((step) => step === "a" || step.startsWith("x"))];
    }),
  );
  for (const machine of machines) void machine.stop(0);
  await clock.advance("1m");
  if (machines.some(({ isBusy }) => isBusy)) problems.push("a last stop hangs");
  return { seed, ends, problems, timers: clock.pendingTimers };
}

it("brings every instance to its end once, whatever hosts stop and stores fail meanwhile", { timeout: 60_000 }, async () => {
  const ends = IDS.map(() => ["complete", STEPS, ["a", "x0", "x1", "x2"]]);

  for (let seed = 1; seed <= SEEDS; seed += 1) expect(await simulate(seed)).toEqual({ seed, ends, problems: [], timers: 0 });
});
