import { type QueueType, type QueueWaiter, QueueWaiters, type Timer } from "wfe-core";
import type { RedisConnection } from "./connection.ts";
import { MarkerWatch } from "./marker-watch.ts";
import { type QueueChange, type QueueDelivery, QueueStore } from "./queue-store.ts";

const CHANGES_PER_TURN = 500;
/** How long a stop waits for what is under way. */
const SETTLE_MS = 1_000;
/** A marker that was taken by a process which then died is made good so soon. */
const LONGEST_BLOCK_MS = 5_000;

interface Request {
  readonly change: QueueChange;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One type of work in one process: the turns, one at a time with all that is wanted by then, and those whom they serve. What is queued while somebody
 * waits is taken in the same turn. Others' work is looked for when a marker tells of it, when the next entry comes due, and every few seconds.
 * Nothing runs while nobody waits.
 */
export class QueueLane {
  readonly #connection: RedisConnection;
  readonly #store: QueueStore;
  readonly #waiters: QueueWaiters<QueueDelivery>;
  readonly #watch: MarkerWatch;
  #requests: Request[] = [];
  #wantsLook = false;
  /** Others who wait may have to be told, since it was this lane that was. */
  #handsOver = false;
  /** Whether others leave it to this lane to look when something is due. */
  #keepsTime = false;
  #dueTimer: Timer | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: { readonly connection: RedisConnection; readonly type: QueueType; readonly visibilityMs: number }) {
    const { connection, visibilityMs } = options;
    this.#connection = connection;
    this.#store = new QueueStore(options);
    this.#waiters = new QueueWaiters<QueueDelivery>(connection.clock, () => this.#rest());
    this.#watch = new MarkerWatch({
      connection,
      key: this.#store.markerKey,
      // What another takes while this one waits comes back no later for want of a look.
      longestMs: Math.ceil(Math.min(LONGEST_BLOCK_MS, Math.max(10, visibilityMs / 2))),
      onNews: (keepsTime) => this.#onNews(keepsTime),
    });
  }

  /** Lets somebody wait. @returns Ends the wait, see {@link QueueWaiters.add}. */
  wait(waiter: QueueWaiter<QueueDelivery>): () => void {
    const end = this.#waiters.add(waiter);
    if (!waiter.once) this.#watch.begin();
    this.#look();
    return end;
  }

  /** Makes a change, and gives what it leaves to who waits for it. */
  change(change: QueueChange): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ change, resolve, reject });
      if (this.#waiters.size > 0) this.#wantsLook = true;
      this.#send();
    });
  }

  /** Resolves when nothing is under way, or has been for a second, and others know what is left to them. */
  async close(): Promise<void> {
    await this.#settled(this.#watch.close());
    this.#handsOver ||= this.#keepsTime;
    if (this.#handsOver) this.#send();
    await this.#settled(this.#sending ?? Promise.resolve());
  }

  #settled(promise: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#connection.clock.setTimer(SETTLE_MS, resolve);
      void promise.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #look(): void {
    this.#wantsLook = true;
    this.#send();
  }

  #onNews(keepsTime: boolean): void {
    this.#keepsTime ||= keepsTime;
    // If nobody waits any more, another has to be told.
    this.#handsOver ||= this.#waiters.size === 0;
    this.#look();
  }

  #send(): void {
    this.#sending ??= this.#sendAll();
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    // What is wanted in the same task travels together.
    await new Promise<void>((resolve) => this.#connection.clock.defer(resolve));
    while (this.#requests.length > 0 || this.#wantsLook || this.#handsOver) {
      const requests = this.#requests.splice(0, CHANGES_PER_TURN);
      await this.#turn(requests);
    }
    this.#sending = undefined;
  }

  async #turn(requests: readonly Request[]): Promise<void> {
    const limit = this.#wantsLook ? this.#waiters.see() : 0;
    const handsOver = this.#handsOver;
    this.#wantsLook = false;
    this.#handsOver = false;
    if (requests.length === 0 && limit === 0 && !handsOver) return;
    try {
      const { taken, dueInMs } = await this.#store.turn({ changes: requests.map(({ change }) => change), limit, handsOver });
      for (const { resolve } of requests) resolve();
      if (limit === 0) return;
      for (const delivery of this.#waiters.give(taken)) {
        // Nobody is left for it. If that fails, it comes back by itself.
        this.change({ kind: "retry", delivery, delayMs: 0 }).catch(() => {});
      }
      this.#plan(dueInMs);
    } catch (error) {
      for (const { reject } of requests) reject(error);
      if (limit > 0) this.#waiters.fail(error);
    }
  }

  /** When to look next. */
  #plan(dueInMs: number | undefined): void {
    this.#dueTimer?.cancel();
    this.#dueTimer = undefined;
    if (dueInMs === undefined || this.#waiters.size === 0) return;
    this.#dueTimer = this.#connection.clock.setTimer(dueInMs, () => this.#look());
  }

  /** Stops what nobody waits for. */
  #rest(): void {
    this.#watch.end();
    this.#dueTimer?.cancel();
    this.#dueTimer = undefined;
    if (!this.#keepsTime) return;
    this.#keepsTime = false;
    this.#handsOver = true;
    this.#send();
  }
}
