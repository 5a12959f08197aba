import { ACTIVITY_EVENT } from "wfe-core";
import { FEW_DELIVERIES } from "./commit.ts";
import type { SchemaNames } from "../../schema-names.ts";
import { FUNCTION_SETTINGS } from "./function-settings.ts";
import { insertEventsSql } from "./inserting.ts";

/** Subscriptions up to which the publication of an event serves those that wait on its topic. */
const MOST_SERVED = 16;

/** How events come to those who wait. */
export const deliveringSql = ({ table: t, routine: r, topicsLock }: SchemaNames): string => {
  // Gives to the subscriptions found_ the earliest event that each may take; their instances are locked.
  const give = `WITH seekers AS (
        SELECT s.row, s.workflow, w.inbox_seq,
          ${r.earliest_event_v1}(s.workflow, w.inbox_seq, s.topic, s.name, s.key, s.effective_date, w.created_arrival, now_) AS event
        FROM ${t.subscriptions} s JOIN ${t.workflows} w ON w.row = s.workflow
        WHERE s.row = ANY (found_) AND s.event IS NULL AND w.status IN ('runnable', 'suspended')
      ), given AS (
        UPDATE ${t.subscriptions} s SET event = k.event, delivered_seq = k.inbox_seq + 1
        FROM seekers k WHERE s.row = k.row AND k.event IS NOT NULL
        RETURNING s.workflow, s.event
      ), woken AS (
        UPDATE ${t.workflows} w SET inbox_seq = w.inbox_seq + 1, due_at = least(w.due_at, now_)
        WHERE w.row IN (SELECT g.workflow FROM given g)
        RETURNING w.id, w.inbox_seq)
      SELECT (SELECT coalesce(json_agg(k.id), '[]') FROM woken k), (SELECT max(k.inbox_seq) FROM woken k),
        (SELECT array_agg(DISTINCT g.event) FROM given g), (SELECT array_agg(DISTINCT g.workflow) FROM given g)
        INTO reached_, inbox_seq_, events_, given_`;
  return `
  -- Serves the next subscriptions on topics, so many at most; with the last of them, the events that there were when the first were served
  -- are delivered. Goes on from what it has answered: after_ and arrivals_ are NULL at the beginning.
  CREATE FUNCTION ${r.deliver_v1} (topics_ bigint[], names_ text[], keys_ text[], after_ bigint, arrivals_ bigint[], limit_ bigint, now_ bigint)
    RETURNS TABLE (reached json, last bigint, arrivals bigint[]) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    found_ bigint[];
    given_ bigint[];
    events_ bigint[];
    inbox_seq_ bigint;
    is_first_ CONSTANT boolean := arrivals_ IS NULL;
    has_watermarks_ boolean;
    earliest_ record;
    reached_ json := '[]';
  BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION 'a delivery needs READ COMMITTED, each of its statements a snapshot of its own: got %', current_setting('transaction_isolation');
    END IF;
    -- Nobody waits for the disk: what a crash of the server takes back is undelivered again, and swept. Whatever follows from a delivery is a commit,
    -- which comes after it in the log. But a worker is told that its outcome was accepted: undelivered, it would be refused behind the limit of its activity.
    IF NOT ('${ACTIVITY_EVENT}' = ANY (names_)) THEN
      PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    PERFORM pg_advisory_xact_lock_shared(${topicsLock});
    PERFORM pg_advisory_xact_lock(x.topic) FROM (SELECT DISTINCT x.topic FROM unnest(topics_) AS x (topic) ORDER BY 1) x;
    -- Only these are marked in the end: an event that becomes visible later was not looked for on behalf of everybody.
    SELECT
        coalesce(arrivals_, (
          SELECT coalesce(array_agg(e.arrival), '{}')
          FROM unnest(topics_, names_, keys_) AS x (topic, name, key)
          CROSS JOIN LATERAL (
            SELECT e.arrival FROM ${t.events} e
            WHERE e.topic = x.topic AND e.name = x.name AND e.key = x.key AND NOT e.delivered AND (e.eligible_at IS NULL OR e.eligible_at <= now_)
            OFFSET 0) e)),
        (SELECT array_agg(o.row ORDER BY o.row) FROM (
          SELECT s.row FROM unnest(topics_, names_, keys_) AS x (topic, name, key)
          CROSS JOIN LATERAL (
            SELECT s.row FROM ${t.subscriptions} s
            WHERE s.topic = x.topic AND s.name = x.name AND s.key = x.key AND s.event IS NULL AND s.row > coalesce(after_, 0)
            ORDER BY s.row LIMIT limit_) s
          ORDER BY s.row LIMIT limit_) o),
        EXISTS (SELECT 1 FROM unnest(topics_) AS x (topic) JOIN ${t.watermarks} m ON m.topic = x.topic)
      INTO arrivals_, found_, has_watermarks_;
    -- Mostly nobody waits when nobody waited yet: an event may come before its wait.
    IF found_ IS NOT NULL THEN
      -- In the order of ids, as commits do. What is read before the locks is read again after them.
      PERFORM 1 FROM (
        SELECT w.row FROM ${t.workflows} w
        WHERE w.row IN (SELECT s.workflow FROM ${t.subscriptions} s WHERE s.row = ANY (found_))
        ORDER BY w.id FOR NO KEY UPDATE) locked;
      ${give};
      -- One event, and undelivered under the lock of its topic: it is not purged. What was so in a call before may be delivered since.
      IF events_ IS NOT NULL AND (NOT is_first_ OR cardinality(events_) > 1 OR events_[1] <> ALL (arrivals_)) THEN
        PERFORM ${r.keep_events_v1}(events_);
      END IF;
      IF inbox_seq_ > ${FEW_DELIVERIES} THEN
        PERFORM ${r.set_watermarks_v1}(given_);
        has_watermarks_ := true;
      END IF;
    END IF;
    IF cardinality(found_) >= limit_ THEN
      RETURN QUERY SELECT reached_, found_[cardinality(found_)], arrivals_;
    ELSE
      -- Nobody's watermark may be behind an event that is delivered from now on. One statement for each topic, of which mostly none has any: there are
      -- those that there were, as they are written under the lock of the topic, and those of who was just given something.
      IF has_watermarks_ THEN
        FOR earliest_ IN
          SELECT DISTINCT ON (e.topic) e.topic, e.time, e.arrival FROM ${t.events} e
          WHERE e.arrival = ANY (arrivals_) AND (SELECT m.topic FROM ${t.watermarks} m WHERE m.topic = e.topic LIMIT 1) IS NOT NULL
          ORDER BY e.topic, e.time, e.arrival
        LOOP
          UPDATE ${t.watermarks} m SET time = earliest_.time, arrival = earliest_.arrival
            WHERE m.topic = earliest_.topic AND (m.time, m.arrival) > (earliest_.time, earliest_.arrival);
        END LOOP;
      END IF;
      UPDATE ${t.events} e SET delivered = true WHERE e.arrival = ANY (arrivals_);
      RETURN QUERY SELECT reached_, NULL::bigint, arrivals_;
    END IF;
  END $wfe$;

  -- Stores an event that is eligible, and delivers on its topic, if it has to wait for nobody, few wait for the event, and nobody's watermark is behind it.
  -- Nothing is delivered of an event that exists; who has it is answered once more, as the first answer may have been lost. The event is a list; see
  -- what events are inserted by.
  CREATE FUNCTION ${r.publish_v1} (event_ jsonb, now_ bigint) RETURNS TABLE (reached json, delivered boolean) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    topic_ CONSTANT bigint := (event_->>3)::bigint;
    found_ bigint[];
    workflows_ bigint[];
    given_ bigint[];
    events_ bigint[];
    inbox_seq_ bigint;
    arrival_ bigint;
    delivers_ boolean;
    reached_ json := '[]';
  BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION 'a delivery needs READ COMMITTED, each of its statements a snapshot of its own: got %', current_setting('transaction_isolation');
    END IF;
    -- Locks are held until the disk has the event, which a delivery does not wait for: who has others waiting for one does not wait for it himself.
    delivers_ := pg_try_advisory_xact_lock_shared(${topicsLock}) AND pg_try_advisory_xact_lock(topic_);
    IF delivers_ THEN
      SELECT array_agg(s.row), array_agg(DISTINCT s.workflow) INTO found_, workflows_ FROM (
        SELECT s.row, s.workflow FROM ${t.subscriptions} s
        WHERE s.topic = topic_ AND s.name = event_->>1 AND s.key = event_->>2 AND s.event IS NULL LIMIT ${MOST_SERVED + 1}) s;
    END IF;
    IF cardinality(found_) > ${MOST_SERVED} THEN
      delivers_ := false;
    ELSIF found_ IS NOT NULL THEN
      SELECT count(*) = cardinality(workflows_) INTO delivers_ FROM (
        SELECT 1 FROM ${t.workflows} w WHERE w.row = ANY (workflows_) FOR NO KEY UPDATE SKIP LOCKED) locked;
    END IF;
    WITH stored AS (
    ${insertEventsSql(
      t,
      "SELECT event_ AS value",
      // Its arrival is the latest of all.
      `delivers_ AND (SELECT m.topic FROM ${t.watermarks} m WHERE m.topic = topic_ AND m.time > (event_->>5)::bigint LIMIT 1) IS NULL`,
    )}
    RETURNING arrival, delivered)
    SELECT s.arrival, s.delivered INTO arrival_, delivers_ FROM stored s;
    IF arrival_ IS NULL THEN
      RETURN QUERY
        SELECT coalesce(json_agg(DISTINCT w.id) FILTER (WHERE w.id IS NOT NULL), '[]'), coalesce(bool_or(e.delivered), false)
        FROM ${t.events} e LEFT JOIN ${t.subscriptions} s ON s.event = e.arrival LEFT JOIN ${t.workflows} w ON w.row = s.workflow
        WHERE e.id = event_->>0;
      RETURN;
    END IF;
    IF delivers_ AND found_ IS NOT NULL THEN
      ${give};
      IF events_ <> ARRAY[arrival_] THEN
        PERFORM ${r.keep_events_v1}(events_);
      END IF;
      IF inbox_seq_ > ${FEW_DELIVERIES} THEN
        PERFORM ${r.set_watermarks_v1}(given_);
      END IF;
    END IF;
    RETURN QUERY SELECT reached_, delivers_;
  END $wfe$;

  -- Removes delivered events that were stored before an instant, so many at most, but for those that a subscription was given and has not used.
  CREATE FUNCTION ${r.purge_events_v1} (stored_before_ bigint, limit_ bigint) RETURNS TABLE (deleted bigint) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    found_ bigint[];
  BEGIN
    SELECT array_agg(e.arrival) INTO found_ FROM (
      SELECT e.arrival FROM ${t.events} e
      WHERE e.delivered AND e.stored_at < stored_before_
        AND NOT EXISTS (SELECT 1 FROM ${t.subscriptions} s WHERE s.event = e.arrival)
      ORDER BY e.stored_at LIMIT limit_ FOR UPDATE SKIP LOCKED) e;
    -- Asked again once they are locked: nobody can be given one any more.
    WITH removed AS (
      DELETE FROM ${t.events} e
      WHERE e.arrival = ANY (found_) AND NOT EXISTS (SELECT 1 FROM ${t.subscriptions} s WHERE s.event = e.arrival)
      RETURNING e.arrival)
    SELECT array_agg(r.arrival) INTO found_ FROM removed r;
    DELETE FROM ${t.consumed_events} c WHERE c.event = ANY (found_);
    RETURN QUERY SELECT coalesce(cardinality(found_), 0)::bigint;
  END $wfe$;
`;
};
