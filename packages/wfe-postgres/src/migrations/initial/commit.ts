import type { SchemaNames } from "../../schema-names.ts";
import { FUNCTION_SETTINGS } from "./function-settings.ts";
import { insertEventsSql } from "./inserting.ts";
import { POINTER_COLUMNS, POINTER_NAMES, POINTER_UPDATES } from "./pointer-columns.ts";

const POINTER_PARAMETERS = POINTER_COLUMNS.map(([name, type]) => `p_${name} ${type}[]`).join(", ");

/**
 * Lists side by side, an entry of each in a row; NULL for those of a list that is NULL. One after the other in the select list, and not as one source of rows,
 * for which each of them would be stored first.
 */
function sideBySide(lists: Readonly<Record<string, string>>): string {
  return `SELECT ${Object.entries(lists)
    .map(([column, list]) => `unnest(${list}) AS ${column}`)
    .join(", ")}`;
}

const POINTERS = sideBySide({ change: "p_change", ...Object.fromEntries(POINTER_COLUMNS.map(([name]) => [name, `p_${name}`])) });
const CHANGES = sideBySide({
  row: "rows_",
  now: "nows_",
  commit_id: "commit_ids_",
  seen: "seen_inbox_seqs_",
  status: "statuses_",
  data: "data_",
  sequence: "sequences_",
  due_at: "due_",
  error: "errors_",
  completed_at: "completed_",
});

/** Topics that are locked one by one at most; the locks of all sessions share a table in the server's memory. */
const MOST_TOPIC_LOCKS = 256;

/** Deliveries of an instance up to which a wait looks through all events of its topic: to pass over a few that were used costs less than a watermark. */
export const FEW_DELIVERIES = 16;

/**
 * The commits of a batch of instances, each at most once in it. What most commits have comes as lists, one entry for each (`p_`: for each
 * pointer, of the change at `p_change`, counted from 1; NULL for a list of NULLs); the rest, which few have, as one JSON object, or NULL. The answer is one row:
 * `inbox_seqs` has an entry for each change, NULL for those that are refused, `not_accepted` and `deliveries` name their changes by number, and
 * `delivered_events` has the ids of those that nobody waited for.
 */
