import type { SchemaNames } from "../../schema-names.ts";
import { FUNCTION_SETTINGS } from "./function-settings.ts";
import { POINTER_NAMES, POINTER_UPDATES, pointerFromJson } from "./pointer-columns.ts";

/**
 * Inserts events, undelivered if nothing else is said; one whose id exists keeps what it has. They arrive in their order, and are written in that of
 * their ids: two that store the same ones do not wait for each other crosswise.
 *
 * @param given - A query with a column `value`, in their order: each is [id, name, key, topic, data, time, eligible_at, stored_at].
 * @param delivered - Whether one is stored as delivered, from the columns of that query, of the source `e`.
 */
export const insertEventsSql = (t: SchemaNames["table"], given: string, delivered = "false"): string => `
    INSERT INTO ${t.events} (arrival, id, name, key, topic, data, time, eligible_at, stored_at, visible_at, delivered) OVERRIDING SYSTEM VALUE
    SELECT e.arrival, e.value->>0, e.value->>1, e.value->>2, (e.value->>3)::bigint, e.value->>4, (e.value->>5)::bigint, (e.value->>6)::bigint,
      (e.value->>7)::bigint, coalesce((e.value->>6)::bigint, 0), ${delivered}
    FROM (SELECT nextval('${t.event_arrivals}') AS arrival, e.* FROM (${given}) e) e
    ORDER BY (e.value->>0) COLLATE "C", e.arrival
    ON CONFLICT (id) DO NOTHING`;

