import { ACTIVITY_EVENT, type EventPublication, type EventRow, type RunnableEvent, type StoredEvent, type Topic } from "wfe-core";
import type { Connection } from "./connection.ts";
import { earliestEvent, setBackWatermarks } from "./event-matching.ts";
import { type EventColumns, eventValues, storedEvent } from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { fromText, toText } from "./text.ts";

const AWAITED = `
  SELECT 1 WHERE EXISTS (SELECT 1 FROM wfe_subscriptions WHERE name = ? AND key = ? AND event IS NULL)
    OR EXISTS (SELECT 1 FROM wfe_watermarks WHERE name = ? AND key = ?)`;

/** Subscriptions served in one transaction; an event may have very many, and others want to write too. */
const DELIVERY_BATCH = 500;

const INSERT = `
  INSERT INTO wfe_events (delivered, id, name, key, data, time, eligible_at, stored_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO NOTHING`;

/** Stores an event, undelivered. @returns Whether it is new: one whose id exists keeps what it has. */
export function insertEvent(connection: Connection, event: EventRow, now: number): boolean {
  return connection.sql(INSERT).run(0, ...eventValues(event, now)).changes > 0;
}

/**
 * Stores an event, as delivered if it is eligible and there is nobody whom it could be delivered to.
 *
 * @returns Whether it was stored so.
 */
export function insertEventForWaits(connection: Connection, event: EventRow, now: number): boolean {
  const isDelivered = isEligible(event, now) && !isAwaited(connection, event);
  return connection.sql(INSERT).run(isDelivered ? 1 : 0, ...eventValues(event, now)).changes > 0 && isDelivered;
}

function isEligible({ eligibleAt }: EventRow, now: number): boolean {
  return eligibleAt === undefined || eligibleAt.getTime() <= now;
}

/** Whether an event on a topic reaches anybody, or moves anybody's watermark. */
function isAwaited(connection: Connection, { name, key }: Topic): boolean {
  const topic = [toText(name), toText(key)] as const;
  return connection.sql(AWAITED).get(...topic, ...topic) !== undefined;
}

interface OpenSubscription {
  readonly row: number;
  readonly workflow: number;
  readonly workflow_id: string | Buffer;
  readonly effective_date: number | null;
  readonly created_arrival: number;
  readonly inbox_seq: number;
}

/** How far the delivery on a topic has come. */
interface Progress {
  /** Highest subscription looked at. */
  readonly after: number;
  /** Highest event there was at the beginning: later ones have deliveries of their own. */
  readonly lastArrival: number;
}

/** Events and their delivery. */
export class EventStore {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  createEvent(event: EventRow, now: Date): Promise<string> {
    return this.#database.write((connection) => {
      insertEvent(connection, event, now.getTime());
      return event.id;
    });
  }

  publishEvent(event: EventRow, now: Date): Promise<EventPublication> {
    const time = now.getTime();
    return this.#database.write((connection) => {
      if (!insertEvent(connection, event, time) || !isEligible(event, time)) return { reached: [], delivered: false };
      const { reached, progress } = deliverBatch(connection, event, undefined, time);
      return { reached, delivered: progress === undefined };
    });
  }

  getEvent(id: string): Promise<StoredEvent | undefined> {
    return this.#database.read((connection) => {
      const found = connection.sql<EventColumns>("SELECT * FROM wfe_events WHERE id = ?").get(toText(id));
      return found === undefined ? undefined : storedEvent(found);
    });
  }

  isEventConsumed(id: string): Promise<boolean> {
    return this.#database.read((connection) => {
      // The unique index of the ids, then the one of the consumptions of an event.
      const text = "SELECT 1 FROM wfe_events e JOIN wfe_consumed_events c ON c.event = e.arrival WHERE e.id = ? LIMIT 1";
      return connection.sql(text).get(toText(id)) !== undefined;
    });
  }

  getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]> {
    return this.#database.read((connection) =>
      connection
        .sql<{ id: string | Buffer }>("SELECT id FROM wfe_events WHERE name = ? AND key = ? AND time >= ? ORDER BY time, arrival")
        .all(toText(name), toText(key), asOf.getTime())
        .map(({ id }) => fromText(id)),
    );
  }

  async getRunnableEvents(asAt: Date, options: { readonly limit: number; readonly claimUntil: Date }): Promise<readonly RunnableEvent[]> {
    const visible = "FROM wfe_events WHERE delivered = 0 AND visible_at <= ?";
    const some = await this.#database.read((connection) => connection.sql(`SELECT 1 ${visible} LIMIT 1`).get(asAt.getTime()));
    // Mostly there is none; then no write lock is asked for.
    if (some === undefined) return [];
    return this.#database.write((connection) =>
      connection
        .sql<Pick<EventColumns, "arrival" | "id" | "name" | "key">>(`SELECT arrival, id, name, key ${visible} ORDER BY time, arrival LIMIT +?`)
        .all(asAt.getTime(), options.limit)
        .map((event) => {
          connection.sql("UPDATE wfe_events SET visible_at = ? WHERE arrival = ?").run(options.claimUntil.getTime(), event.arrival);
          return { id: fromText(event.id), name: fromText(event.name), key: fromText(event.key) };
        }),
    );
  }

  async deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]> {
    const reached = new Set<string>();
    const time = now.getTime();
    // Each topic begins in the same transaction.
    await Promise.all(
      topics.map(async (topic) => {
        // A worker is answered by what its outcome has reached: it may not lose against a limit that runs out while there is no power. Any other event
        // that is undelivered again is swept.
        const awaitsDisk = topic.name === ACTIVITY_EVENT;
        let progress: Progress | undefined;
        do {
          const from = progress;
          const batch = await this.#database.write((connection) => deliverBatch(connection, topic, from, time), { awaitsDisk });
          for (const id of batch.reached) reached.add(id);
          progress = batch.progress;
        } while (progress !== undefined);
      }),
    );
    return [...reached];
  }

  deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number> {
    return this.#database.write(
      (connection) =>
        // An event that a subscription holds and has not used yet is still needed.
        connection
          .sql(
            `DELETE FROM wfe_events WHERE arrival IN (
               SELECT e.arrival FROM wfe_events e WHERE e.delivered = 1 AND e.stored_at < ?
                 AND NOT EXISTS (SELECT 1 FROM wfe_subscriptions s WHERE s.event = e.arrival)
               ORDER BY e.stored_at LIMIT +?)`,
          )
          .run(storedBefore.getTime(), limit).changes,
    );
  }
}

