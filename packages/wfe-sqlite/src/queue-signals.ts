import { type Clock, type Entropy, QUEUE_TYPES, type QueueType, Timers } from "wfe-core";
import { DataVersionPoll } from "./data-version-poll.ts";
import type { Operation, WriteOptions } from "./group-commit.ts";
import { nextDueAt, type QueueDelivery, takeEntries } from "./queue-store.ts";

/** Hints do not wait for the disk: what a power cut takes back is found by the sweep, or given out once more. */
export const HASTY: WriteOptions = { awaitsDisk: false };

/** What {@link QueueSignals} need of a database. */
export interface QueueDatabase {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Longest pause between two looks for what other processes have queued. */
  readonly pollIntervalMs: number;
  /** Whether no other process can write to it. */
  readonly isMemory: boolean;
  read<T>(operation: Operation<T>): Promise<T>;
  write<T>(operation: Operation<T>, options?: WriteOptions): Promise<T>;
}

/** Somebody who waits for the first item. */
export interface QueueWaiter {
  readonly limit: number;
  readonly visibilityMs: number;
  /** Called once, with nothing when the wait was ended. */
  readonly give: (deliveries: readonly QueueDelivery[]) => void;
  /** Called instead when the database fails. */
  readonly fail: (error: unknown) => void;
}

interface Waiting {
  readonly waiter: QueueWaiter;
  /** It was given something in a transaction that is answered in a moment: to end the wait now would lose that. */
  given: boolean;
}

interface Lane {
  readonly waiting: Set<Waiting>;
  serving: boolean;
  /** Something has changed since the last look. */
  again: boolean;
}

/**
 * Those of this process who wait for queued work, longest wait first: woken by a change through the same connection at once, by one of another
 * process through a poll, and by a timer when the next entry is due. One look and one transaction serve all of them. Nothing runs while
 * nobody waits.
 */
export class QueueSignals {
  readonly #database: QueueDatabase;
  readonly #lanes: Readonly<Record<QueueType, Lane>> = {
    workflow: { waiting: new Set(), serving: false, again: false },
    event: { waiting: new Set(), serving: false, again: false },
  };
  readonly #timers: Timers<QueueType>;
  readonly #poll: DataVersionPoll;

  constructor(database: QueueDatabase) {
    this.#database = database;
    this.#timers = new Timers({ clock: database.clock, onDue: (types) => types.forEach((type) => this.#serve(type)) });
    this.#poll = new DataVersionPoll({
      clock: database.clock,
      longestPauseMs: database.pollIntervalMs,
      read: () =>
        database.read(
          (connection) => (connection.sql<{ data_version: number }>("PRAGMA data_version").get() as { data_version: number }).data_version,
        ),
      onChange: () => QUEUE_TYPES.forEach((type) => this.#serve(type)),
      onError: (error) => QUEUE_TYPES.forEach((type) => this.#fail(type, error)),
    });
  }

  /** Lets somebody wait. @returns Ends the wait; idempotent, and without effect when the waiter was given something. */
  wait(type: QueueType, waiter: QueueWaiter): () => void {
    const waiting: Waiting = { waiter, given: false };
    const lane = this.#lanes[type];
    lane.waiting.add(waiting);
    // Before the look: a commit of another process after it is then noticed.
    if (!this.#database.isMemory) this.#poll.start();
    this.#serve(type);
    return () => {
      if (!waiting.given && this.#leave(type, waiting)) waiter.give([]);
    };
  }

  /**
   * Runs a write that may leave an entry, and wakes who waits for it.
   *
   * @param isDue - Whether the entry is due at once: it is then given out within the same transaction.
   */
  async change<T>(type: QueueType, operation: Operation<T>, isDue: boolean): Promise<T> {
    const written = this.#database.write(operation, HASTY);
    const lane = this.#lanes[type];
    if (isDue && lane.waiting.size > 0 && !lane.serving) void this.#serveAll(type, this.#give(type));
    const result = await written;
    this.#serve(type);
    return result;
  }

  #serve(type: QueueType): void {
    const lane = this.#lanes[type];
    if (lane.waiting.size === 0) return;
    if (lane.serving) lane.again = true;
    else void this.#serveAll(type);
  }

  /** Gives what is due to those who wait, until nothing is due or nobody waits. Never rejects. */
  async #serveAll(type: QueueType, first?: Promise<void>): Promise<void> {
    const lane = this.#lanes[type];
    lane.serving = true;
    try {
      await first;
      do {
        lane.again = false;
        if (lane.waiting.size === 0) break;
        const dueAt = await this.#database.read((connection) => nextDueAt(connection, type));
        if (dueAt === undefined) this.#timers.cancel(type);
        else if (dueAt > this.#database.clock.now()) this.#timers.schedule(type, dueAt);
        else {
          await this.#give(type);
          lane.again = true;
        }
      } while (lane.again);
    } catch (error) {
      this.#fail(type, error);
    } finally {
      lane.serving = false;
      this.#rest(type);
    }
  }

  async #give(type: QueueType): Promise<void> {
    const { clock, entropy } = this.#database;
    const { waiting: all } = this.#lanes[type];
    const given = await this.#database.write((connection) => {
      for (const waiting of all) waiting.given = false; // it may be the second run
      const now = clock.now();
      const taken: [Waiting, readonly QueueDelivery[]][] = [];
      for (const waiting of all) {
        const { limit, visibilityMs } = waiting.waiter;
        const deliveries = takeEntries(connection, type, { limit, now, visibleAt: now + visibilityMs, token: entropy.id() });
        if (deliveries.length === 0) break;
        waiting.given = true;
        taken.push([waiting, deliveries]);
      }
      return taken;
    }, HASTY);
    for (const [waiting, deliveries] of given) if (this.#leave(type, waiting)) waiting.waiter.give(deliveries);
  }

  #fail(type: QueueType, error: unknown): void {
    for (const waiting of this.#lanes[type].waiting) if (this.#leave(type, waiting)) waiting.waiter.fail(error);
  }

  #leave(type: QueueType, waiting: Waiting): boolean {
    if (!this.#lanes[type].waiting.delete(waiting)) return false;
    this.#rest(type);
    return true;
  }

  /** Stops what nobody waits for. */
  #rest(type: QueueType): void {
    if (this.#lanes[type].waiting.size === 0) this.#timers.cancel(type);
    if (QUEUE_TYPES.every((each) => this.#lanes[each].waiting.size === 0)) this.#poll.stop();
  }
}
