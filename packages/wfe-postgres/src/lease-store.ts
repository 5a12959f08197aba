import type { PostgresDatabase } from "./postgres-database.ts";
import { fromText, toText } from "./text.ts";

/** What a holder wants of one lease. */
export interface LeaseRequest {
  readonly kind: "acquire" | "extend" | "release";
  readonly resource: string;
  readonly token: string;
  /** How long it lasts from then; of no use for a release. */
  readonly ttlMs: number;
}

/** Which lease. */
export type LeaseKey = Pick<LeaseRequest, "resource" | "token">;

/** A presence, and the run of the server it was taken in: it ends with that, also when its holder does not know yet. */
export interface LeaseOwner {
  readonly id: number;
  readonly server: number;
}

/** Requests that travel together, one of each resource at most. */
export interface LeaseTurn {
  readonly requests: readonly LeaseRequest[];
  /** Who holds them. */
  readonly owner: LeaseOwner | undefined;
  /** Whether leases that are over are removed, too. */
  readonly sweep: boolean;
}

/** Carries requests out: one round trip and one transaction, which may be repeated. @returns Whether each was granted. */
export async function leaseTurn(database: PostgresDatabase, { requests, owner, sweep }: LeaseTurn): Promise<readonly boolean[]> {
  const rows = await database.call<{ readonly granted: number }>("lease_turn_v1", [
    database.judgedNow,
    owner?.id ?? null,
    owner?.server ?? null,
    sweep,
    requests.map(({ kind }) => kind),
    requests.map(({ resource }) => toText(resource)),
    requests.map(({ token }) => token),
    requests.map(({ ttlMs }) => ttlMs),
  ]);
  const places = new Set(rows.map(({ granted }) => granted));
  return requests.map((_, index) => places.has(index + 1));
}

/** Gives leases that were taken under former presences, and those listed, the presence of now. */
export async function ownLeases(
  database: PostgresDatabase,
  owner: LeaseOwner,
  formers: readonly number[],
  leases: readonly LeaseKey[],
): Promise<void> {
  await database.call("own_leases_v1", [
    owner.id,
    owner.server,
    formers,
    leases.map(({ resource }) => toText(resource)),
    leases.map(({ token }) => token),
  ]);
}

/** Owners of leases whose presence is not there at this moment, and was when they were set. */
export async function absentOwners(database: PostgresDatabase): Promise<readonly number[]> {
  const rows = await database.call<{ readonly absent: number }>("absent_owners_v1", [database.judgedNow]);
  return rows.map(({ absent }) => absent);
}

/** A look for orphans. */
export interface OrphanLook {
  /** Random, and new for each: who repeats it, its answer lost, is told the same. */
  readonly id: string;
  /** The presence of who asks: what it is told, others are told when it is gone before anybody has acquired it. */
  readonly finder: number;
  readonly limit: number;
}

/**
 * Ends leases of those of these owners whose presence is not there now either.
 *
 * @returns The resources of those that were not over, and of those whose finder was such an owner; so many at most.
 */
export async function endLeases(database: PostgresDatabase, owners: readonly number[], look: OrphanLook): Promise<readonly string[]> {
  const rows = await database.call<{ readonly ended: string }>("end_leases_v1", [database.judgedNow, owners, look.limit, look.finder, look.id]);
  return rows.map(({ ended }) => fromText(ended));
}

/** Whose unexpired lease is on a resource, and how long it lasts by the clock that judges leases. By the primary key. */
export async function holderOf(
  database: PostgresDatabase,
  resource: string,
): Promise<{ readonly owner: number | null; readonly remaining: number } | undefined> {
  const [found] = await database.query<{ readonly owner: number | null; readonly remaining: number }>(
    `SELECT l.owner, l.expires_at - n.now AS remaining
     FROM ${database.names.table.leases} l, (SELECT coalesce($2::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS now) n
     WHERE l.resource = $1 AND l.expires_at > n.now`,
    [toText(resource), database.judgedNow],
  );
  return found;
}