/** What several functions write: instances, pointers, events, commands. Lists come as JSON. */
export const insertingSql = ({ table: t, routine: r }: SchemaNames): string => `
  -- Pointers of one instance, new or changed, as JSON lists of their columns.
  CREATE FUNCTION ${r.insert_pointers_v1} (workflow_ bigint, given_ jsonb) RETURNS void LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  BEGIN
    INSERT INTO ${t.pointers} (workflow, ${POINTER_NAMES})
    SELECT workflow_, ${pointerFromJson("p.value")} FROM jsonb_array_elements(given_) p
    ON CONFLICT (workflow, id) DO UPDATE SET ${POINTER_UPDATES};
  END $wfe$;

  -- Events; see what they are inserted by.
  CREATE FUNCTION ${r.insert_events_v1} (given_ jsonb) RETURNS void LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  BEGIN
    ${insertEventsSql(t, "SELECT e.value FROM jsonb_array_elements(given_) WITH ORDINALITY e ORDER BY e.ordinality")};
  END $wfe$;

  -- Commands; one that waits already gets the earlier of the two times, one that is being handled is remembered for after. Each is
  -- [name, data, execute_at].
  CREATE FUNCTION ${r.insert_commands_v1} (given_ jsonb) RETURNS void LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  BEGIN
    INSERT INTO ${t.commands} AS c (name, data, execute_at)
    SELECT g.value->>0, g.value->>1, min((g.value->>2)::bigint) FROM jsonb_array_elements(given_) g GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (name, data) DO UPDATE SET
      execute_at = CASE WHEN c.token IS NULL THEN least(c.execute_at, excluded.execute_at) ELSE c.execute_at END,
      again_at = CASE WHEN c.token IS NULL THEN NULL ELSE least(c.again_at, excluded.execute_at) END;
  END $wfe$;

  -- New instances with their pointers; those whose ids exist are left as they are. A name or an id that another instance has is an error that
  -- carries it. @returns The ids of those that are new.
  CREATE FUNCTION ${r.insert_workflows_v1} (given_ jsonb) RETURNS text[] LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    arrival_ bigint;
    new_ids_ text[];
    new_names_ text[];
    new_rows_ bigint[];
    names_count_ bigint;
    taken_ text;
  BEGIN
    -- Mostly there are no new ones, and a statement that writes costs more to begin than one that asks.
    IF EXISTS (
      SELECT 1 FROM jsonb_to_recordset(given_) AS x (definition_id text, version bigint, fingerprint text)
      WHERE NOT EXISTS (
        SELECT 1 FROM ${t.definitions} d WHERE d.id = x.definition_id AND d.version = x.version AND d.fingerprint = x.fingerprint)) THEN
      INSERT INTO ${t.definitions} (id, version, fingerprint)
        SELECT DISTINCT x.definition_id, x.version, x.fingerprint
        FROM jsonb_to_recordset(given_) AS x (definition_id text, version bigint, fingerprint text)
        ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING;
    END IF;
    arrival_ := coalesce(pg_sequence_last_value('${t.event_arrivals}'), 0);
    -- In the order of ids, as everywhere: two that make the same ones do not wait for each other crosswise.
    WITH made AS (
      INSERT INTO ${t.workflows} (id, name, definition, status, revision, control_seq, inbox_seq, sequence, due_at, created_at, created_arrival,
        creation_id, input_digest, reference, description, parent_id, parent_pointer_id, parent_depth, root_id, trace_context, data)
      SELECT x.id, x.name, d.row, 'runnable', 0, 0, 0, x.sequence, x.due_at, x.created_at, arrival_,
        x.creation_id, x.input_digest, x.reference, x.description, x.parent_id, x.parent_pointer_id, x.parent_depth, x.root_id,
        x.trace_context, x.data
      FROM jsonb_to_recordset(given_) AS x (id text, name text, definition_id text, version bigint, fingerprint text, sequence bigint, due_at bigint,
        created_at bigint, creation_id text, input_digest text, reference text, description text, parent_id text, parent_pointer_id text,
        parent_depth bigint, root_id text, trace_context text, data text)
      JOIN ${t.definitions} d ON d.id = x.definition_id AND d.version = x.version AND d.fingerprint = x.fingerprint
      ORDER BY x.id COLLATE "C"
      ON CONFLICT (id) DO NOTHING
      RETURNING id, name, row)
    SELECT array_agg(id), array_agg(name), array_agg(row) INTO new_ids_, new_names_, new_rows_ FROM made;
    IF new_ids_ IS NULL THEN
      RETURN '{}';
    END IF;
    INSERT INTO ${t.workflow_names} (name, workflow)
      SELECT n.name, n.row FROM unnest(new_ids_ || new_names_, new_rows_ || new_rows_) AS n (name, row)
      ORDER BY n.name COLLATE "C"
      ON CONFLICT (name) DO NOTHING;
    GET DIAGNOSTICS names_count_ = ROW_COUNT;
    -- Fewer also where an instance has its id for a name.
    IF names_count_ < 2 * cardinality(new_ids_) THEN
      SELECT CASE WHEN EXISTS (SELECT 1 FROM ${t.workflow_names} n WHERE n.name = w.name AND n.workflow = w.row) THEN w.id ELSE w.name END
        INTO taken_
        FROM ${t.workflows} w
        WHERE w.row = ANY (new_rows_) AND (
          NOT EXISTS (SELECT 1 FROM ${t.workflow_names} n WHERE n.name = w.name AND n.workflow = w.row)
          OR NOT EXISTS (SELECT 1 FROM ${t.workflow_names} n WHERE n.name = w.id AND n.workflow = w.row))
        LIMIT 1;
      IF taken_ IS NOT NULL THEN
        RAISE EXCEPTION 'the name is taken' USING ERRCODE = 'WF001', DETAIL = taken_;
      END IF;
    END IF;
    -- One look for each id: as a join, planned while there are few instances, it would walk through all of them.
    INSERT INTO ${t.pointers} (workflow, ${POINTER_NAMES})
      SELECT x.row, ${pointerFromJson("p.value")}
      FROM (
        SELECT (SELECT w.row FROM ${t.workflows} w WHERE w.id = x.id) AS row, x.pointers
        FROM jsonb_to_recordset(given_) AS x (id text, pointers jsonb) OFFSET 0) x
      CROSS JOIN jsonb_array_elements(x.pointers) p
      -- Hashed once, as it cannot become a join: looking through a list for each would take the square of their number.
      WHERE (x.row IN (SELECT n.row FROM unnest(new_rows_) AS n (row))) IS TRUE;
    RETURN new_ids_;
  END $wfe$;

  -- New instances, each id once. @returns For each whether it is new (also when it was made by this very request before), and else what is stored.
  CREATE FUNCTION ${r.create_workflows_v1} (given_ jsonb)
    RETURNS TABLE (id text, is_new boolean, definition_id text, version bigint, input_digest text) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    new_ids_ text[];
  BEGIN
    new_ids_ := ${r.insert_workflows_v1}(given_);
    IF cardinality(new_ids_) = jsonb_array_length(given_) THEN
      RETURN QUERY SELECT n.id, true, NULL::text, NULL::bigint, NULL::text FROM unnest(new_ids_) AS n (id);
      RETURN;
    END IF;
    IF EXISTS (
      SELECT 1 FROM jsonb_to_recordset(given_) AS x (id text) WHERE NOT EXISTS (SELECT 1 FROM ${t.workflows} w WHERE w.id = x.id)) THEN
      RAISE EXCEPTION 'an instance was removed while another was created under its id' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN QUERY
      SELECT x.id, x.id = ANY (new_ids_) OR w.creation_id = x.creation_id, d.id, d.version, w.input_digest
      FROM jsonb_to_recordset(given_) AS x (id text, creation_id text)
      JOIN ${t.workflows} w ON w.id = x.id
      JOIN ${t.definitions} d ON d.row = w.definition;
  END $wfe$;
`;