/** Serves the next subscriptions on a topic; with the last of them, the topic's events are delivered. */
function deliverBatch(
  connection: Connection,
  topic: Topic,
  from: Progress | undefined,
  now: number,
): { readonly reached: readonly string[]; readonly progress: Progress | undefined } {
  const name = toText(topic.name);
  const key = toText(topic.key);
  const lastArrival = from?.lastArrival ?? connection.sql<{ last: number | null }>("SELECT max(arrival) AS last FROM wfe_events").get()?.last ?? 0;
  const open = connection
    .sql<OpenSubscription>(
      `SELECT s.row, s.workflow, w.id AS workflow_id, s.effective_date, w.created_arrival, w.inbox_seq
       FROM wfe_subscriptions s JOIN wfe_workflows w ON w.row = s.workflow
       WHERE s.name = ? AND s.key = ? AND s.event IS NULL AND s.row > ? AND w.status IN ('runnable', 'suspended') ORDER BY s.row LIMIT +?`,
    )
    .all(name, key, from?.after ?? 0, DELIVERY_BATCH);
  const reached = new Map<number, string>();
  for (const subscription of open) {
    const event = earliestEvent(
      connection,
      {
        workflow: subscription.workflow,
        name,
        key,
        effectiveDate: subscription.effective_date,
        createdArrival: subscription.created_arrival,
        inboxSeq: subscription.inbox_seq,
      },
      now,
    );
    if (event === undefined) continue;
    connection
      .sql("UPDATE wfe_subscriptions SET event = ?, delivered_seq = ? WHERE row = ?")
      .run(event, subscription.inbox_seq + 1, subscription.row);
    reached.set(subscription.workflow, fromText(subscription.workflow_id));
  }
  const wake = connection.sql("UPDATE wfe_workflows SET inbox_seq = inbox_seq + 1, due_at = min(coalesce(due_at, ?), ?) WHERE row = ?");
  for (const workflow of reached.keys()) wake.run(now, now, workflow);
  const last = open.at(-1);
  if (open.length === DELIVERY_BATCH && last !== undefined) {
    return { reached: [...reached.values()], progress: { after: last.row, lastArrival } };
  }
  setBackWatermarks(connection, { name, key }, lastArrival, now);
  // By their numbers: SQLite would note down the rows of an update by the index that it takes them out of, in a table that it makes each time.
  const served = connection
    .sql<readonly [arrival: number]>(
      `SELECT arrival FROM wfe_events
       WHERE name = ? AND key = ? AND delivered = 0 AND arrival <= ? AND (eligible_at IS NULL OR eligible_at <= ?)`,
      "arrays",
    )
    .all(name, key, lastArrival, now);
  for (const [arrival] of served) connection.sql("UPDATE wfe_events SET delivered = 1 WHERE arrival = ?").run(arrival);
  return { reached: [...reached.values()], progress: undefined };
}