export const commitSql = ({ table: t, routine: r, topicsLock }: SchemaNames): string => {
  const earliest = (columns: string, bound: string, events: string = t.events): string => `
        SELECT ${columns} FROM ${events} e
        WHERE e.topic = topic_ AND e.name = name_ AND e.key = key_ AND ${bound}
          AND (e.delivered OR e.eligible_at IS NULL OR e.eligible_at <= now_)
          AND NOT EXISTS (SELECT 1 FROM ${t.consumed_events} c WHERE c.workflow = workflow_ AND c.event = e.arrival)
        ORDER BY e.time, e.arrival LIMIT 1`;
  // Gathered first: in the order that is asked for, the index of all events of the topic would be walked through for one that is undelivered.
  const undelivered = `(SELECT e.* FROM ${t.events} e WHERE e.topic = topic_ AND NOT e.delivered OFFSET 0)`;
  return `
  -- The earliest stored event (by time, then arrival) that a subscription may take; NULL when there is none. What a delivery has found eligible is
  -- so for everybody: a commit whose instant is a little behind (it waited, its host's clock is slow) would pass the event over, and nobody
  -- would come to it again.
  CREATE FUNCTION ${r.earliest_event_v1} (workflow_ bigint, inbox_seq_ bigint, topic_ bigint, name_ text, key_ text, effective_date_ bigint,
    created_arrival_ bigint, now_ bigint)
    RETURNS bigint LANGUAGE plpgsql STABLE
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    mark_ record;
  BEGIN
    IF effective_date_ IS NOT NULL THEN
      RETURN (${earliest("e.arrival", "e.time >= effective_date_")});
    END IF;
    IF inbox_seq_ >= ${FEW_DELIVERIES} THEN
      SELECT m.time, m.arrival INTO mark_ FROM ${t.watermarks} m
        WHERE m.workflow = workflow_ AND m.topic = topic_ AND m.name = name_ AND m.key = key_;
      IF FOUND THEN
        RETURN (
          SELECT f.arrival FROM (
            (${earliest("e.time, e.arrival", "e.arrival > created_arrival_ AND (e.time, e.arrival) >= (mark_.time, mark_.arrival)")})
            UNION ALL
            (${earliest("e.time, e.arrival", "e.arrival > created_arrival_ AND (e.time, e.arrival) < (mark_.time, mark_.arrival)", undelivered)})) f
          ORDER BY f.time, f.arrival LIMIT 1);
      END IF;
    END IF;
    RETURN (${earliest("e.arrival", "e.arrival > created_arrival_")});
  END $wfe$;

  -- Instances were just given events: those that were given many look for their next ones from these on.
  CREATE FUNCTION ${r.set_watermarks_v1} (workflows_ bigint[]) RETURNS void LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  BEGIN
    INSERT INTO ${t.watermarks} (workflow, topic, name, key, time, arrival)
      SELECT DISTINCT ON (s.workflow, s.topic) s.workflow, s.topic, s.name, s.key, e.time, e.arrival
      FROM (SELECT w.row, w.inbox_seq FROM ${t.workflows} w WHERE w.row = ANY (workflows_) AND w.inbox_seq > ${FEW_DELIVERIES} OFFSET 0) w
      CROSS JOIN LATERAL (
        SELECT s.workflow, s.topic, s.name, s.key, s.event FROM ${t.subscriptions} s
        WHERE s.workflow = w.row AND s.delivered_seq = w.inbox_seq AND s.event IS NOT NULL AND s.effective_date IS NULL OFFSET 0) s
      JOIN ${t.events} e ON e.arrival = s.event
      ORDER BY s.workflow, s.topic
      ON CONFLICT (workflow, topic) DO UPDATE SET name = excluded.name, key = excluded.key, time = excluded.time, arrival = excluded.arrival;
  END $wfe$;

  -- Events assigned to the subscriptions of an instance and not yet used, in order of delivery; what was assigned together by time, then by
  -- arrival. Each is [subscription, pointer, event, data].
  CREATE FUNCTION ${r.deliveries_v1} (workflow_ bigint) RETURNS json LANGUAGE plpgsql STABLE
    ${FUNCTION_SETTINGS} AS $wfe$
  BEGIN
    RETURN (
      SELECT json_agg(json_build_array(s.id, s.pointer_id, e.id, e.data) ORDER BY s.delivered_seq, e.time, e.arrival, s.row)
      FROM ${t.subscriptions} s JOIN ${t.events} e ON e.arrival = s.event
      WHERE s.workflow = workflow_ AND s.event IS NOT NULL);
  END $wfe$;

  -- Keeps events that were given to subscriptions from being purged at the same moment; where one is gone already, what gave it is done again.
  CREATE FUNCTION ${r.keep_events_v1} (events_ bigint[]) RETURNS void LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  BEGIN
    PERFORM 1 FROM (SELECT e.arrival FROM ${t.events} e WHERE e.arrival = ANY (events_) ORDER BY e.arrival FOR KEY SHARE) kept
      HAVING count(*) < cardinality(events_);
    IF FOUND THEN
      RAISE EXCEPTION 'an event was purged while it was given to a subscription' USING ERRCODE = 'serialization_failure';
    END IF;
  END $wfe$;

  CREATE FUNCTION ${r.commit_v1} (
    nows_ bigint[], ids_ text[], commit_ids_ text[], revisions_ bigint[], control_seqs_ bigint[], expected_inbox_seqs_ bigint[], seen_inbox_seqs_ bigint[],
    statuses_ text[], data_ text[], sequences_ bigint[], due_ bigint[], errors_ text[], completed_ bigint[],
    p_change int[], ${POINTER_PARAMETERS}, rest_ jsonb)
    RETURNS TABLE (inbox_seqs json, not_accepted json, deliveries json, delivered_events json) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    topic_ bigint;
    -- Row of each change that is accepted; NULL for the others.
    rows_ bigint[];
    -- Of each change that is or was committed; NULL for the others.
    committed_ bigint[];
    inbox_seqs_ bigint[];
    given_ bigint[];
    events_ bigint[];
  BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION 'a commit needs READ COMMITTED, each of its statements a snapshot of its own: got %', current_setting('transaction_isolation');
    END IF;
    -- Who opens a subscription and who delivers to its topic, or stores an event as delivered, come one after the other. By a statement before the ones that look: a lock that is
    -- taken within the look comes after its snapshot. One lock stands for all topics, where they are more than the server has room for.
    IF jsonb_array_length(rest_->'topics') > ${MOST_TOPIC_LOCKS} THEN
      PERFORM pg_advisory_xact_lock(${topicsLock});
    ELSIF rest_ ? 'topics' THEN
      PERFORM pg_advisory_xact_lock_shared(${topicsLock});
      FOR topic_ IN SELECT DISTINCT x.value::bigint FROM jsonb_array_elements_text(rest_->'topics') x ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock(topic_);
      END LOOP;
    END IF;
    -- Locked in the order of ids: batches that meet do not wait for each other crosswise. What a row then holds, it holds until the end; it is judged by
    -- that, and of those that are not accepted it is the answer.
    SELECT
        array_agg(CASE WHEN j.verdict = 'accepted' THEN j.row END ORDER BY j.change),
        array_agg(CASE WHEN j.verdict IN ('accepted', 'committed') THEN j.row END ORDER BY j.change),
        array_agg(CASE WHEN j.verdict IN ('accepted', 'committed') THEN j.inbox_seq END ORDER BY j.change),
        json_agg(json_build_array(j.change, j.verdict, j.status, j.revision, j.control_seq, j.inbox_seq))
          FILTER (WHERE j.verdict <> 'accepted')
      INTO rows_, committed_, inbox_seqs_, not_accepted FROM (
      SELECT x.change, w.*,
        CASE WHEN w.row IS NULL THEN 'missing'
          WHEN w.commit_id = x.commit_id THEN 'committed'
          WHEN w.revision <> x.revision THEN 'revision'
          WHEN w.control_seq <> x.control_seq THEN 'control'
          WHEN w.inbox_seq <> x.inbox_seq THEN 'inbox'
          ELSE 'accepted' END AS verdict
      FROM (
        SELECT * FROM unnest(ids_, commit_ids_, revisions_, control_seqs_, expected_inbox_seqs_) WITH ORDINALITY
          AS x (id, commit_id, revision, control_seq, inbox_seq, change)
        ORDER BY x.id COLLATE "C") x
      LEFT JOIN LATERAL (
        SELECT w.row, w.status, w.commit_id, w.revision, w.control_seq, w.inbox_seq FROM ${t.workflows} w WHERE w.id = x.id FOR NO KEY UPDATE) w ON true) j;

    UPDATE ${t.workflows} w SET
        status = x.status, data = coalesce(x.data, w.data), revision = w.revision + 1, commit_id = x.commit_id, sequence = x.sequence,
        -- Something was delivered that the pass has not seen: it is to look again at once. By a counter of the row; a look into other rows would need
        -- a snapshot of its own.
        due_at = CASE WHEN w.inbox_seq > x.seen THEN x.now ELSE x.due_at END,
        error = x.error, completed_at = x.completed_at
      FROM (${CHANGES}) x
      -- The second condition always holds, and is taken for one that few meet: each is looked up, where a plan for several, made while there are few
      -- instances, would walk through all of them.
      WHERE w.row = x.row AND x.row % 1 = 0;

    -- What is not there is not asked about: a statement costs as much to begin as to carry out.
    IF rest_ ? 'definitions' THEN
      INSERT INTO ${t.definitions} (id, version, fingerprint)
        SELECT DISTINCT d.id, (m.value->>1)::bigint, m.value->>2
        FROM jsonb_array_elements(rest_->'definitions') m
        JOIN ${t.workflows} w ON w.row = rows_[(m.value->>0)::int]
        JOIN ${t.definitions} d ON d.row = w.definition
        ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING;
      UPDATE ${t.workflows} w SET definition = other.row
        FROM jsonb_array_elements(rest_->'definitions') m, ${t.definitions} former, ${t.definitions} other
        WHERE w.row = rows_[(m.value->>0)::int] AND former.row = w.definition
          AND other.id = former.id AND other.version = (m.value->>1)::bigint AND other.fingerprint = m.value->>2;
    END IF;
    IF rest_ ? 'consume' THEN
      INSERT INTO ${t.consumed_events} (workflow, event)
        SELECT rows_[(c.value->>0)::int], e.arrival FROM jsonb_array_elements(rest_->'consume') c JOIN ${t.events} e ON e.id = c.value->>2
        WHERE rows_[(c.value->>0)::int] IS NOT NULL
        ON CONFLICT DO NOTHING;
    END IF;
    IF rest_ ? 'close' THEN
      -- By their ids: without the 0 the index of their instance would do, which may have very many.
      DELETE FROM ${t.subscriptions} s USING jsonb_array_elements(rest_->'close') c
        WHERE s.id = c.value->>1 AND s.workflow + 0 = rows_[(c.value->>0)::int];
    END IF;

    INSERT INTO ${t.pointers} (workflow, ${POINTER_NAMES})
      SELECT rows_[x.change], ${POINTER_COLUMNS.map(([name]) => `x.${name}`).join(", ")}
      FROM (${POINTERS}) x
      WHERE rows_[x.change] IS NOT NULL
      ON CONFLICT (workflow, id) DO UPDATE SET ${POINTER_UPDATES};

    IF rest_ ? 'open' THEN
      WITH opened AS (
        INSERT INTO ${t.subscriptions} (id, workflow, pointer_id, name, key, topic, effective_date, activity, activity_topic, input, event, delivered_seq)
        SELECT o.id, w.row, o.pointer_id, o.name, o.key, o.topic, o.effective_date, o.activity, o.activity_topic, o.input, o.event,
          CASE WHEN o.event IS NOT NULL THEN w.inbox_seq + 1 END
        FROM (
          SELECT o.*, rows_[o.change] AS workflow,
            (SELECT ${r.earliest_event_v1}(w.row, w.inbox_seq, o.topic, o.name, o.key, o.effective_date, w.created_arrival, nows_[o.change])
              FROM ${t.workflows} w WHERE w.row = rows_[o.change]) AS event
          FROM jsonb_to_recordset(rest_->'open') AS o (change int, place int, id text, pointer_id text, name text, key text, topic bigint,
            effective_date bigint, activity text, activity_topic bigint, input text)
          WHERE rows_[o.change] IS NOT NULL) o
        JOIN ${t.workflows} w ON w.row = o.workflow
        ORDER BY o.place
        RETURNING workflow, event)
      SELECT array_agg(DISTINCT o.workflow), array_agg(DISTINCT o.event) INTO given_, events_ FROM opened o WHERE o.event IS NOT NULL;
      IF given_ IS NOT NULL THEN
        PERFORM ${r.keep_events_v1}(events_);
        -- A pick-up is a delivery; those of one commit move the counter once.
        UPDATE ${t.workflows} w SET inbox_seq = w.inbox_seq + 1, due_at = nows_[g.change]
          FROM unnest(rows_) WITH ORDINALITY AS g (row, change) WHERE w.row = g.row AND g.row = ANY (given_);
        SELECT array_agg(i.inbox_seq + CASE WHEN i.row = ANY (given_) THEN 1 ELSE 0 END ORDER BY i.change) INTO inbox_seqs_
          FROM unnest(rows_, inbox_seqs_) WITH ORDINALITY AS i (row, inbox_seq, change);
        PERFORM ${r.set_watermarks_v1}(given_);
      END IF;
    END IF;

    IF rest_ ? 'events' THEN
      -- An event whose topic nobody waits on, under the lock of the topic, is as good as delivered.
      WITH stored AS (
      ${insertEventsSql(
        t,
        `SELECT e.value->1 AS value, (e.value->>2)::boolean AS is_locked FROM jsonb_array_elements(rest_->'events') WITH ORDINALITY e
          WHERE rows_[(e.value->>0)::int] IS NOT NULL ORDER BY e.ordinality`,
        `e.is_locked
        AND (SELECT s.row FROM ${t.subscriptions} s
          WHERE s.topic = (e.value->>3)::bigint AND s.name = e.value->>1 AND s.key = e.value->>2 AND s.event IS NULL LIMIT 1) IS NULL
        AND (SELECT m.topic FROM ${t.watermarks} m WHERE m.topic = (e.value->>3)::bigint LIMIT 1) IS NULL`,
      )}
      RETURNING id, delivered)
      SELECT json_agg(s.id) INTO delivered_events FROM stored s WHERE s.delivered;
    END IF;
    IF rest_ ? 'commands' THEN
      PERFORM ${r.insert_commands_v1}(x.list) FROM (
        SELECT jsonb_agg(c.value->1) AS list FROM jsonb_array_elements(rest_->'commands') c
        WHERE rows_[(c.value->>0)::int] IS NOT NULL) x WHERE x.list IS NOT NULL;
    END IF;
    IF rest_ ? 'errors' THEN
      INSERT INTO ${t.errors} (workflow, pointer_id, step, attempt, at, code, message, stack, data)
        SELECT rows_[(e.value->>0)::int], e.value->>1, e.value->>2, (e.value->>3)::bigint, (e.value->>4)::bigint, e.value->>5, e.value->>6, e.value->>7,
          e.value->>8
        FROM jsonb_array_elements(rest_->'errors') WITH ORDINALITY e WHERE rows_[(e.value->>0)::int] IS NOT NULL ORDER BY e.ordinality;
    END IF;
    IF rest_ ? 'children' THEN
      -- The first of those with one id, whole: the others are left as if it had been there before.
      PERFORM ${r.insert_workflows_v1}(x.list) FROM (
        SELECT jsonb_agg(c.child) AS list FROM (
          SELECT DISTINCT ON (c.value->1->>'id') c.value->1 AS child FROM jsonb_array_elements(rest_->'children') WITH ORDINALITY c
          WHERE rows_[(c.value->>0)::int] IS NOT NULL
          ORDER BY c.value->1->>'id', c.ordinality) c) x WHERE x.list IS NOT NULL;
    END IF;

    inbox_seqs := array_to_json(inbox_seqs_);
    -- Nothing was ever delivered to most instances.
    IF 0 < ANY (inbox_seqs_) THEN
      SELECT json_agg(json_build_array(c.change, ${r.deliveries_v1}(c.row))) INTO deliveries
        FROM unnest(committed_, inbox_seqs_) WITH ORDINALITY AS c (row, inbox_seq, change) WHERE c.inbox_seq > 0;
    END IF;
    RETURN NEXT;
  END $wfe$;
`;
};
