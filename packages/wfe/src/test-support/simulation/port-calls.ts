import { LockError, PersistenceError, QueueError } from "../../index.ts";
import type { Fault, FaultKind, FaultPlan } from "./fault-plan.ts";
import type { SeededScheduler } from "./seeded-scheduler.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** What hosts ask. */
export type PortName = "persistence" | "locks" | "queue" | "http" | "publisher";

/** What a call may suffer; to be asked at its arrival. */
export interface CallKind {
  readonly port: PortName;
  readonly method: string;
  /** Kinds of fault besides a crash. */
  readonly faults: readonly FaultKind[];
}

const NEVER_ANSWERED = new Promise<never>(() => undefined);
const CRASHES = ["crashBefore", "crashAfter"] as const;
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
  async call<T>(process: SimulatedProcess, { port, method, faults }: CallKind, effect: (fault: Fault | undefined) => Promise<T>): Promise<T> {
    const name = `${port}.${method}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    await this.#scheduler.point(this.#network, `${process.name} asks ${name}`, process);
    // Of a process that was lost on the way: its request arrives all the same, and is done without anything else coming of it.
    const fault = process.isGone ? undefined : this.#draw(process, name, faults);
    if (fault?.kind === "crashBefore") {
      this.#crash(process);
      return NEVER_ANSWERED;
    }
    if (fault?.kind === "errorBefore") {
      await this.#scheduler.point(process, `hears that ${name} has failed`);
      throw ERRORS[port]();
    }
    const outcome = await settled(effect(fault));
    if (fault?.kind === "crashAfter") this.#crash(process);
    await this.#scheduler.point(process, `has the answer of ${name}`);
    if (fault?.kind === "errorAfter") throw ERRORS[port]();
    if ("error" in outcome) throw outcome.error as Error; // whatever it is, it goes on as it came
    return outcome.value;
  }

  #draw(process: SimulatedProcess, name: string, faults: readonly FaultKind[]): Fault | undefined {
    const where = `${process.name} ${name}`;
    const fault = this.#faults.draw([...CRASHES, ...faults], "callRate", this.#scheduler.nowMs, where);
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
