import type { SchemaNames } from "../../schema-names.ts";
import { FUNCTION_SETTINGS } from "./function-settings.ts";

/** What is due, for those who look for it: each thing to one of them, until the end of its claim. Who is being written by another is passed over. */
export const claimingSql = ({ table: t, routine: r }: SchemaNames): string => `
  -- Due instances of these definitions, the earliest first; each goes to one caller, and is due again at until_.
  CREATE FUNCTION ${r.claim_due_v1} (ids_ text[], versions_ bigint[], fingerprints_ text[], as_at_ bigint, limit_ bigint, until_ bigint)
    RETURNS TABLE (id text) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  DECLARE
    found_ bigint[];
  BEGIN
    -- One look into an index for each definition: instances of others, however many are due, cost nothing. Who is being written by another is passed
    -- over: it is looked at anyway.
    SELECT array_agg(o.row ORDER BY o.due_at, o.row) INTO found_ FROM (
      SELECT w.row, w.due_at FROM (
        SELECT DISTINCT d.row FROM ${t.definitions} d
        JOIN unnest(ids_, versions_, fingerprints_) AS x (id, version, fingerprint) ON d.id = x.id AND d.version = x.version AND d.fingerprint = x.fingerprint) d
      CROSS JOIN LATERAL (
        SELECT w.row, w.due_at FROM ${t.workflows} w
        WHERE w.definition = d.row AND w.status = 'runnable' AND w.due_at IS NOT NULL AND w.due_at <= as_at_
        ORDER BY w.due_at LIMIT limit_ FOR NO KEY UPDATE SKIP LOCKED) w
      ORDER BY w.due_at, w.row LIMIT limit_) o;
    IF found_ IS NULL THEN
      RETURN;
    END IF;
    UPDATE ${t.workflows} w SET due_at = until_ WHERE w.row = ANY (found_);
    RETURN QUERY SELECT w.id FROM unnest(found_) WITH ORDINALITY AS f (row, place) JOIN ${t.workflows} w ON w.row = f.row ORDER BY f.place;
  END $wfe$;

  -- Undelivered events that are eligible, by time, then arrival; hidden until until_.
  CREATE FUNCTION ${r.claim_events_v1} (as_at_ bigint, limit_ bigint, until_ bigint) RETURNS TABLE (id text, name text, key text) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  BEGIN
    RETURN QUERY
    WITH found AS (
      SELECT e.arrival FROM ${t.events} e WHERE NOT e.delivered AND e.visible_at <= as_at_
      ORDER BY e.time, e.arrival LIMIT limit_ FOR NO KEY UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE ${t.events} e SET visible_at = until_ FROM found f WHERE e.arrival = f.arrival
      RETURNING e.arrival, e.time, e.id, e.name, e.key)
    SELECT c.id, c.name, c.key FROM claimed c ORDER BY c.time, c.arrival;
  END $wfe$;

  -- Commands that are due, the earliest first; of token_ until until_. What was remembered for after the former handling is served by this one.
  CREATE FUNCTION ${r.claim_commands_v1} (as_at_ bigint, limit_ bigint, until_ bigint, token_ text)
    RETURNS TABLE ("row" bigint, name text, data text, execute_at bigint) LANGUAGE plpgsql
    ${FUNCTION_SETTINGS} AS $wfe$
  #variable_conflict use_column
  BEGIN
    RETURN QUERY
    WITH found AS (
      SELECT c.row, c.execute_at FROM ${t.commands} c WHERE c.execute_at <= as_at_
      ORDER BY c.execute_at, c.row LIMIT limit_ FOR UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE ${t.commands} c SET execute_at = until_, token = token_, again_at = NULL FROM found f WHERE c.row = f.row
      RETURNING c.row, c.name, c.data, f.execute_at)
    SELECT c.row, c.name, c.data, c.execute_at FROM claimed c ORDER BY c.execute_at, c.row;
  END $wfe$;
`;
