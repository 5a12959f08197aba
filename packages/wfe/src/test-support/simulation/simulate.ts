import { type ExecutionErrorRow, isFinal, type WorkflowRecord } from "wfe-core";
import { Errands } from "./errands.ts";
import type { FaultKind } from "./fault-plan.ts";
import type { FinalState, ProgramFactory, StimulusAnswer } from "./simulated-program.ts";
import { SimulatedWorld } from "./simulated-world.ts";
import type { SimulationOptions, SimulationResult } from "./simulation-options.ts";
import { Stimuli } from "./stimuli.ts";
import { WorldFaults } from "./world-faults.ts";

const DEFAULT_FAULTS_UNTIL_MS = 12_000;
const DEFAULT_MOST_PICKS = 100_000;
const DEFAULT_CALM_MS = 600_000;
/** After which no hint is on its way any more: the slowest request has arrived, what was given out of the queue comes back, leases end. */
const SETTLE_MS = 20_000;
/** How long hosts are watched when there is nothing left to do. */
const REST_MS = 3_000;
/** One schedule of so many is watched. */
const RESTS_ONE_OF = 4;
/** A stop takes its timeout, the rest of a lease, and what answers take. */
const STOP_MS = 30_000;
/** What a host may ask when it has nothing to do. */
const IDLE_CALLS: readonly string[] = [
  "persistence.claimDueInstances",
  "persistence.getRunnableEvents",
  "persistence.processCommands",
  "persistence.deleteDeliveredEvents",
  "locks.orphans",
  "queue.dequeueWork",
];

/**
 * Runs a program once: several hosts on one store, in virtual time, in an order that the seed chooses, with the faults that it chooses. What the
 * hosts do is compared with the invariants at every commit and at every start of a body; what is left in the end with what the program allows.
 *
 * Nothing of a schedule outlasts it; several may run at once.
 *
 * @throws what the program's own functions throw: `verdict`, `isOver`, or the making of it
 */
