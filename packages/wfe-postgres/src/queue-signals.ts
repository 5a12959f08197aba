import { type Clock, isWfeError, QUEUE_TYPES, type QueueType, type QueueWaiter, QueueWaiters, Timers } from "wfe-core";
import { Batches } from "./batches.ts";
import type { QueueAnswer, QueueChange, QueueDelivery, QueueTake, QueueTurn } from "./queue-store.ts";

const REQUESTS_PER_TURN = 500;
/** Pause before the next look while others write, or hold what is due. */
const SHORTEST_PAUSE_MS = 10;
const GROWTH = 1.5;
/**
 * A look that comes up empty is made once more after so long. Of what is queued behind a backlog nobody is told (see the function), and the
 * backlog may be taken in the instant before that queueing is committed: who looks in between sees neither.
 */
const CONFIRM_MS = 50;
/** How long a stop waits for what is under way. */
const SETTLE_MS = 1_000;

/** What {@link QueueSignals} work with. */
export interface QueueSignalsOptions {
  readonly clock: Clock;
  /** Longest pause between two looks while somebody waits. */
  readonly pollIntervalMs: number;
  /** Whether others' work is told of, see {@link QueueSignals.look}, so that the poll is a safety net only. */
  readonly isTold: boolean;
  /** Makes a turn. @returns What came of a type. */
  readonly turn: (turn: Pick<QueueTurn, "changes" | "takes">) => Promise<(type: QueueType) => QueueAnswer>;
}

interface Lane {
  readonly waiters: QueueWaiters<QueueDelivery>;
  /** A look that is wanted joins the next turn; one that was sent may have missed what came since. */
  look: "none" | "wanted" | "sent";
  /** Something came since it was sent. */
  again: boolean;
  /** Pause before what is due, but held by others, is looked for again. */
  heldPauseMs: number;
  /** Whether the look is to be confirmed if it comes up empty. */
  isNews: boolean;
}

type TimerKey = QueueType | `confirm ${QueueType}` | "poll";

/** A change; or a look, which takes for those who wait when it is sent. */
interface Request {
  readonly key: string;
  readonly type: QueueType;
  readonly change: QueueChange | undefined;
}

const NOTHING: QueueAnswer = { taken: [], dueInMs: undefined };

/**
 * The turns of a provider, one at a time with all that is wanted by then, and those whom they serve: what is queued while somebody waits is taken
 * in the same turn. Others' work is looked for when they tell of it, when the next entry comes due, and by a poll. Nothing runs while nobody
 * waits.
 */
export class QueueSignals {
  readonly #options: QueueSignalsOptions;
  readonly #lanes: Readonly<Record<QueueType, Lane>>;
  readonly #turns: Batches<Request, QueueAnswer>;
  readonly #timers: Timers<TimerKey>;
  /** Requests without an answer. */
  readonly #open = new Set<Promise<unknown>>();
  #requests = 0;
  #pollPauseMs: number;

