import type { SchemaNames } from "../../schema-names.ts";

/** Leases: a row for each, until it is released, taken again, or swept after its end. */
export const leasesSql = (names: SchemaNames): string => [table(names), turn(names), own(names), absent(names), end(names)].join("\n");

// Rows live for a moment. The room on a page (fillfactor) lets an extension be made in place, without new entries in the indexes, and dead rows make
// place for new ones; what is then left is cleaned by the number of dead rows, without pauses, and without the exclusive lock that giving back the
// end of the file takes.
const table = (names: SchemaNames): string => `
CREATE TABLE ${names.table.leases} (
  resource text COLLATE "C" PRIMARY KEY,
  -- Who extends or releases has to show it.
  token text NOT NULL,
  -- Presence of the holder: second half of the key of an advisory lock; none while its connection is lost, or when it keeps none.
  owner integer,
  -- Which run of the server it was set in: with the end of that all presences end, and those who live come back under others.
  server bigint NOT NULL,
  expires_at bigint NOT NULL,
  -- The look that has named it as an orphan, which has ended it; it is then the finder's, until somebody acquires it.
  found_by text
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
CREATE INDEX ${names.index("leases_owner")} ON ${names.table.leases} (owner) WHERE owner IS NOT NULL;`;

// Plans made while a table was small do harm when it has grown; each statement has one index that serves it at any size.
const PLANS = "SET plan_cache_mode TO force_generic_plan SET enable_seqscan TO off SET jit TO off SET search_path TO pg_catalog, pg_temp";

const NOW = "IF now_ IS NULL THEN now_ := floor(extract(epoch FROM clock_timestamp()) * 1000); END IF;";

// A run of the server, by its beginning. After a restart, or on the server that has taken over, it is another.
const SERVER = "floor(extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint";

// So long an orphan that was named, and that nobody has acquired since, is kept for the case that its finder goes, too.
const FOUND_MS = 60_000;

// A lease is no truth: losing the last half second of changes in a crash of the server costs double work at most, or the time of a lease where nobody
// asks for its release again; so nobody waits for the disk.
const HASTY = "PERFORM set_config('synchronous_commit', 'off', true);";

// One transaction: every request, row by row in the order of resources, so that two calls never wait for each other in a circle. It may be repeated
// when its answer was lost: an acquisition finds its own token, an extension is made again; a release that is made again no longer finds its
// token, and tells so.
const turn = (names: SchemaNames): string => `
CREATE FUNCTION ${names.routine.lease_turn_v1}(
  now_ bigint, owner_ integer, server_ bigint, sweep_ boolean, kinds_ text[], resources_ text[], tokens_ text[], ttls_ bigint[]
) RETURNS TABLE (granted bigint) LANGUAGE plpgsql ${PLANS} AS $$
#variable_conflict use_column
DECLARE
  request record;
  here bigint := ${SERVER};
BEGIN
  ${NOW}
  ${HASTY}
  -- The presence has ended with the run of the server in which it was taken, though its holder may not know yet.
  IF server_ IS DISTINCT FROM here THEN owner_ := NULL; END IF;
  IF sweep_ THEN
    -- Those that another call is about to change are passed over: it takes them anyway, or they are over the next time as well.
    WITH over AS MATERIALIZED (
      SELECT l.resource FROM ${names.table.leases} AS l
      WHERE l.expires_at <= now_ - CASE WHEN l.found_by IS NULL THEN 0 ELSE ${FOUND_MS} END FOR UPDATE SKIP LOCKED
    )
    DELETE FROM ${names.table.leases} AS l USING over WHERE l.resource = over.resource;
  END IF;
  FOR request IN
    SELECT u.* FROM unnest(kinds_, resources_, tokens_, ttls_) WITH ORDINALITY AS u (kind, resource, token, ttl, place)
    ORDER BY u.resource COLLATE "C", u.place
  LOOP
    CASE request.kind
    WHEN 'acquire' THEN
      -- Who is refused leaves no trace, and does not wait.
      CONTINUE WHEN EXISTS (
        SELECT 1 FROM ${names.table.leases} AS l WHERE l.resource = request.resource AND l.expires_at > now_ AND l.token <> request.token
      );
      INSERT INTO ${names.table.leases} AS l (resource, token, owner, server, expires_at)
      VALUES (request.resource, request.token, owner_, here, now_ + request.ttl)
      ON CONFLICT (resource) DO UPDATE SET
        token = excluded.token, owner = excluded.owner, server = excluded.server, expires_at = excluded.expires_at, found_by = NULL
      WHERE l.expires_at <= now_ OR l.token = excluded.token;
    WHEN 'extend' THEN
      UPDATE ${names.table.leases} AS l SET owner = owner_, server = here, expires_at = now_ + request.ttl
      WHERE l.resource = request.resource AND l.token = request.token AND l.expires_at > now_;
    WHEN 'release' THEN
      DELETE FROM ${names.table.leases} AS l WHERE l.resource = request.resource AND l.token = request.token AND l.expires_at > now_;
    END CASE;
    IF FOUND THEN
      granted := request.place;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;`;

