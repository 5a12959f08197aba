import type { SchemaNames } from "../../schema-names.ts";

const SERVER_RUN = "floor(extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint";

/** Who holds what until when, by the clock of the server. */
export const leasesSql = ({ table: t, routine: r, index }: SchemaNames): string => `
  CREATE TABLE ${t.leases} (
    resource text COLLATE "C" PRIMARY KEY,
    token text COLLATE "C" NOT NULL,
    -- The presence of the holder; NULL when it has none, and is not known to be gone before its lease is over.
    owner bigint,
    -- When the server was started under which it was written.
    server_run bigint NOT NULL,
    expires_at bigint NOT NULL
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
  CREATE INDEX ${index("leases_owner")} ON ${t.leases} (owner) WHERE owner IS NOT NULL;

  -- Acquires, extends and releases, in the order of resources: those that meet do not wait for each other crosswise. A lease is held while its end is
  -- ahead. An acquisition that is made again, because its answer was lost, finds its own token. @returns The numbers of those that succeeded.
  CREATE FUNCTION ${r.change_leases_v1} (now_ bigint, owner_ bigint, kinds_ text[], resources_ text[], tokens_ text[], ttls_ bigint[])
    RETURNS TABLE (place bigint) LANGUAGE plpgsql
    SET enable_seqscan TO off SET enable_bitmapscan TO off SET enable_hashjoin TO off SET enable_mergejoin TO off SET plan_cache_mode TO force_generic_plan AS $wfe$
  #variable_conflict use_column
  DECLARE
    change_ record;
    run_ bigint := ${SERVER_RUN};
  BEGIN
    now_ := coalesce(now_, floor(extract(epoch FROM clock_timestamp()) * 1000));
    -- A crash of the server may lose the last half second of leases, which costs double work at most; nobody waits for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    FOR change_ IN
      SELECT * FROM unnest(kinds_, resources_, tokens_, ttls_) WITH ORDINALITY AS c (kind, resource, token, ttl, place)
      ORDER BY c.resource COLLATE "C", c.place
    LOOP
      CASE change_.kind
      WHEN 'acquire' THEN
        INSERT INTO ${t.leases} AS l (resource, token, owner, server_run, expires_at)
          VALUES (change_.resource, change_.token, owner_, run_, now_ + change_.ttl)
          ON CONFLICT (resource) DO UPDATE SET
            token = excluded.token, owner = excluded.owner, server_run = excluded.server_run, expires_at = excluded.expires_at
          WHERE l.expires_at <= now_ OR l.token = excluded.token;
      WHEN 'extend' THEN
        UPDATE ${t.leases} l SET owner = owner_, server_run = run_, expires_at = now_ + change_.ttl
          WHERE l.resource = change_.resource AND l.token = change_.token AND l.expires_at > now_;
      WHEN 'release' THEN
        DELETE FROM ${t.leases} l WHERE l.resource = change_.resource AND l.token = change_.token AND l.expires_at > now_;
      END CASE;
      IF FOUND THEN
        place := change_.place;
        RETURN NEXT;
      END IF;
    END LOOP;
  END $wfe$;

  -- Presences of holders that are not there, by the locks that those who are there hold.
  CREATE FUNCTION ${r.absent_owners_v1} (space_ bigint) RETURNS TABLE (owner bigint) LANGUAGE plpgsql
    SET plan_cache_mode TO force_generic_plan AS $wfe$
  #variable_conflict use_column
  BEGIN
    RETURN QUERY
      SELECT DISTINCT l.owner FROM ${t.leases} l
      WHERE l.owner IS NOT NULL AND NOT l.owner = ANY (ARRAY (
        SELECT k.objid::bigint FROM pg_locks k
        WHERE k.locktype = 'advisory' AND k.granted AND k.classid = space_::integer::oid AND k.objsubid = 2
          AND k.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())));
  END $wfe$;

  -- Gives leases under former presences of a holder to its present one.
  CREATE FUNCTION ${r.own_leases_v1} (former_ bigint[], owner_ bigint) RETURNS void LANGUAGE sql AS $wfe$
    UPDATE ${t.leases} SET owner = owner_, server_run = ${SERVER_RUN} WHERE owner = ANY (former_)
  $wfe$;

  -- Ends leases of those of these holders that are not there now either. Those who have written under a former run of the server are not there
  -- because they have lost it, and are given the time of their lease to come back. @returns The resources of those that were not over, so many at most.
  CREATE FUNCTION ${r.end_orphans_v1} (now_ bigint, space_ bigint, owners_ bigint[], limit_ bigint) RETURNS TABLE (resource text) LANGUAGE plpgsql
    SET plan_cache_mode TO force_generic_plan AS $wfe$
  #variable_conflict use_column
  DECLARE
    gone_ bigint[];
  BEGIN
    now_ := coalesce(now_, floor(extract(epoch FROM clock_timestamp()) * 1000));
    gone_ := ARRAY (SELECT a.owner FROM ${r.absent_owners_v1}(space_) a WHERE a.owner = ANY (owners_));
    DELETE FROM ${t.leases} l WHERE l.resource IN (
      SELECT o.resource FROM ${t.leases} o WHERE o.owner = ANY (gone_) AND o.expires_at <= now_ ORDER BY o.resource FOR UPDATE SKIP LOCKED);
    RETURN QUERY
      DELETE FROM ${t.leases} l WHERE l.resource IN (
        SELECT o.resource FROM ${t.leases} o WHERE o.owner = ANY (gone_) AND o.server_run = ${SERVER_RUN} ORDER BY o.resource LIMIT limit_ FOR UPDATE SKIP LOCKED)
      RETURNING l.resource;
  END $wfe$;
`;
