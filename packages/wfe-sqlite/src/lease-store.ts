import type { Connection } from "./connection.ts";
import { fromText, toText } from "./text.ts";

// Instants are epoch milliseconds of the machine's clock, which all processes on one file share. A lease is held while its end is ahead.

/** Whether somebody holds a resource. */
export function isHeld(connection: Connection, resource: string, now: number): boolean {
  return connection.sql("SELECT 1 FROM wfe_leases WHERE resource = ? AND expires_at > ?").get(toText(resource), now) !== undefined;
}

/** Whose unexpired lease is on a resource, and until when. */
export function holderOf(connection: Connection, resource: string, now: number): { readonly owner: string; readonly expires_at: number } | undefined {
  return connection
    .sql<{ owner: string; expires_at: number }>("SELECT owner, expires_at FROM wfe_leases WHERE resource = ? AND expires_at > ?")
    .get(toText(resource), now);
}

/** Claims a resource that no unexpired lease is on. @returns Whether it did. */
export function insertLease(
  connection: Connection,
  lease: { readonly resource: string; readonly token: string; readonly owner: string; readonly expiresAt: number },
  now: number,
): boolean {
  return (
    connection
      .sql(
        `INSERT INTO wfe_leases (resource, token, owner, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT (resource) DO UPDATE SET
           token = excluded.token, owner = excluded.owner, expires_at = excluded.expires_at WHERE wfe_leases.expires_at <= ?`,
      )
      .run(toText(lease.resource), lease.token, lease.owner, lease.expiresAt, now).changes > 0
  );
}

/** Moves the end of a lease; it belongs to this owner then, whose former presence may have ended. @returns Whether it was held. */
export function extendLease(
  connection: Connection,
  lease: { readonly resource: string; readonly token: string; readonly owner: string; readonly expiresAt: number },
  now: number,
): boolean {
  return (
    connection
      .sql("UPDATE wfe_leases SET expires_at = ?, owner = ? WHERE resource = ? AND token = ? AND expires_at > ?")
      .run(lease.expiresAt, lease.owner, toText(lease.resource), lease.token, now).changes > 0
  );
}

/** Removes a lease. @returns Whether it was held. */
export function deleteLease(connection: Connection, resource: string, token: string, now: number): boolean {
  return connection.sql("DELETE FROM wfe_leases WHERE resource = ? AND token = ? AND expires_at > ?").run(toText(resource), token, now).changes > 0;
}

/** Removes leases that are over, which nobody released or took again. */
export function deleteExpiredLeases(connection: Connection, now: number): void {
  connection.sql("DELETE FROM wfe_leases WHERE expires_at <= ?").run(now);
}

/** Registers a holder of leases. */
export function insertHost(connection: Connection, id: string): void {
  connection.sql("INSERT OR IGNORE INTO wfe_hosts (id) VALUES (?)").run(id);
}

export function deleteHost(connection: Connection, id: string): void {
  connection.sql("DELETE FROM wfe_hosts WHERE id = ?").run(id);
}

/** Every holder: those registered, and those of leases. */
export function hostIds(connection: Connection): ReadonlySet<string> {
  const ids = new Set(
    connection
      .sql<{ id: string }>("SELECT id FROM wfe_hosts")
      .all()
      .map(({ id }) => id),
  );
  // One look into wfe_leases_owner for each owner, however many leases it has.
  const next = connection.sql<{ owner: string | null }>("SELECT min(owner) AS owner FROM wfe_leases WHERE owner > ?");
  for (let owner = next.get("")?.owner; typeof owner === "string"; owner = next.get(owner)?.owner) ids.add(owner);
  return ids;
}

/**
 * Ends leases of a holder that is gone, and strikes it off when none is left.
 *
 * @returns The resources of those that were not over, so many at most.
 */
export function endLeases(connection: Connection, owner: string, limit: number, now: number): readonly string[] {
  connection.sql("DELETE FROM wfe_leases WHERE owner = ? AND expires_at <= ?").run(owner, now);
  const ended = connection
    .sql<{ resource: string | Buffer }>(
      "DELETE FROM wfe_leases WHERE resource IN (SELECT resource FROM wfe_leases WHERE owner = ? LIMIT +?) RETURNING resource",
    )
    .all(owner, limit);
  if (!ownsLeases(connection, owner)) deleteHost(connection, owner);
  return ended.map(({ resource }) => fromText(resource));
}

/** Whether a holder has leases, over or not. */
export function ownsLeases(connection: Connection, owner: string): boolean {
  return connection.sql("SELECT 1 FROM wfe_leases WHERE owner = ? LIMIT 1").get(owner) !== undefined;
}