// Leases that were taken under another presence, or without one, get that of now. Rows in the order of resources.
const own = (names: SchemaNames): string => `
CREATE FUNCTION ${names.routine.own_leases_v1}(owner_ integer, server_ bigint, formers_ integer[], resources_ text[], tokens_ text[])
RETURNS void LANGUAGE plpgsql ${PLANS} AS $$
#variable_conflict use_column
BEGIN
  ${HASTY}
  IF server_ <> ${SERVER} THEN RETURN; END IF;
  WITH mine AS MATERIALIZED (
    SELECT l.resource FROM ${names.table.leases} AS l
    WHERE l.resource IN (
      SELECT f.resource FROM ${names.table.leases} AS f WHERE f.owner = ANY (formers_)
      UNION ALL
      SELECT f.resource FROM unnest(resources_, tokens_) AS u (resource, token)
        JOIN ${names.table.leases} AS f ON f.resource = u.resource AND f.token = u.token
    ) ORDER BY l.resource FOR UPDATE
  )
  UPDATE ${names.table.leases} AS l SET owner = owner_, server = server_ FROM mine
  WHERE l.resource = mine.resource AND (
    l.owner = ANY (formers_) OR EXISTS (SELECT 1 FROM unnest(resources_, tokens_) AS u (resource, token) WHERE u.resource = l.resource AND u.token = l.token)
  );
END $$;`;

// An owner that is not there is gone when its lease was set in this run of the server: it was there then.
//
// The presences that are there: advisory locks of the schema's space. They are read and never tried: who tries one takes it for a moment, and
// another who does the same would see its owner there. Numbers of locks are unsigned.
const present = (names: SchemaNames): string => `ARRAY(
    SELECT (k.objid::bigint - CASE WHEN k.objid::bigint < 2147483648 THEN 0 ELSE 4294967296 END)::integer FROM pg_catalog.pg_locks AS k
    WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 2 AND k.classid::bigint = ${names.presenceSpace >>> 0}
      AND k.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  )`;

const absent = (names: SchemaNames): string => `
CREATE FUNCTION ${names.routine.absent_owners_v1}(now_ bigint)
RETURNS TABLE (absent integer) LANGUAGE plpgsql ${PLANS} AS $$
#variable_conflict use_column
DECLARE
  owners integer[];
  here integer[];
BEGIN
  ${NOW}
  -- One look into ${names.index("leases_owner")} for each owner, however many leases it has.
  WITH RECURSIVE o AS (
    (SELECT l.owner FROM ${names.table.leases} AS l WHERE l.owner IS NOT NULL ORDER BY l.owner LIMIT 1)
    UNION ALL
    SELECT (SELECT l.owner FROM ${names.table.leases} AS l WHERE l.owner > o.owner ORDER BY l.owner LIMIT 1) FROM o WHERE o.owner IS NOT NULL
  )
  SELECT array_agg(o.owner) INTO owners FROM o WHERE o.owner IS NOT NULL;
  IF owners IS NULL THEN RETURN; END IF;
  -- After the owners: one that is new has been there before its first lease.
  here := ${present(names)};
  RETURN QUERY SELECT u.owner FROM unnest(owners) AS u (owner) WHERE u.owner <> ALL (here)
    AND EXISTS (SELECT 1 FROM ${names.table.leases} AS l WHERE l.owner = u.owner AND (l.server = ${SERVER} OR l.expires_at <= now_));
END $$;`;

// Rows that another call is about to change are passed over: it may be another look for the same orphans, and each is named once. When the finder is
// gone before anybody has acquired it, it is named again. A look whose answer was lost may be repeated: it answers the same.
const end = (names: SchemaNames): string => `
CREATE FUNCTION ${names.routine.end_leases_v1}(now_ bigint, owners_ integer[], limit_ bigint, finder_ integer, look_ text)
RETURNS TABLE (ended text) LANGUAGE plpgsql ${PLANS} AS $$
#variable_conflict use_column
DECLARE
  here integer[];
  gone integer[];
BEGIN
  ${NOW}
  ${HASTY}
  RETURN QUERY SELECT l.resource FROM ${names.table.leases} AS l WHERE l.owner = finder_ AND l.found_by = look_;
  IF FOUND THEN RETURN; END IF;
  here := ${present(names)};
  gone := ARRAY(SELECT u.owner FROM unnest(owners_) AS u (owner) WHERE u.owner <> ALL (here));
  WITH over AS MATERIALIZED (
    SELECT l.resource FROM ${names.table.leases} AS l
    WHERE l.owner = ANY (gone) AND l.expires_at <= now_ AND (l.found_by IS NULL OR l.server <> ${SERVER}) FOR UPDATE SKIP LOCKED
  )
  DELETE FROM ${names.table.leases} AS l USING over WHERE l.resource = over.resource;
  RETURN QUERY
  WITH orphans AS MATERIALIZED (
    SELECT l.resource FROM ${names.table.leases} AS l
    WHERE l.owner = ANY (gone) AND l.server = ${SERVER} AND (l.expires_at > now_ OR l.found_by IS NOT NULL) LIMIT limit_ FOR UPDATE SKIP LOCKED
  )
  UPDATE ${names.table.leases} AS l SET owner = finder_, expires_at = least(l.expires_at, now_), found_by = look_
  FROM orphans WHERE l.resource = orphans.resource RETURNING l.resource;
END $$;`;
