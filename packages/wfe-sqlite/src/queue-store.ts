import type { QueueType } from "wfe-core";
import type { Connection } from "./connection.ts";
import { fromText, toText } from "./text.ts";

/** An entry that was given out: who acks it shows the token. */
export interface QueueDelivery {
  readonly id: string;
  readonly token: string;
  /** How long it had been due. */
  readonly lateMs: number;
}

// An entry with a token is being worked on as long as its due time, then the end of its visibility time, is ahead; after that it waits again.

/** Adds an entry, pulls one forward, or marks one that is being worked on. Instants are epoch milliseconds. */
export function queueEntry(connection: Connection, type: QueueType, id: string, dueAt: number, now: number): void {
  connection
    .sql(
      `INSERT INTO wfe_queue (type, id, due_at) VALUES (?, ?, ?) ON CONFLICT (type, id) DO UPDATE SET
         mark_at = iif(token IS NOT NULL AND due_at > ?, min(coalesce(mark_at, excluded.due_at), excluded.due_at), NULL),
         due_at = iif(token IS NOT NULL AND due_at > ?, due_at, min(due_at, excluded.due_at)),
         token = iif(due_at > ?, token, NULL)`,
    )
    .run(type, toText(id), dueAt, now, now, now);
}

/** Takes entries that are due, by due time, then order of queueing, and hides them until the end of their visibility time. */
export function takeEntries(
  connection: Connection,
  type: QueueType,
  options: { readonly limit: number; readonly now: number; readonly visibleAt: number; readonly token: string },
): readonly QueueDelivery[] {
  // Served by wfe_queue_due, in its order.
  const due = connection
    .sql<{ row: number; id: string | Buffer; due_at: number }>(
      "SELECT row, id, due_at FROM wfe_queue WHERE type = ? AND due_at <= ? ORDER BY due_at, row LIMIT +?",
    )
    .all(type, options.now, options.limit);
  // What was queued while the last taker had it is served by this delivery.
  const hide = connection.sql("UPDATE wfe_queue SET due_at = ?, token = ?, mark_at = NULL WHERE row = ?");
  return due.map(({ row, id, due_at }) => {
    hide.run(options.visibleAt, options.token, row);
    return { id: fromText(id), token: options.token, lateMs: options.now - due_at };
  });
}

const HELD = "type = ? AND id = ? AND token = ? AND due_at > ?";
// Queued again, it stands behind what was queued before.
const LAST = "(SELECT max(row) + 1 FROM wfe_queue)";

/** Ends a delivery whose work is done; a mark becomes an entry. @returns Whether it has left an entry. */
export function ackEntry(connection: Connection, type: QueueType, delivery: QueueDelivery, now: number): boolean {
  const held = [type, toText(delivery.id), delivery.token, now];
  if (connection.sql(`DELETE FROM wfe_queue WHERE ${HELD} AND mark_at IS NULL`).run(...held).changes > 0) return false;
  return connection.sql(`UPDATE wfe_queue SET row = ${LAST}, due_at = mark_at, mark_at = NULL, token = NULL WHERE ${HELD}`).run(...held).changes > 0;
}

/** Ends a delivery whose work comes again, at the given time or that of its mark. @returns Whether it was still being worked on. */
export function retryEntry(connection: Connection, type: QueueType, delivery: QueueDelivery, dueAt: number, now: number): boolean {
  return (
    connection
      .sql(`UPDATE wfe_queue SET row = ${LAST}, due_at = min(coalesce(mark_at, ?), ?), mark_at = NULL, token = NULL WHERE ${HELD}`)
      .run(dueAt, dueAt, type, toText(delivery.id), delivery.token, now).changes > 0
  );
}

/** When the next entry of a type is due, also one that comes back then; `undefined` when there is none. */
export function nextDueAt(connection: Connection, type: QueueType): number | undefined {
  return connection.sql<{ due_at: number }>("SELECT due_at FROM wfe_queue WHERE type = ? ORDER BY due_at LIMIT 1").get(type)?.due_at;
}
