import { type ArtifactStore, type Duration, durationMs, type PersistenceProvider, type PurgeOptions, systemClock, type Clock } from "wfe-core";
import { unpinRemoved } from "./artifact-pins.ts";

/**
 * Removes instances that are over, with their pointers, subscriptions and errors, in batches; safe beside running hosts. Their ids may be
 * used again. Delivered events are kept for the host's `eventRetention`.
 *
 * @param artifacts - Where the pins of those that are removed end. @default none: with artifacts in use, give the store that the hosts have
 * @param clock - Against which a duration in `olderThan` is counted. @default the machine's
 * @returns How many went.
 * @throws RangeError when `status` is neither `complete` nor `terminated`, or another option is out of its bounds; nothing is removed then.
 */
export async function purgeWorkflows(
  persistence: PersistenceProvider,
  options: PurgeOptions,
  { artifacts, clock = systemClock }: { readonly artifacts?: ArtifactStore | undefined; readonly clock?: Clock } = {},
): Promise<number> {
  const { status, olderThan, batchSize = 500 } = (options as PurgeOptions | undefined) ?? ({} as Partial<PurgeOptions>);
  if (status !== "complete" && status !== "terminated") {
    throw new RangeError(`only complete or terminated workflows can be purged: got ${JSON.stringify(status)}`);
  }
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 1000)
    throw new RangeError(`batchSize must be a whole number from 1 to 1000: got ${batchSize}`);
  const completedBefore = olderThan instanceof Date ? olderThan : new Date(clock.now() - durationMs(olderThan as Duration, "olderThan"));
  if (Number.isNaN(completedBefore.getTime())) throw new RangeError("olderThan is an invalid Date");
  let removed = 0;
  let cursor: string | undefined;
  do {
    const page = await persistence.listWorkflows({ status, completedBefore }, { limit: batchSize, ...(cursor === undefined ? {} : { cursor }) });
    const ids = page.items.map(({ id }) => id);
    if (ids.length > 0) {
      removed += await persistence.deleteWorkflows(ids);
      if (artifacts !== undefined) await unpinRemoved(persistence, artifacts, ids);
    }
    ({ cursor } = page);
  } while (cursor !== undefined);
  return removed;
}
