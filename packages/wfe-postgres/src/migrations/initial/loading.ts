import type { SchemaNames } from "../../schema-names.ts";
import { FUNCTION_SETTINGS } from "./function-settings.ts";
import { OPEN_STATUSES } from "./open-statuses.ts";
import { pointerToJson } from "./pointer-columns.ts";

/** What passes start from. */
export const loadingSql = ({ table: t, routine: r }: SchemaNames): string => `
  -- Instances at one instant: the function is STABLE, so all it reads is as it was when its statement began. Pointers are the open ones, and the
  -- closed ones that these compensate, in order of creation; NULL when the revision is known. Never of a replica, which is behind.
  CREATE FUNCTION ${r.load_v1} (ids_ text[], known_ bigint[])
    RETURNS TABLE (place int, id text, name text, definition_id text, version bigint, fingerprint text, status text, revision bigint,
      control_seq bigint, inbox_seq bigint, sequence bigint, due_at bigint, created_at bigint, completed_at bigint, commit_id text,
      input_digest text, reference text, description text, parent_id text, parent_pointer_id text, parent_depth bigint, root_id text,
      trace_context text, error text, data text, pointers json, deliveries json) LANGUAGE plpgsql STABLE
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  BEGIN
    IF pg_is_in_recovery() THEN
      RAISE EXCEPTION 'cannot load from a replica' USING ERRCODE = 'read_only_sql_transaction';
    END IF;
    RETURN QUERY
      SELECT x.place::int, w.id, w.name, d.id, d.version, d.fingerprint, w.status, w.revision, w.control_seq, w.inbox_seq, w.sequence, w.due_at,
        w.created_at, w.completed_at, w.commit_id, w.input_digest, w.reference, w.description, w.parent_id, w.parent_pointer_id, w.parent_depth,
        w.root_id, w.trace_context, w.error, w.data,
        CASE WHEN w.revision IS DISTINCT FROM x.known THEN (
          SELECT coalesce(json_agg(p.list ORDER BY p.seq), '[]') FROM (
            SELECT o.seq, ${pointerToJson("o")} AS list FROM ${t.pointers} o WHERE o.workflow = w.row AND o.status IN ${OPEN_STATUSES}
            UNION ALL
            SELECT c.seq, ${pointerToJson("c")} AS list FROM ${t.pointers} c
              WHERE c.workflow = w.row AND c.status NOT IN ${OPEN_STATUSES} AND c.id IN (
                SELECT o.compensates FROM ${t.pointers} o
                WHERE o.workflow = w.row AND o.status IN ${OPEN_STATUSES} AND o.compensates IS NOT NULL)) p) END,
        CASE WHEN w.inbox_seq > 0 THEN ${r.deliveries_v1}(w.row) END
      FROM unnest(ids_, known_) WITH ORDINALITY AS x (id, known, place)
      JOIN ${t.workflows} w ON w.id = x.id
      JOIN ${t.definitions} d ON d.row = w.definition;
  END $wfe$;
`;
