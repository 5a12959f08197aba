import type { SchemaNames } from "../../schema-names.ts";
import { FUNCTION_SETTINGS } from "./function-settings.ts";
import { OPEN_STATUSES } from "./open-statuses.ts";

/** What moves instances besides their commits: commands, and their removal. */
export const controllingSql = ({ table: t, routine: r }: SchemaNames): string => `
  -- Changes the status of an instance from one of from_. @returns What came of it (done, status, revision), and what the row then holds; no row when
  -- there is no such instance.
  CREATE FUNCTION ${r.command_v1} (id_ text, command_ text, from_ text[], now_ bigint, revision_ bigint, pointers_ jsonb, event_ jsonb, child_command_ text)
    RETURNS TABLE (outcome text, status text, revision bigint, control_seq bigint, inbox_seq bigint) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    found_ record;
    outcome_ text := 'done';
  BEGIN
    SELECT w.row, w.status, w.revision INTO found_ FROM ${t.workflows} w WHERE w.id = id_ FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      RETURN;
    END IF;
    IF NOT found_.status = ANY (from_) THEN
      outcome_ := 'status';
    ELSIF command_ = 'suspend' THEN
      UPDATE ${t.workflows} w SET status = 'suspended', control_seq = w.control_seq + 1, due_at = NULL WHERE w.row = found_.row;
    ELSIF command_ = 'resume' THEN
      UPDATE ${t.workflows} w SET status = 'runnable', control_seq = w.control_seq + 1, due_at = now_, error = NULL WHERE w.row = found_.row;
    ELSIF command_ = 'retry' AND found_.revision <> revision_ THEN
      outcome_ := 'revision';
    ELSIF command_ = 'retry' THEN
      UPDATE ${t.workflows} w SET status = 'runnable', control_seq = w.control_seq + 1, due_at = now_, error = NULL, completed_at = NULL
        WHERE w.row = found_.row;
      PERFORM ${r.insert_pointers_v1}(found_.row, pointers_);
    ELSE
      UPDATE ${t.workflows} w SET status = 'terminated', control_seq = w.control_seq + 1, due_at = NULL, completed_at = now_ WHERE w.row = found_.row;
      UPDATE ${t.pointers} p SET status = 'cancelled', ended_at = now_ WHERE p.workflow = found_.row AND p.status IN ${OPEN_STATUSES};
      DELETE FROM ${t.subscriptions} s WHERE s.workflow = found_.row;
      IF event_ IS NOT NULL THEN
        PERFORM ${r.insert_events_v1}(jsonb_build_array(event_));
      END IF;
      PERFORM ${r.insert_commands_v1}(x.list) FROM (
        SELECT jsonb_agg(jsonb_build_array(child_command_, w.id, now_)) AS list FROM ${t.workflows} w
        WHERE w.parent_id = id_ AND w.status IN ('runnable', 'suspended')) x WHERE x.list IS NOT NULL;
    END IF;
    RETURN QUERY SELECT outcome_, w.status, w.revision, w.control_seq, w.inbox_seq FROM ${t.workflows} w WHERE w.row = found_.row;
  END $wfe$;

  -- Removes instances that are over, with all that is theirs; with a status, those that have ended with it before an instant. @returns How many.
  CREATE FUNCTION ${r.delete_workflows_v1} (ids_ text[], status_ text, before_ bigint) RETURNS TABLE (deleted bigint) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    found_ bigint[];
    id_ text;
  BEGIN
    -- By their ids alone: the status would lead to the index of all that are over.
    SELECT array_agg(w.row) FILTER (
        WHERE w.status IN ('complete', 'terminated') AND (status_ IS NULL OR (w.status = status_ AND w.completed_at < before_))) INTO found_ FROM (
      SELECT w.row, w.status, w.completed_at FROM ${t.workflows} w WHERE w.id = ANY (ids_) ORDER BY w.id FOR UPDATE) w;
    -- One by one, each by its key: a join might begin with all that is queued. In the order of keys, as turns of the queue do.
    FOR id_ IN SELECT w.id FROM ${t.workflows} w WHERE w.row = ANY (found_) ORDER BY w.id LOOP
      DELETE FROM ${t.queue} q WHERE q.key = 'workflow:' || id_;
    END LOOP;
    DELETE FROM ${t.pointers} p WHERE p.workflow = ANY (found_);
    DELETE FROM ${t.subscriptions} s WHERE s.workflow = ANY (found_);
    DELETE FROM ${t.consumed_events} c WHERE c.workflow = ANY (found_);
    DELETE FROM ${t.watermarks} m WHERE m.workflow = ANY (found_);
    DELETE FROM ${t.errors} e WHERE e.workflow = ANY (found_);
    DELETE FROM ${t.workflow_names} n USING ${t.workflows} w WHERE w.row = ANY (found_) AND n.name IN (w.id, w.name) AND n.workflow = w.row;
    DELETE FROM ${t.workflows} w WHERE w.row = ANY (found_);
    RETURN QUERY SELECT coalesce(cardinality(found_), 0)::bigint;
  END $wfe$;
`;
