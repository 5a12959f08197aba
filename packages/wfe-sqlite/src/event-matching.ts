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
}

// Served by the index named, which begins where the bound does however long the topic's history is, and by the primary key of
// wfe_consumed_events. What a delivery has found eligible is so for everybody: a commit whose instant is a little behind (it waited for the
// write lock, its host's clock is slow) would pass the event over, and nobody would come to it again.
const EARLIEST = (index: string, bound: string): string => `
  SELECT e.arrival FROM wfe_events e INDEXED BY ${index}
  WHERE e.name = ? AND e.key = ? AND ${bound} AND (e.delivered = 1 OR e.eligible_at IS NULL OR e.eligible_at <= ?)
    AND NOT EXISTS (SELECT 1 FROM wfe_consumed_events c WHERE c.workflow = ? AND c.event = e.arrival)
  ORDER BY e.time, e.arrival LIMIT 1`;
const EARLIEST_STORED_AFTER = EARLIEST("wfe_events_topic_arrival", "e.arrival > ?");
const EARLIEST_EFFECTIVE = EARLIEST("wfe_events_topic", "e.time >= ?");

/** Arrival number of the earliest stored event (by time, then arrival) that a subscription may take; `undefined` when there is none. */
export function earliestEvent(connection: Connection, seeker: Seeker, now: number): number | undefined {
  const statement = connection.sql<{ arrival: number }>(seeker.effectiveDate === null ? EARLIEST_STORED_AFTER : EARLIEST_EFFECTIVE);
  return statement.get(seeker.name, seeker.key, seeker.effectiveDate ?? seeker.createdArrival, now, seeker.workflow)?.arrival;
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