export async function simulate(factory: ProgramFactory, options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(factory, options);
  await simulation.run();
  return simulation.result();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: SimulatedWorld;
  readonly #errands: Errands;
  readonly #stimuli: Stimuli;
  readonly #worldFaults: WorldFaults;
  readonly #answers: StimulusAnswer[] = [];
  readonly #mostPicks: number;

  constructor(factory: ProgramFactory, options: SimulationOptions) {
    this.#options = options;
    this.#world = new SimulatedWorld(factory, options);
    const { scheduler, outside } = this.#world;
    this.#errands = new Errands(scheduler, outside, () => this.#world.chooseHost());
    this.#worldFaults = new WorldFaults(this.#world, this.#errands);
    this.#stimuli = new Stimuli(this.#world, this.#errands, this.#worldFaults.said, this.#answers);
    this.#mostPicks = options.maxPicks ?? DEFAULT_MOST_PICKS;
  }

  async run(): Promise<void> {
    const { scheduler, outside, program, violations } = this.#world;
    await this.#world.begin();
    this.#stimuli.begin();
    scheduler.setTimer(outside, this.#options.faultsUntilMs ?? DEFAULT_FAULTS_UNTIL_MS, () => this.#calm(), "ends all faults");
    const isOver = await this.#go(
      () => this.#isOver(),
      () => this.#deadlineMs(),
    );
    if (!isOver) return;
    this.#calm();
    this.#stimuli.end();
    if (!(await this.#rest())) return;
    for (const message of program.verdict(this.#final())) violations.add("end", message);
    await this.#stop();
  }

  result(): SimulationResult {
    const { scheduler, violations, observer, runs, faults, calls, program } = this.#world;
    const faultsByKind: Partial<Record<FaultKind, number>> = {};
    for (const { kind } of faults.happened) faultsByKind[kind] = (faultsByKind[kind] ?? 0) + 1;
    return {
      seed: this.#options.seed,
      program: program.name,
      violations: violations.found,
      picks: scheduler.picks,
      commits: observer.commits,
      refusedCommits: observer.refused,
      starts: runs.runs.length,
      faults: faults.happened,
      faultsByKind,
      calls: Object.fromEntries(calls.counts),
      tookMs: scheduler.nowMs,
      trace: scheduler.trace,
      final: this.#final(),
    };
  }

  /** @returns Whether it has come to what is waited for; if not, there is a violation. */
  async #go(isDone: () => boolean, deadlineMs: () => number): Promise<boolean> {
    const { scheduler, violations } = this.#world;
    for (;;) {
      await scheduler.settle();
      this.#world.runs.look();
      if (violations.found.length > 0 || isDone()) break;
      this.#worldFaults.occasion();
      if (!scheduler.pick()) {
        violations.add("I3", `nothing is left that could go on: ${this.#open()}`);
      } else if (scheduler.nowMs > deadlineMs()) {
        violations.add("I3", `stuck: ${this.#open()}`);
      } else if (scheduler.picks >= this.#mostPicks) {
        violations.add("I9", `still busy after ${scheduler.picks} picks: ${this.#open()}`);
      }
    }
    return violations.found.length === 0;
  }

  /** Hosts with nothing to do ask for nothing but work, and change nothing. */
  async #rest(): Promise<boolean> {
    const { scheduler, violations, calls, observer, choices } = this.#world;
    if (choices.below(RESTS_ONE_OF, "setting", 4) > 0) return true;
    const settleUntilMs = scheduler.nowMs + SETTLE_MS;
    if (
      !(await this.#go(
        // Who is suspended may have bodies that run on.
        () => scheduler.nowMs >= settleUntilMs && this.#world.runs.active === 0,
        () => settleUntilMs + DEFAULT_CALM_MS,
      ))
    )
      return false;
    const [before, commits] = [new Map(calls.counts), observer.commits];
    const untilMs = scheduler.nowMs + REST_MS;
    if (
      !(await this.#go(
        () => scheduler.nowMs >= untilMs,
        () => Infinity,
      ))
    )
      return false;
    for (const [name, count] of calls.counts) {
      if (count !== (before.get(name) ?? 0) && !IDLE_CALLS.includes(name)) violations.add("I7", `there is nothing to do, and hosts call ${name}`);
    }
    violations.expect(observer.commits === commits, "I7", () => "there is nothing to do, and hosts commit");
    return violations.found.length === 0;
  }

  /** All hosts stop, and nothing of them is left behind. */
  async #stop(): Promise<void> {
    const { scheduler, violations, hosts } = this.#world;
    const untilMs = scheduler.nowMs + STOP_MS;
    for (const host of hosts) host.stop(0, () => undefined);
    const stopped = await this.#go(
      () => hosts.every(({ isStopped, process }) => isStopped || process.isGone),
      () => untilMs,
    );
    if (!stopped) return;
    for (const { process } of hosts) {
      const timers = scheduler.timersOf(process);
      violations.expect(timers === 0, "rest", () => `${process.name} has stopped, and has ${timers} timers`);
    }
  }

  #calm(): void {
    const { faults, scheduler } = this.#world;
    if (faults.isOver) return;
    faults.end();
    scheduler.calm();
    this.#worldFaults.end();
    scheduler.note("no more faults");
  }

  #isOver(): boolean {
    const { store, program, isWhole } = this.#world;
    if (!isWhole || !this.#stimuli.areAnswered || this.#worldFaults.unfinished > 0) return false;
    if (this.#errands.open > this.#stimuli.repeating) return false;
    if (!program.workflowIds.every((id) => store.workflows.has(id))) return false;
    const { isOver } = program;
    return [...store.workflows.values()].every(({ row, pointers }) =>
      isOver === undefined ? isFinal(row.status) : isOver({ ...row, pointers: [...pointers.values()] }),
    );
  }

  #deadlineMs(): number {
    const from = Math.max(this.#options.faultsUntilMs ?? DEFAULT_FAULTS_UNTIL_MS, this.#stimuli.lastMs);
    return from + (this.#world.program.calmMs ?? DEFAULT_CALM_MS);
  }

  /** What is not over, for a message. */
  #open(): string {
    const { store, hosts, program } = this.#world;
    const open = [...store.workflows.values()].flatMap(({ row, open: pointers }) =>
      isFinal(row.status)
        ? []
        : [
            `${row.id} is ${row.status}, due ${row.dueAt?.toISOString() ?? "never"}, with ${[...pointers.values()]
              .map(({ id, stepName, status, attempt }) => `${stepName}/${id} ${status} (${attempt})`)
              .join(", ")}`,
          ],
    );
    const missing = program.workflowIds.filter((id) => !store.workflows.has(id)).map((id) => `${id} is not there`);
    const down = hosts.filter(({ isUp }) => !isUp).map(({ process }) => `${process.name} is not up`);
    return [...open, ...missing, ...down, ...this.#stimuli.unanswered.map((name) => `${name} has no answer`)].join("; ") || "all is over";
  }

  #final(): FinalState {
    const { store, observer, runs } = this.#world;
    const records = new Map<string, WorkflowRecord>();
    const errors = new Map<string, readonly ExecutionErrorRow[]>();
    for (const [id, workflow] of store.workflows) {
      records.set(id, { ...workflow.row, pointers: [...workflow.pointers.values()].sort((a, b) => a.seq - b.seq) });
      errors.set(
        id,
        workflow.errors.map(({ stack: _, ...error }) => error),
      );
    }
    const events = [...store.events.values()].map(({ event }) => event).sort((a, b) => a.arrival - b.arrival);
    return { records, errors, events, consumed: observer.events.consumed, runs: runs.runs, answers: this.#answers };
  }
}
