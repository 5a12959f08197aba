import { QueueKeys } from "bullmq";
import type { QueueType } from "wfe-core";
import type { RedisConnection } from "./connection.ts";
import { QUEUE_TURN } from "./queue-script.ts";

/** An entry that was given out: who acks it shows the token. */
export interface QueueDelivery {
  readonly id: string;
  /** Of BullMQ. */
  readonly job: string;
  readonly token: string;
  /** How long it had been due. */
  readonly lateMs: number;
}

/** A change of one entry. */
export type QueueChange =
  /** Adds it, pulls it forward, or marks it when it is being worked on. */
  | { readonly kind: "put"; readonly id: string; readonly delayMs: number }
  /** Ends a delivery whose work is done; a mark becomes an entry. */
  | { readonly kind: "ack"; readonly delivery: QueueDelivery }
  /** Ends a delivery whose work comes again, after the delay or at the time of its mark. */
  | { readonly kind: "retry"; readonly delivery: QueueDelivery; readonly delayMs: number };

/** What travels together: the changes are made, in this order, then entries are taken. */
export interface QueueTurn {
  readonly changes: readonly QueueChange[];
  /** Entries to take at most; 0 for none. */
  readonly limit: number;
  /** Whether another who waits is woken to look after what is due later. */
  readonly handsOver: boolean;
}

/** What came of a turn. */
export interface QueueAnswer {
  /** By due time, then order of queueing. */
  readonly taken: readonly QueueDelivery[];
  /** In how many milliseconds the next entry is due, also one that comes back then; `undefined` when there is none. */
  readonly dueInMs: number | undefined;
}

/** One type of work in a Redis: a queue of BullMQ, named after it. */
export class QueueStore {
  readonly #connection: RedisConnection;
  readonly #visibilityMs: number;
  readonly #base: string;
  readonly #keys: readonly string[];
  /** What those who wait block on. */
  readonly markerKey: string;

  /** @param options.visibilityMs - How long what is taken is hidden. */
  constructor(options: { readonly connection: RedisConnection; readonly type: QueueType; readonly visibilityMs: number }) {
    const { connection, type, visibilityMs } = options;
    this.#connection = connection;
    this.#visibilityMs = visibilityMs;
    const keys = new QueueKeys(connection.keys.prefix);
    const nameOf = (name: string): string => keys.toKey(type, name);
    this.#base = nameOf("");
    this.#keys = ["wait", "active", "delayed", "marker", "meta", "id", "visible"].map(nameOf);
    this.markerKey = nameOf("marker");
  }

  /** Makes one turn: one round trip and one step of the server, which may be repeated. */
  async turn({ changes, limit, handsOver }: QueueTurn): Promise<QueueAnswer> {
    const token = this.#connection.entropy.id();
    const values = changes.flatMap(valuesOf);
    const answer = await QUEUE_TURN.run(this.#connection, this.#keys, (isRepeated) => [
      this.#base,
      this.#visibilityMs,
      token,
      limit,
      handsOver ? "1" : "0",
      isRepeated ? "1" : "0",
      this.#connection.judgedNow ?? "",
      ...values,
    ]);
    const [dueInMs, ...fields] = answer as [number, ...(string | number)[]]; // as the script makes it
    const taken: QueueDelivery[] = [];
    for (let place = 0; place < fields.length; place += 3) {
      const [job, text, lateMs] = fields.slice(place, place + 3) as [string, string, number];
      taken.push({ id: idOf(text), job, token, lateMs });
    }
    return { taken, dueInMs: dueInMs < 0 ? undefined : dueInMs };
  }
}

function valuesOf(change: QueueChange): readonly (string | number)[] {
  if (change.kind === "put") return ["put", textOf(change.id), Math.ceil(change.delayMs)];
  const { job, token } = change.delivery;
  return change.kind === "ack" ? ["ack", job, token] : ["retry", job, token, Math.ceil(change.delayMs)];
}

/** As the inside of a string of JSON: half of a surrogate pair, which has no UTF-8, stays what it is. */
function textOf(id: string): string {
  return JSON.stringify(id).slice(1, -1);
}

function idOf(text: string): string {
  return JSON.parse(`"${text}"`) as string; // what textOf has made
}
