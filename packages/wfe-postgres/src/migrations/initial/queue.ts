import type { SchemaNames } from "../../schema-names.ts";

/**
 * The queue: a row for each id of a type that waits (no token) or is being worked on (a token, and a due time ahead, which is the end of its
 * visibility time; after that it waits again).
 */
export const queueSql = (names: SchemaNames): string => `${table(names)}\n${turn(names)}`;

/** An entry that has waited for longer shows that everybody is busy. */
const FRESH_MS = 100;

const orderOf = (names: SchemaNames): string => `${names.schema}.${names.index("queue_order")}`;

// Rows live for a moment. The room on a page (fillfactor) lets a mark be set in place, without new entries in the indexes, and dead rows make
// place for new ones; what is then left is cleaned by the number of dead rows, whatever the size of the table, without pauses, and without the
// exclusive lock that giving back the end of the file takes.
// One index has the key and the other has the rest, so that each statement below has one that serves it and no choice: statistics are those of
// whenever the table was last looked at, empty as a rule, and for an empty table every plan is as good. (Hence also the "+ 0", which no index
// serves.)
const table = (names: SchemaNames): string => `
CREATE SEQUENCE ${orderOf(names)};
CREATE TABLE ${names.table.queue} (
  -- Type and id: "workflow:order-1".
  key text COLLATE "C" PRIMARY KEY,
  type text COLLATE "C" NOT NULL,
  due_at bigint NOT NULL,
  -- Order of queueing among those due at the same time.
  seq bigint NOT NULL,
  -- Who acks has to show it.
  token text,
  -- Queued again for then, while it is being worked on.
  mark_at bigint
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
CREATE INDEX ${names.index("queue_due")} ON ${names.table.queue} (type, due_at, seq);`;

