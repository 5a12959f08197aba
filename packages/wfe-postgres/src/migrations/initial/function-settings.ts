/**
 * Settings that a function of the schema has of its own. Plans are made once, while tables may be empty, and by index. `jit` is off: a plan without an
 * alternative to what is switched off counts as very dear, and would be compiled. And nothing is looked up along the caller's `search_path`:
 * whoever may write to a schema on it could put functions of theirs in the place of the server's. Those of leases and queue have others in
 * part: each of their statements has one table.
 */
export const FUNCTION_SETTINGS = `SET enable_seqscan TO off SET enable_hashjoin TO off SET enable_mergejoin TO off SET plan_cache_mode TO force_generic_plan
    SET jit TO off SET search_path TO pg_catalog, pg_temp`;