  constructor(options: QueueSignalsOptions) {
    const { clock } = options;
    this.#options = options;
    this.#lanes = { workflow: this.#newLane("workflow"), event: this.#newLane("event") };
    this.#pollPauseMs = this.#shortestPauseMs;
    this.#timers = new Timers({
      clock,
      // Due times are the server's: what is left until then is counted here.
      on: "monotonic",
      onDue: (keys) => keys.forEach((key) => this.#onDue(key)),
    });
    this.#turns = new Batches({
      clock,
      limit: REQUESTS_PER_TURN,
      // Together they are faster than side by side, and what a process queues keeps its order.
      concurrency: 1,
      // Any number for one id travels together: a turn makes its changes one after the other.
      keyOf: ({ key }) => key,
      send: (requests) => this.#send(requests),
      mayBeOnes: (error) => isWfeError(error, "WFE_PERSISTENCE_FAILED"),
    });
  }

  /** Lets somebody wait. @returns Ends the wait, see {@link QueueWaiters.add}. */
  wait(type: QueueType, waiter: QueueWaiter<QueueDelivery>): () => void {
    const end = this.#lanes[type].waiters.add(waiter);
    if (!waiter.once && this.#timers.dueOf("poll") === undefined) this.#schedule("poll", this.#pollPauseMs);
    this.#look(type);
    return end;
  }

  /** Makes a change, and gives what it leaves to who waits for it. */
  async change(change: QueueChange): Promise<void> {
    const changed = this.#request(change.type, change);
    this.#look(change.type); // in the same turn
    await changed;
  }

  /** Others have left something of these types, or may have. */
  look(types: readonly QueueType[]): void {
    for (const type of types) this.#look(type);
  }

  /** Resolves when nothing is under way, or has been for a second. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(SETTLE_MS, resolve);
      void Promise.allSettled(this.#open).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  get #shortestPauseMs(): number {
    return this.#options.isTold ? this.#options.pollIntervalMs : SHORTEST_PAUSE_MS;
  }

  #newLane(type: QueueType): Lane {
    const waiters = new QueueWaiters<QueueDelivery>(this.#options.clock, () => this.#rest(type));
    return { waiters, look: "none", again: false, heldPauseMs: SHORTEST_PAUSE_MS, isNews: false };
  }

  #request(type: QueueType, change?: QueueChange): Promise<QueueAnswer> {
    const answer = this.#turns.request({ key: String((this.#requests += 1)), type, change });
    this.#open.add(answer);
    const close = (): void => void this.#open.delete(answer);
    answer.then(close, close);
    return answer;
  }

  async #send(requests: readonly Request[]): Promise<readonly { readonly value: QueueAnswer }[]> {
    const changes: QueueChange[] = [];
    const takes: QueueTake[] = [];
    for (const { type, change } of requests) {
      if (change !== undefined) {
        changes.push(change);
        continue;
      }
      const lane = this.#lanes[type];
      lane.look = "sent";
      lane.again = false;
      const limit = lane.waiters.see();
      if (limit > 0) takes.push({ type, limit });
    }
    if (changes.length + takes.length === 0) return requests.map(() => ({ value: NOTHING })); // who was waiting has left
    const answerOf = await this.#options.turn({ changes, takes });
    return requests.map(({ type, change }) => ({ value: change === undefined ? answerOf(type) : NOTHING }));
  }

  /** Looks for those who wait, with the next turn. */
  #look(type: QueueType, isNews = true): void {
    const lane = this.#lanes[type];
    if (isNews && this.#options.isTold) lane.isNews = true;
    lane.again = true;
    if (lane.look !== "none" || lane.waiters.size === 0) return;
    lane.look = "wanted";
    void this.#serve(type);
  }

  /** Never rejects. */
  async #serve(type: QueueType): Promise<void> {
    const lane = this.#lanes[type];
    try {
      const { taken, dueInMs } = await this.#request(type);
      for (const delivery of lane.waiters.give(taken)) {
        // Nobody is left for it. If that fails, it comes back by itself.
        this.#request(type, { kind: "retry", type, delivery, delayMs: 0 }).catch(() => {});
      }
      this.#plan(type, dueInMs, taken.length > 0);
    } catch (error) {
      lane.waiters.fail(error);
    }
    lane.look = "none";
    if (lane.again) this.#look(type, false);
  }

  /** When to look next. */
  #plan(type: QueueType, dueInMs: number | undefined, hasCome: boolean): void {
    const lane = this.#lanes[type];
    const isHeld = dueInMs !== undefined && dueInMs <= 0;
    if (hasCome) this.#pollPauseMs = this.#shortestPauseMs;
    if (hasCome || !isHeld) lane.heldPauseMs = SHORTEST_PAUSE_MS;
    if (lane.waiters.size === 0) return;
    if (hasCome) this.#schedule("poll", this.#pollPauseMs);
    if (dueInMs === undefined) {
      this.#timers.cancel(type);
    } else if (isHeld) {
      // Another takes it at this moment, or has failed to: that shows soon.
      this.#schedule(type, lane.heldPauseMs);
      lane.heldPauseMs = Math.min(this.#options.pollIntervalMs, Math.ceil(lane.heldPauseMs * GROWTH));
    } else {
      this.#schedule(type, dueInMs);
    }
    if (isHeld || !lane.isNews) return;
    lane.isNews = false;
    this.#schedule(`confirm ${type}`, CONFIRM_MS);
  }

  #onDue(key: TimerKey): void {
    if (key === "poll") {
      this.#pollPauseMs = Math.min(this.#options.pollIntervalMs, Math.ceil(this.#pollPauseMs * GROWTH));
      this.#schedule("poll", this.#pollPauseMs);
    }
    for (const type of QUEUE_TYPES) {
      if (key === type) this.#look(type);
      else if (key === "poll" || key === `confirm ${type}`) this.#look(type, false);
    }
  }

  #schedule(key: TimerKey, inMs: number): void {
    this.#timers.schedule(key, this.#options.clock.monotonic() + inMs);
  }

  /** Stops what nobody waits for. */
  #rest(type: QueueType): void {
    this.#timers.cancel(type);
    this.#timers.cancel(`confirm ${type}`);
    if (QUEUE_TYPES.every((each) => this.#lanes[each].waiters.size === 0)) this.#timers.cancel("poll");
  }
}
