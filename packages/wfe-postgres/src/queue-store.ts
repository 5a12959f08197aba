import type { QueueType } from "wfe-core";
import type { PostgresDatabase } from "./postgres-database.ts";
import { fromText, toText } from "./text.ts";

/** An entry that was given out: who acks it shows the token. */
export interface QueueDelivery {
  readonly id: string;
  readonly token: string;
  /** How long it had been due. */
  readonly lateMs: number;
}

/** A change of one entry. */
export type QueueChange =
  /** Adds it, pulls it forward, or marks it when it is being worked on. */
  | { readonly kind: "put"; readonly type: QueueType; readonly id: string; readonly delayMs: number }
  /** Ends a delivery whose work is done; a mark becomes an entry. */
  | { readonly kind: "ack"; readonly type: QueueType; readonly delivery: QueueDelivery }
  /** Ends a delivery whose work comes again, after the delay or at the time of its mark. */
  | { readonly kind: "retry"; readonly type: QueueType; readonly delivery: QueueDelivery; readonly delayMs: number };

/** Entries that are due, for those who wait. */
export interface QueueTake {
  readonly type: QueueType;
  /** Entries at most, 1 or more. */
  readonly limit: number;
}

/** What travels together: the changes are made, in this order for each id, then entries are taken. */
export interface QueueTurn {
  /** Who tells others of what it leaves. */
  readonly sender: string;
  readonly changes: readonly QueueChange[];
  /** One of each type at most. */
  readonly takes: readonly QueueTake[];
  /** How long what is taken is hidden. */
  readonly visibilityMs: number;
}

/** What came of a type in a turn. */
export interface QueueAnswer {
  /** By due time, then order of queueing. */
  readonly taken: readonly QueueDelivery[];
  /** In how many milliseconds the next entry is due, also one that comes back then; `undefined` when there is none. */
  readonly dueInMs: number | undefined;
}

interface Row {
  readonly of_type: QueueType;
  /** Of an entry that was taken; `null` for the next one. */
  readonly taken_key: string | null;
  /** In how many milliseconds it is due; of one that was taken, it was: 0 or less. */
  readonly due_in: number;
}

/** Makes one turn: one round trip and one transaction, which may be repeated. @returns What came of a type. */
export async function queueTurn(database: PostgresDatabase, turn: QueueTurn): Promise<(type: QueueType) => QueueAnswer> {
  const { sender, changes, takes, visibilityMs } = turn;
  const token = database.entropy.id();
  const rows = await database.call<Row>("queue_turn_v1", [
    database.judgedNow,
    sender,
    changes.map(({ kind }) => kind),
    changes.map(({ type }) => type),
    changes.map((change) => keyOf(change.type, change.kind === "put" ? change.id : change.delivery.id)),
    changes.map((change) => (change.kind === "put" ? null : change.delivery.token)),
    changes.map((change) => (change.kind === "ack" ? null : change.delayMs)),
    takes.map(({ type }) => type),
    takes.map(({ limit }) => limit),
    token,
    visibilityMs,
  ]);
  return (wanted) => {
    const taken: QueueDelivery[] = [];
    let dueInMs: number | undefined;
    for (const { of_type, taken_key, due_in } of rows) {
      if (of_type !== wanted) continue;
      if (taken_key === null) dueInMs = due_in;
      else taken.push({ id: idOf(wanted, taken_key), token, lateMs: -due_in });
    }
    return { taken, dueInMs };
  };
}

function keyOf(type: QueueType, id: string): string {
  return `${type}:${toText(id)}`;
}

function idOf(type: QueueType, key: string): string {
  return fromText(key.slice(type.length + 1));
}