// One transaction: every change, then what is taken, then when the next entry is due. Changes lock their rows one after the other by their
// keys, so that two turns never wait for each other in a circle; what is taken is locked after them, and without waiting. It may be repeated
// when its answer was lost: a put finds its entry (or, when that was taken meanwhile, leaves one more, which is a hint too many), an ack and a
// retry no longer find their token, and what was taken comes back after its visibility time.
const turn = (names: SchemaNames): string => `
CREATE FUNCTION ${names.routine.queue_turn_v1}(
  now_ bigint, sender_ text,
  kinds_ text[], types_ text[], keys_ text[], tokens_ text[], delays_ bigint[],
  take_types_ text[], take_limits_ bigint[], take_token_ text, visibility_ bigint
) RETURNS TABLE (of_type text, taken_key text, due_in bigint) LANGUAGE plpgsql
-- Plans that are made while the table is small or empty have to be good when it has grown.
SET plan_cache_mode TO force_generic_plan SET enable_seqscan TO off SET enable_bitmapscan TO off SET jit TO off SET search_path TO pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  change record;
  next record;
  -- Types that this turn has left an entry at once, and for later.
  at_once text[] := '{}';
  later text[] := '{}';
  taken text[];
  taken_due bigint[];
  is_left boolean;
  tells boolean;
BEGIN
  IF now_ IS NULL THEN now_ := floor(extract(epoch FROM clock_timestamp()) * 1000); END IF;
  -- A crash of the server may lose the last half second of hints, which the sweep makes good; nobody waits for the disk.
  PERFORM set_config('synchronous_commit', 'off', true);

  FOR change IN
    SELECT c.* FROM (
      SELECT u.*, nextval('${orderOf(names)}') AS seq
      FROM unnest(kinds_, types_, keys_, tokens_, delays_) WITH ORDINALITY AS u (kind, type, key, token, delay, place)
    ) AS c ORDER BY c.key COLLATE "C", c.place
  LOOP
    CASE change.kind
    WHEN 'put' THEN
      INSERT INTO ${names.table.queue} AS q (key, type, due_at, seq) VALUES (change.key, change.type, now_ + change.delay, change.seq)
      ON CONFLICT (key) DO UPDATE SET
        mark_at = CASE WHEN q.token IS NOT NULL AND q.due_at > now_ THEN excluded.due_at END,
        due_at = CASE WHEN q.token IS NOT NULL AND q.due_at > now_ THEN q.due_at ELSE least(q.due_at, excluded.due_at) END,
        token = CASE WHEN q.due_at > now_ THEN q.token END
      -- Most of what is queued again is there already.
      WHERE CASE WHEN q.token IS NOT NULL AND q.due_at > now_
        THEN q.mark_at IS NULL OR q.mark_at > excluded.due_at
        ELSE q.token IS NOT NULL OR q.due_at > excluded.due_at END
      RETURNING q.token IS NULL INTO is_left;
      IF is_left AND change.delay = 0 THEN at_once := at_once || change.type; END IF;
      IF is_left AND change.delay > 0 THEN later := later || change.type; END IF;
    WHEN 'ack' THEN
      DELETE FROM ${names.table.queue} AS q
      WHERE q.key = change.key AND q.token = change.token AND q.due_at + 0 > now_ AND q.mark_at IS NULL;
      IF NOT FOUND THEN
        UPDATE ${names.table.queue} AS q SET due_at = q.mark_at, seq = change.seq, token = NULL, mark_at = NULL
        WHERE q.key = change.key AND q.token = change.token AND q.due_at + 0 > now_;
        IF FOUND THEN
          at_once := at_once || change.type;
          later := later || change.type;
        END IF;
      END IF;
    WHEN 'retry' THEN
      UPDATE ${names.table.queue} AS q
      SET due_at = least(q.mark_at, now_ + change.delay), seq = change.seq, token = NULL, mark_at = NULL
      WHERE q.key = change.key AND q.token = change.token AND q.due_at + 0 > now_;
      IF FOUND AND change.delay = 0 THEN at_once := at_once || change.type; END IF;
      IF FOUND AND change.delay > 0 THEN later := later || change.type; END IF;
    END CASE;
  END LOOP;

  FOR place IN 1 .. cardinality(take_types_) LOOP
    -- Along ${names.index("queue_due")}. What another turn takes at this moment is passed over.
    SELECT array_agg(due.key), array_agg(due.due_at) INTO taken, taken_due FROM (
      SELECT q.key, q.due_at FROM ${names.table.queue} AS q
      WHERE q.type = take_types_[place] AND q.due_at <= now_
      ORDER BY q.due_at, q.seq LIMIT take_limits_[place] FOR UPDATE SKIP LOCKED
    ) AS due;
    -- What was queued while the last taker had it is served by this delivery.
    UPDATE ${names.table.queue} AS q SET due_at = now_ + visibility_, token = take_token_, mark_at = NULL WHERE q.key = ANY (taken);
    RETURN QUERY SELECT take_types_[place], t.key, t.due_at - now_ FROM unnest(taken, taken_due) AS t (key, due_at);
  END LOOP;

  FOR of_type IN SELECT DISTINCT t FROM unnest(types_ || take_types_) AS t LOOP
    SELECT q.key, q.due_at, q.token INTO next FROM ${names.table.queue} AS q WHERE q.type = of_type ORDER BY q.due_at, q.seq LIMIT 1;
    CONTINUE WHEN NOT FOUND;
    taken_key := NULL;
    due_in := next.due_at - now_;
    RETURN NEXT;
    -- Others are told when what is left here is the first that waits; of the first they were told, and they look again when it comes due. Or when
    -- the first has just come, and those who were told of it have found that another was faster; but behind one that has waited for long nothing
    -- is said: a backlog is queued without a word. One notification tells of any number of rows.
    tells := CASE
      WHEN next.token IS NOT NULL THEN of_type = ANY (later)
      ELSE next.key = ANY (keys_) OR (next.due_at > now_ - ${FRESH_MS} AND of_type = ANY (at_once))
    END;
    -- A full queue of notifications would fail the turn.
    IF tells AND pg_notification_queue_usage() < 0.9 THEN
      PERFORM pg_notify('${names.channel}', 'queue ' || of_type || ' ' || sender_);
    END IF;
  END LOOP;
END $$;`;
