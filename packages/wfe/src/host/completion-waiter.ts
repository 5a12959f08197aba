import {
  CancelledError,
  decodedInstance,
  durationMs,
  type FinishedWorkflow,
  isFinal,
  isWfeError,
  type Timer,
  TimeoutError,
  type WaitForOptions,
  WfeError,
  WorkflowNotFoundError,
  WorkflowSuspendedError,
  type WorkflowRow,
  type WorkflowStatus,
} from "wfe-core";
import { checkSignal } from "./arguments.ts";
import { type HostServices, warn } from "./host-services.ts";
import { FIRST_POLL_MS } from "./poll-intervals.ts";

interface Waiter {
  readonly onSuspended: "reject" | "wait";
  readonly settle: (end: FinishedWorkflow<unknown> | Error) => void;
}

/**
 * Wakes those who wait for the end of an instance: at once for what this host commits, and for what others do by asking for all awaited ids
 * in one query, each 20 ms at first and each second in the end.
 */
export class CompletionWaiter {
  readonly #services: HostServices;
  readonly #isHere: (workflowId: string) => boolean;
  readonly #waiters = new Map<string, Set<Waiter>>();
  /** Awaited instances that run here, and that the store was not asked about: most are over before that is done. */
  readonly #unseen = new Set<string>();
  #stopped = true;
  #isPolling = false;
  #pollMs = FIRST_POLL_MS;
  #timer: Timer | undefined;

  /** @param isHere - Whether an instance runs in this process, which then hears of its end at once. */
  constructor(services: HostServices, isHere: (workflowId: string) => boolean = () => false) {
    this.#services = services;
    this.#isHere = isHere;
  }

  /** Whether this is the id of an instance whose end is told here. */
  hearsOf(workflowId: string): boolean {
    return this.#isHere(workflowId);
  }

  start(): void {
    this.#stopped = false;
  }

  /** Refuses what `wait` would refuse at once. @throws RangeError, TypeError, CancelledError */
  check({ timeout, signal, onSuspended }: WaitForOptions): void {
    if (timeout !== undefined) durationMs(timeout, "timeout");
    if (onSuspended !== undefined && onSuspended !== "reject" && onSuspended !== "wait")
      throw new RangeError(`onSuspended must be "reject" or "wait": got ${JSON.stringify(onSuspended)}`);
    checkSignal(signal);
    if (signal?.aborted === true) throw new CancelledError("aborted", { cause: signal.reason });
  }

  /**
   * @throws WorkflowNotFoundError, WorkflowSuspendedError, TimeoutError, CancelledError; WfeError `WFE_HOST_NOT_RUNNING` when the host stops.
   */
  async wait(workflowId: string, options: WaitForOptions): Promise<FinishedWorkflow<unknown>> {
    this.check(options);
    const limit = options.timeout === undefined ? undefined : durationMs(options.timeout, "timeout");
    if (this.#stopped) throw stoppedWhileWaiting();
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(workflowId) ?? new Set<Waiter>();
      const onAbort = (): void => waiter.settle(new CancelledError("aborted", { cause: options.signal?.reason }));
      let timer: Timer | undefined;
      const waiter: Waiter = {
        onSuspended: options.onSuspended ?? "reject",
        settle: (end) => {
          timer?.cancel();
          options.signal?.removeEventListener("abort", onAbort);
          waiters.delete(waiter);
          if (waiters.size === 0 && this.#waiters.get(workflowId) === waiters) {
            this.#waiters.delete(workflowId);
            this.#unseen.delete(workflowId);
          }
          if (end instanceof Error) reject(end);
          else resolve(end);
        },
      };
      waiters.add(waiter);
      this.#waiters.set(workflowId, waiters);
      options.signal?.addEventListener("abort", onAbort, { once: true });
      if (limit !== undefined) {
        timer = this.#services.clock.setTimer(limit, () =>
          waiter.settle(new TimeoutError(`waiting for the workflow ${JSON.stringify(workflowId)}`, limit)),
        );
      }
      if (this.#isHere(workflowId)) this.#unseen.add(workflowId);
      else void this.#look(workflowId);
      this.#pollSoon();
    });
  }

  /** A commit of this process has left an instance like this. */
  committed(row: WorkflowRow): void {
    if (row.status !== "runnable" && this.#waiters.has(row.id)) this.#tell(row);
  }

  /** An instance has got this status by something else that this process did. */
  notify(workflowId: string, status: WorkflowStatus): void {
    if (status !== "runnable" && this.#waiters.has(workflowId)) void this.#look(workflowId);
  }

  /** The host stops: nobody would wake those who wait. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const waiters of [...this.#waiters.values()]) for (const waiter of [...waiters]) waiter.settle(stoppedWhileWaiting());
  }

  async #look(workflowId: string): Promise<void> {
    try {
      const loaded = await this.#services.persistence.loadForPass(workflowId);
      if (loaded !== undefined) this.#tell(loaded.row);
      else for (const waiter of this.#waitersOf(workflowId)) waiter.settle(new WorkflowNotFoundError(workflowId));
    } catch (error) {
      warn(this.#services, `the state of the awaited workflow ${workflowId} could not be read; it is asked for again`, error);
    }
  }

  /** What the store holds of an instance, or has just been given. */
  #tell(row: WorkflowRow): void {
    if (row.status === "runnable") return;
    const waiters = this.#waitersOf(row.id);
    try {
      const instance = decodedInstance(row, this.#services.payloads);
      for (const waiter of waiters) {
        if (isFinal(instance.status))
          waiter.settle(instance as FinishedWorkflow<unknown>); // as its status says
        else if (waiter.onSuspended === "reject") waiter.settle(new WorkflowSuspendedError(row.id, instance.error));
      }
    } catch (error) {
      if (!isWfeError(error, "WFE_PAYLOAD_UNREADABLE")) throw error;
      for (const waiter of waiters) waiter.settle(error); // asking again is useless
    }
  }

  #waitersOf(workflowId: string): readonly Waiter[] {
    return [...(this.#waiters.get(workflowId) ?? [])];
  }

  /** A new wait is asked for soon; one query is under way at most, and the next follows from it. */
  #pollSoon(): void {
    // Not put off by those who come meanwhile: they may come all the time.
    const isSoon = this.#timer !== undefined && this.#pollMs === FIRST_POLL_MS;
    this.#pollMs = FIRST_POLL_MS;
    if (!this.#isPolling && !isSoon) this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = this.#stopped || this.#waiters.size === 0 ? undefined : this.#services.clock.setTimer(this.#pollMs, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    this.#timer = undefined;
    this.#isPolling = true;
    this.#pollMs = Math.min(2 * this.#pollMs, this.#services.options.longestPollMs);
    try {
      const ids = [...this.#waiters.keys()].filter((id) => this.#unseen.has(id) || !this.#isHere(id));
      this.#unseen.clear();
      if (ids.length === 0) return;
      const signals = await this.#services.persistence.readSignals(ids);
      const known = new Set(signals.map(({ id }) => id));
      for (const { id, status } of signals) this.notify(id, status);
      for (const id of ids) if (!known.has(id)) void this.#look(id);
    } catch (error) {
      warn(this.#services, "the state of awaited workflows could not be read; it is asked for again", error);
    } finally {
      this.#isPolling = false;
      this.#arm();
    }
  }
}

function stoppedWhileWaiting(): WfeError {
  return new WfeError("WFE_HOST_NOT_RUNNING", "the host was stopped while a workflow was awaited; it goes on with the next host that is started");
}
