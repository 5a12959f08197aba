import type { ArtifactStore, ArtifactSweep, Clock, PersistenceProvider } from "wfe-core";

/** A workflow pins what it is started with a moment before it is stored. */
const GRACE_MS = 3_600_000;
const BATCH = 100;

/** Ends the pins of those of these workflows that are no more. */
export async function unpinRemoved(persistence: PersistenceProvider, artifacts: ArtifactStore, ids: readonly string[]): Promise<void> {
  const left = new Set((await persistence.readSignals(ids)).map(({ id }) => id));
  const removed = ids.filter((id) => !left.has(id));
  if (removed.length > 0) await artifacts.unpin(removed);
}

/**
 * Ends the pins of workflows that are no more, of a purge that was interrupted for example; then removes what has expired and is not pinned. Safe
 * beside running hosts. Pins of owners that are no workflows of this store end, too, an hour after they were made.
 */
export async function sweepArtifacts(persistence: PersistenceProvider, artifacts: ArtifactStore, clock: Clock): Promise<ArtifactSweep> {
  let owners: string[] = [];
  for await (const owner of artifacts.owners({ pinnedBefore: new Date(clock.now() - GRACE_MS) })) {
    if (owners.push(owner) < BATCH) continue;
    await unpinRemoved(persistence, artifacts, owners);
    owners = [];
  }
  if (owners.length > 0) await unpinRemoved(persistence, artifacts, owners);
  return await artifacts.sweep();
}
