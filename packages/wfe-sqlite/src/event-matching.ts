import type { Delivery } from "wfe-core";
import type { Connection } from "./connection.ts";
import { fromText } from "./text.ts";

/** A subscription that looks for its event. */
export interface Seeker {
  /** Row of its instance. */
  readonly workflow: number;
  readonly name: string | Buffer;
  readonly key: string | Buffer;
  /** `null`: events stored after the instance was created. */
  readonly effectiveDate: number | null;
  /** Highest arrival number of an event when the instance was created. */
  readonly createdArrival: number;
  /** Deliveries to the instance so far. */
  readonly inboxSeq: number;
}

interface Position {
  readonly time: number;
  readonly arrival: number;
}

/** Deliveries of an instance up to which a wait looks through all events of its topic: to pass over a few that were used costs less than a watermark. */
const FEW_DELIVERIES = 16;

// Served by the index named, which begins where the bound does however long the topic's history is, and by the primary key of
// wfe_consumed_events. What a delivery has found eligible is so for everybody: a commit whose instant is a little behind (it waited for the
// write lock, its host's clock is slow) would pass the event over, and nobody would come to it again.
const EARLIEST = (index: string, bound: string): string => `
  SELECT e.time, e.arrival FROM wfe_events e INDEXED BY ${index}
  WHERE e.name = ? AND e.key = ? AND ${bound} AND (e.delivered = 1 OR e.eligible_at IS NULL OR e.eligible_at <= ?)
    AND NOT EXISTS (SELECT 1 FROM wfe_consumed_events c WHERE c.workflow = ? AND c.event = e.arrival)
  ORDER BY e.time, e.arrival LIMIT 1`;
const EARLIEST_STORED_AFTER = EARLIEST("wfe_events_topic_arrival", "e.arrival > ?");
const EARLIEST_EFFECTIVE = EARLIEST("wfe_events_topic", "e.time >= ?");
// However many the instance has used: what is before its watermark is used, or not delivered yet.
const EARLIEST_FROM_WATERMARK = `
  SELECT * FROM (
    SELECT * FROM (${EARLIEST("wfe_events_topic", "e.arrival > ? AND (e.time, e.arrival) >= (?, ?)")})
    UNION ALL
    SELECT * FROM (${EARLIEST("wfe_events_undelivered_topic", "e.arrival > ? AND e.delivered = 0 AND (e.time, e.arrival) < (?, ?)")}))
  ORDER BY time, arrival LIMIT 1`;

/** Arrival number of the earliest stored event (by time, then arrival) that a subscription may take; `undefined` when there is none. */
export function earliestEvent(connection: Connection, seeker: Seeker, now: number): number | undefined {
  const { workflow, name, key, createdArrival, effectiveDate } = seeker;
  if (effectiveDate !== null) return connection.sql<Position>(EARLIEST_EFFECTIVE).get(name, key, effectiveDate, now, workflow)?.arrival;
  if (seeker.inboxSeq < FEW_DELIVERIES) return connection.sql<Position>(EARLIEST_STORED_AFTER).get(name, key, createdArrival, now, workflow)?.arrival;
  const mark = connection
    .sql<Position>("SELECT time, arrival FROM wfe_watermarks WHERE workflow = ? AND name = ? AND key = ?")
    .get(workflow, name, key);
  let found: Position | undefined;
  if (mark === undefined) found = connection.sql<Position>(EARLIEST_STORED_AFTER).get(name, key, createdArrival, now, workflow);
  else {
    const bound = [name, key, createdArrival, mark.time, mark.arrival, now, workflow];
    found = connection.sql<Position>(EARLIEST_FROM_WATERMARK).get(...bound, ...bound);
  }
  if (found !== undefined) {
    connection
      .sql("INSERT OR REPLACE INTO wfe_watermarks (workflow, name, key, time, arrival) VALUES (?, ?, ?, ?, ?)")
      .run(workflow, name, key, found.time, found.arrival);
  }
  return found?.arrival;
}

/** Events of a topic are about to be delivered, those up to an arrival that are eligible: nobody's watermark may be behind the earliest. */
export function setBackWatermarks(
  connection: Connection,
  topic: { readonly name: string | Buffer; readonly key: string | Buffer },
  lastArrival: number,
  now: number,
): void {
  const { name, key } = topic;
  if (connection.sql("SELECT 1 FROM wfe_watermarks WHERE name = ? AND key = ? LIMIT 1").get(name, key) === undefined) return; // as mostly
  const earliest = connection
    .sql<Position>(
      `SELECT time, arrival FROM wfe_events INDEXED BY wfe_events_undelivered_topic
       WHERE name = ? AND key = ? AND delivered = 0 AND arrival <= ? AND (eligible_at IS NULL OR eligible_at <= ?) ORDER BY time, arrival LIMIT 1`,
    )
    .get(name, key, lastArrival, now);
  if (earliest === undefined) return;
  const { time, arrival } = earliest;
  connection
    .sql("UPDATE wfe_watermarks SET time = ?, arrival = ? WHERE name = ? AND key = ? AND (time, arrival) > (?, ?)")
    .run(time, arrival, name, key, time, arrival);
}

/**
 * Events assigned to the subscriptions of an instance and not yet used, in order of delivery; what was assigned together by time, then by arrival.
 * By wfe_subscriptions_given, in its order: only those of one delivery are sorted.
 */
export function deliveriesOf(connection: Connection, workflow: number): readonly Delivery[] {
  return connection
    .sql<{ id: string | Buffer; pointer_id: string | Buffer; event_id: string | Buffer; data: string | Buffer | null }>(
      `SELECT s.id, s.pointer_id, e.id AS event_id, e.data FROM wfe_subscriptions s JOIN wfe_events e ON e.arrival = s.event
       WHERE s.workflow = ? AND s.event IS NOT NULL ORDER BY s.delivered_seq, e.time, e.arrival, s.row`,
    )
    .all(workflow)
    .map((row) => ({
      subscriptionId: fromText(row.id),
      pointerId: fromText(row.pointer_id),
      eventId: fromText(row.event_id),
      ...(row.data === null ? {} : { data: fromText(row.data) }),
    }));
}
