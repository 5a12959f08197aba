import { LockError, PersistenceError, QueueError } from "wfe-core";
import type { Fault, FaultKind, FaultPlan } from "./fault-plan.ts";
import type { SeededScheduler } from "./seeded-scheduler.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** What hosts ask. */
export type PortName = "persistence" | "locks" | "queue" | "http" | "publisher";

/** What a call may suffer; to be asked at its arrival. */
export interface CallKind {
  readonly port: PortName;
  readonly method: string;
  /** Kinds of fault besides those that befall every call. */
  readonly faults: readonly FaultKind[];
  /** Calls of this kind are few. @default false */
  readonly isRare?: boolean;
}

const NEVER_ANSWERED = new Promise<never>(() => undefined);
const ALWAYS = ["crashBefore", "crashAfter", "slowRequest", "slowAnswer"] as const;
/** Longer than a lease: who asks may have lost it when the request arrives. */
const LONGEST_WAY_MS = 8_000;
const ERRORS: Readonly<Record<PortName, () => Error>> = {
  persistence: () => new PersistenceError("WFE_STORE_UNREACHABLE", "the simulated store is away", { retryable: true }),
  locks: () => new LockError("the simulated locks are away", { retryable: true }),
  queue: () => new QueueError("the simulated queue is away", { retryable: true }),
  publisher: () => new Error("the simulated broker is away"),
  http: () => new TypeError("fetch failed"),
};

/** The network between hosts and their ports: a call is a request that arrives when the seed says so, and an answer that does. */
export class PortCalls {
  readonly #scheduler: SeededScheduler;
  readonly #faults: FaultPlan;
  readonly #crash: (process: SimulatedProcess) => void;
  readonly #network: SimulatedProcess;
  /** How often each method was called. */
  readonly counts: Map<string, number> = new Map();

  constructor(scheduler: SeededScheduler, faults: FaultPlan, network: SimulatedProcess, crash: (process: SimulatedProcess) => void) {
    this.#scheduler = scheduler;
    this.#faults = faults;
    this.#network = network;
    this.#crash = crash;
  }

  /**
   * One call of a process.
   *
   * @param effect - What it does at the other end, given the fault that has come with it.
   */
  async call<T>(process: SimulatedProcess, kind: CallKind, effect: (fault: Fault | undefined) => Promise<T>): Promise<T> {
    const { port, method } = kind;
    const name = `${port}.${method}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    await this.#scheduler.point(this.#network, `${process.name} asks ${name}`, process);
    // Of a process that was lost on the way: its request arrives all the same, and is done without anything else coming of it.
    const fault = process.isGone ? undefined : this.#draw(process, name, kind);
    if (fault?.kind === "crashBefore") {
      this.#crash(process);
      return NEVER_ANSWERED;
    }
    if (fault?.kind === "errorBefore") {
      await this.#scheduler.point(process, `hears that ${name} has failed`);
      throw ERRORS[port]();
    }
    if (fault?.kind === "slowRequest") await this.#way(fault, `${process.name} has waited to ask ${name}`);
    const outcome = await settled(effect(fault));
    // A look into the queue may wait for its answer until long after the last fault.
    const isOver = this.#faults.isOver;
    if (fault?.kind === "crashAfter" && !isOver) this.#crash(process);
    if (fault?.kind === "slowAnswer") await this.#way(fault, `the answer of ${name} to ${process.name}`);
    await this.#scheduler.point(process, `has the answer of ${name}`);
    if (fault?.kind === "errorAfter" && !isOver) throw ERRORS[port]();
    if ("error" in outcome) throw outcome.error as Error; // whatever it is, it goes on as it came
    return outcome.value;
  }

  #way(fault: Fault, label: string): Promise<void> {
    return new Promise((resolve) => void this.#scheduler.setTimer(this.#network, this.#faults.detail(fault, LONGEST_WAY_MS), resolve, label));
  }

  #draw(process: SimulatedProcess, name: string, { faults, isRare }: CallKind): Fault | undefined {
    const where = `${process.name} ${name}`;
    const fault = this.#faults.draw([...ALWAYS, ...faults], "callRate", this.#scheduler.nowMs, where, isRare);
    if (fault !== undefined) this.#scheduler.note(`fault ${fault.index}: ${fault.kind} at ${where}`);
    return fault;
  }
}

async function settled<T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}
