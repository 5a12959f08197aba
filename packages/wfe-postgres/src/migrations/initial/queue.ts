import type { SchemaNames } from "../../schema-names.ts";

/**
 * The queue: a row for each id of a type that waits (no token) or is being worked on (a token, and a due time ahead, which is the end of its
 * visibility time; after that it waits again).
 */
export const queueSql = (names: SchemaNames): string => `${table(names)}\n${turn(names)}`;

const orderOf = (names: SchemaNames): string => `${names.schema}.${names.index("queue_order")}`;

// Rows live for a moment. The room on a page (fillfactor) lets a mark be set in place, without new entries in the indexes, and dead rows make
// place for new ones; what is then left is cleaned by the number of dead rows, whatever the size of the table, without pauses, and without the
// exclusive lock that giving back the end of the file takes. Statistics are of no use: every plan is an index's.
const table = (names: SchemaNames): string => `
CREATE SEQUENCE ${orderOf(names)};
CREATE TABLE ${names.table.queue} (
  type text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  due_at bigint NOT NULL,
  -- Order of queueing among those due at the same time.
  seq bigint NOT NULL,
  -- Who acks has to show it.
  token text,
  -- Queued again for then, while it is being worked on.
  mark_at bigint,
  PRIMARY KEY (type, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
CREATE INDEX ${names.index("queue_due")} ON ${names.table.queue} (type, due_at, seq);`;

// One transaction: every change, then what is taken, then when the next entry is due. Changes lock their rows one after the other by type and
// id, so that two turns never wait for each other in a circle; what is taken is locked after them, and without waiting. It may be repeated
// when its answer was lost: a put finds its entry (or, when that was taken meanwhile, leaves one more, which is a hint too many), an ack and a
// retry no longer find their token, and what was taken comes back after its visibility time.
const turn = (names: SchemaNames): string => `
CREATE FUNCTION ${names.routine.queue_turn_v1}(
  now_ bigint, sender_ text,
  kinds_ text[], types_ text[], ids_ text[], tokens_ text[], delays_ bigint[],
  take_types_ text[], take_limits_ bigint[], take_token_ text, visibility_ bigint
) RETURNS TABLE (of_type text, taken_id text, due_in bigint) LANGUAGE plpgsql
-- Plans made while the table was small do harm when it has grown; each statement has one index that serves it at any size.
SET plan_cache_mode TO force_generic_plan SET enable_seqscan TO off SET enable_bitmapscan TO off SET enable_hashjoin TO off
SET enable_mergejoin TO off SET jit TO off
AS $$
#variable_conflict use_column
DECLARE
  change record;
  next record;
  -- Types that this turn has left an entry for later.
  later text[] := '{}';
BEGIN
  IF now_ IS NULL THEN now_ := floor(extract(epoch FROM clock_timestamp()) * 1000); END IF;
  -- A crash of the server may lose the last half second of hints, which the sweep makes good; nobody waits for the disk.
  PERFORM set_config('synchronous_commit', 'off', true);

  FOR change IN
    SELECT c.* FROM (
      SELECT u.*, nextval('${orderOf(names)}') AS seq
      FROM unnest(kinds_, types_, ids_, tokens_, delays_) WITH ORDINALITY AS u (kind, type, id, token, delay, place)
    ) AS c ORDER BY c.type COLLATE "C", c.id COLLATE "C", c.place
  LOOP
    CASE change.kind
    WHEN 'put' THEN
      INSERT INTO ${names.table.queue} AS q (type, id, due_at, seq) VALUES (change.type, change.id, now_ + change.delay, change.seq)
      ON CONFLICT (type, id) DO UPDATE SET
        mark_at = CASE WHEN q.token IS NOT NULL AND q.due_at > now_ THEN excluded.due_at END,
        due_at = CASE WHEN q.token IS NOT NULL AND q.due_at > now_ THEN q.due_at ELSE least(q.due_at, excluded.due_at) END,
        token = CASE WHEN q.due_at > now_ THEN q.token END
      -- Most of what is queued again is there already.
      WHERE CASE WHEN q.token IS NOT NULL AND q.due_at > now_
        THEN q.mark_at IS NULL OR q.mark_at > excluded.due_at
        ELSE q.token IS NOT NULL OR q.due_at > excluded.due_at END;
      IF change.delay > 0 THEN later := later || change.type; END IF;
    -- By the primary key: without the 0 the other index would do, which for a planner without statistics is as good, and reads all that is hidden.
    WHEN 'ack' THEN
      DELETE FROM ${names.table.queue} AS q
      WHERE q.type = change.type AND q.id = change.id AND q.token = change.token AND q.due_at + 0 > now_ AND q.mark_at IS NULL;
      IF NOT FOUND THEN
        UPDATE ${names.table.queue} AS q SET due_at = q.mark_at, seq = change.seq, token = NULL, mark_at = NULL
        WHERE q.type = change.type AND q.id = change.id AND q.token = change.token AND q.due_at + 0 > now_;
        IF FOUND THEN later := later || change.type; END IF;
      END IF;
    WHEN 'retry' THEN
      UPDATE ${names.table.queue} AS q
      SET due_at = least(q.mark_at, now_ + change.delay), seq = change.seq, token = NULL, mark_at = NULL
      WHERE q.type = change.type AND q.id = change.id AND q.token = change.token AND q.due_at + 0 > now_;
      IF FOUND AND change.delay > 0 THEN later := later || change.type; END IF;
    END CASE;
  END LOOP;

  FOR place IN 1 .. cardinality(take_types_) LOOP
    -- Walks ${names.index("queue_due")} in its order, and finds each row again by the primary key. What another turn takes at this moment is passed over.
    RETURN QUERY
    WITH due AS MATERIALIZED (
      SELECT q.type, q.id, q.due_at, q.seq FROM ${names.table.queue} AS q
      WHERE q.type = take_types_[place] AND q.due_at <= now_
      ORDER BY q.due_at, q.seq LIMIT take_limits_[place] FOR UPDATE SKIP LOCKED
    ), hidden AS (
      -- What was queued while the last taker had it is served by this delivery.
      UPDATE ${names.table.queue} AS q SET due_at = now_ + visibility_, token = take_token_, mark_at = NULL
      FROM due WHERE q.type = due.type AND q.id = due.id
      RETURNING q.type, q.id, due.due_at, due.seq
    )
    SELECT hidden.type, hidden.id, NULL::bigint FROM hidden ORDER BY hidden.due_at, hidden.seq;
  END LOOP;

  FOR of_type IN SELECT DISTINCT t FROM unnest(types_ || take_types_) AS t LOOP
    SELECT q.id, q.due_at, q.token INTO next FROM ${names.table.queue} AS q WHERE q.type = of_type ORDER BY q.due_at, q.seq LIMIT 1;
    CONTINUE WHEN NOT FOUND;
    taken_id := NULL;
    due_in := next.due_at - now_;
    RETURN NEXT;
    -- Others are told of an entry when none has waited before it: of that one they were told, and look again when it comes due. So a backlog is
    -- queued without a word, and one notification tells of any number of rows. Their queue would fail this turn if it was full.
    CONTINUE WHEN pg_notification_queue_usage() > 0.9;
    IF (next.token IS NULL AND EXISTS (SELECT 1 FROM unnest(types_, ids_) AS u (type, id) WHERE u.type = of_type AND u.id = next.id))
      OR (next.token IS NOT NULL AND of_type = ANY (later))
    THEN
      PERFORM pg_notify('${names.channel}', 'queue ' || of_type || ' ' || sender_);
    END IF;
  END LOOP;
END $$;`;
