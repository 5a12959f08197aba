import { systemClock, type Timer } from "wfe-core";
import type { SeededChoices } from "./seeded-choices.ts";
import type { ScheduledTask, SimulatedProcess } from "./simulated-process.ts";

/** Farthest that time moves although something is ready: a store that is slow, not one that is away. */
const LONGEST_HURRY_MS = 2_000;
const TRACE_LENGTH = 200;

interface WaitingTimer {
  readonly dueMs: number;
  readonly task: ScheduledTask;
}

/** How a {@link SeededScheduler} chooses. */
export interface SchedulerOptions {
  readonly choices: SeededChoices;
  /** Picks from here on are in order: first come, first served, and time moves when nothing is ready. */
  readonly seededPicks: number;
  /** How likely it is that time moves although something is ready. */
  readonly hurry: number;
  /** Keep the whole trace. */
  readonly keepsTrace: boolean;
}

/**
 * Owns the order of everything in a simulation, and its time. At each turn all that could go on is known, and the seed says what does: an answer
 * that arrives, a timer, a deferred task; or that time moves. Between two picks every micro-task runs, so that a pick is the only source of order.
 */
export class SeededScheduler {
  readonly #options: SchedulerOptions;
  readonly #ready: ScheduledTask[] = [];
  /** By due time, then order of setting, the last one first. */
  readonly #timers: WaitingTimer[] = [];
  readonly #processes: SimulatedProcess[] = [];
  readonly #trace: string[] = [];
  #nowMs = 0;
  #picks = 0;
  #isOrderly = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How often something was picked. */
  get picks(): number {
    return this.#picks;
  }

  /** The last picks, or all, in order. */
  get trace(): readonly string[] {
    return this.#options.keepsTrace ? this.#trace : this.#trace.slice(-TRACE_LENGTH);
  }

  /** Lets a process take part. */
  join(process: SimulatedProcess): void {
    this.#processes.push(process);
  }

  /** Ends a process. What it has sent is lost, or still arrives, as `isLost` says. */
  remove(process: SimulatedProcess, isLost: (task: ScheduledTask) => boolean): void {
    process.isGone = true;
    process.connections.abort();
    process.due.length = 0;
    this.#processes.splice(this.#processes.indexOf(process), 1);
    keep(this.#ready, (task) => task.process !== process && !(task.from === process && isLost(task)));
    keep(this.#timers, ({ task }) => task.process !== process);
  }

  /** A point of a process: resolves when it is picked, and never once the process is gone. */
  point(process: SimulatedProcess, label: string, from?: SimulatedProcess): Promise<void> {
    return new Promise((resolve) => void this.add(process, label, resolve, from));
  }

  /** Something that can go on from now on, in any order with the rest. @returns Calls it off. */
  add(process: SimulatedProcess, label: string, run: () => void, from?: SimulatedProcess): () => void {
    const task: ScheduledTask = { process, label, run, from, isCancelled: false };
    if (!process.isGone && from?.isGone !== true) this.#ready.push(task);
    return () => keep(this.#ready, (other) => other !== task);
  }

  /** Runs in a later task of a process, in the order of its event loop. */
  defer(process: SimulatedProcess, run: () => void): void {
    if (!process.isGone) process.due.push({ process, label: "deferred task", run, isCancelled: false });
  }

  /** A timer of a process. A timer of a process that is gone is never heard of. */
  setTimer(process: SimulatedProcess, delayMs: number, run: () => void, label = "timer"): Timer {
    if (!(delayMs >= 0)) throw new RangeError(`a timer must be set for 0 ms or more: got ${delayMs}`);
    const task: ScheduledTask = { process, label, run, isCancelled: false };
    if (!process.isGone) this.#insert({ dueMs: this.#nowMs + delayMs, task });
    return { cancel: () => void (task.isCancelled = true) };
  }

  /** How many timers of a process are set. */
  timersOf(process: SimulatedProcess): number {
    const waiting = this.#timers.filter(({ task }) => task.process === process && !task.isCancelled);
    return waiting.length + process.due.filter(({ isCancelled }) => !isCancelled).length;
  }

  /** From now on everything goes in order. */
  calm(): void {
    this.#isOrderly = true;
  }

  /** Writes a line into the trace. */
  note(line: string): void {
    this.#trace.push(`${this.#nowMs} ms: ${line}`);
    if (!this.#options.keepsTrace && this.#trace.length > 4 * TRACE_LENGTH) this.#trace.splice(0, this.#trace.length - TRACE_LENGTH);
  }

  /** Lets all micro-tasks run that the last pick has set off. */
  settle(): Promise<void> {
    return new Promise((resolve) => systemClock.defer(resolve));
  }

  /** Picks once. @returns Whether there was anything to pick. */
  pick(): boolean {
    this.#expire();
    for (;;) {
      const candidates = this.#candidates();
      const pick = this.#picks;
      const isSeeded = !this.#isOrderly && pick < this.#options.seededPicks;
      const next = this.#nextTimerMs();
      const hurries = isSeeded && next !== undefined && next - this.#nowMs <= LONGEST_HURRY_MS && this.#hurriesAt(pick);
      if (candidates.length === 0 || hurries) {
        if (next === undefined && candidates.length === 0) return false;
        this.#picks += 1;
        this.#moveTo(next ?? this.#nowMs);
        if (candidates.length > 0) return true;
        continue;
      }
      this.#picks += 1;
      const index = isSeeded ? this.#options.choices.below(candidates.length, "pick", pick) : 0;
      this.#run(candidates[index] as ScheduledTask); // below the length
      return true;
    }
  }

  #hurriesAt(pick: number): boolean {
    return this.#options.choices.share("time", pick) < this.#options.hurry;
  }

  #run(task: ScheduledTask): void {
    const { process } = task;
    if (process.due[0] === task) process.due.shift();
    else this.#ready.splice(this.#ready.indexOf(task), 1);
    this.note(`${process.name} ${task.label}`);
    task.run();
  }

  /** All that could go on: what is ready in any order, and of each process the first task of its event loop. */
  #candidates(): readonly ScheduledTask[] {
    const candidates: ScheduledTask[] = [];
    for (const process of this.#processes) {
      while (process.due[0]?.isCancelled === true) process.due.shift();
      const [first] = process.due;
      if (first !== undefined && !process.isFrozen) candidates.push(first);
    }
    for (const task of this.#ready) if (!task.process.isFrozen) candidates.push(task);
    return candidates;
  }

  #nextTimerMs(): number | undefined {
    let last = this.#timers.at(-1);
    while (last?.task.isCancelled === true) {
      this.#timers.pop();
      last = this.#timers.at(-1);
    }
    return last?.dueMs;
  }

  #moveTo(instantMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, instantMs);
    this.#expire();
  }

  /** Hands timers that have come due to their processes. */
  #expire(): void {
    for (let last = this.#timers.at(-1); last !== undefined && (last.task.isCancelled || last.dueMs <= this.#nowMs); last = this.#timers.at(-1)) {
      this.#timers.pop();
      if (!last.task.isCancelled) last.task.process.due.push(last.task);
    }
  }

  #insert(timer: WaitingTimer): void {
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle] as WaitingTimer).dueMs > timer.dueMs)
        low = middle + 1; // within the list
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
  }
}

function keep<T>(list: T[], isKept: (entry: T) => boolean): void {
  const kept = list.filter(isKept);
  list.splice(0, list.length, ...kept);
}
