import type { Duration } from "../models/duration.ts";
import type { QueueType } from "../models/queue-type.ts";
import type { Provider } from "./provider.ts";

/** A dequeued id, hidden from others until it is acked, retried, or its visibility time is over. */
export interface WorkItem {
  readonly id: string;
  /**
   * Capability `lateness`: for how many milliseconds it had been due when it was given out, by the queue's clock, 0 or more; of one that comes again
   * after its visibility time, since the end of that.
   *
   * @default the queue cannot tell
   */
  readonly lateMs?: number;
  /** Done. If the id was queued again meanwhile, that becomes an entry now. Late (after the visibility time) it does nothing. */
  ack(): Promise<void>;
  /** Puts it back, due after `delay` or at the time it was queued for again meanwhile, whichever is earlier. Late it does nothing. */
  retry(delay: Duration): Promise<void>;
}

/**
 * Hints that say "look at this id"; at-least-once. The store is the truth: a queue that loses everything costs time, not state.
 * Every method may be called concurrently, and rejects with a `QueueError` `WFE_PROVIDER_NOT_RUNNING` before `start` and after `stop`.
 * `stop` ends waits: they resolve with what they have.
 */
export interface QueueProvider extends Provider {
  /**
   * Queues an id. One id has at most one waiting entry by type: queueing it again makes it due at the earlier of the two times. Queueing it
   * while it is being worked on sets a mark that the ack turns into an entry.
   *
   * @param options.delay - Not given out before. @default 0
   * @throws RangeError for a delay that is no duration.
   * @throws QueueError `WFE_QUEUE_BACKEND` when the store cannot be reached.
   */
  queueWork(id: string, type: QueueType, options?: { readonly delay?: Duration }): Promise<void>;
  /**
   * Takes due entries, by due time, then order of queueing.
   *
   * @param options.limit - Items at most, 1 or more.
   * @param options.wait - How long to wait for the first item; 0 asks once.
   * @param options.signal - Ends the wait: the call then resolves with what it has, also nothing. It never rejects for it.
   * @returns Items; empty when nothing came in time.
   * @throws RangeError for a limit that is no whole number of 1 or more, or a wait that is no duration.
   */
  dequeueWork(
    type: QueueType,
    options: {
      readonly limit: number;
      readonly wait: Duration;
      readonly signal?: AbortSignal;
    },
  ): Promise<readonly WorkItem[]>;
}
