import { durationMs, type PersistenceProvider, type PurgeOptions, systemClock, type Clock } from "wfe-core";

/**
 * Removes instances that are over, with their pointers, subscriptions and errors, in batches; safe beside running hosts. Their ids may be
 * used again. Delivered events are kept for the host's `eventRetention`.
 *
 * @param clock - Against which a duration in `olderThan` is counted. @default the machine's
 * @returns How many went.
 * @throws RangeError when `status` is neither `complete` nor `terminated`, or another option is out of its bounds; nothing is removed then.
 */
export async function purgeWorkflows(persistence: PersistenceProvider, options: PurgeOptions, clock: Clock = systemClock): Promise<number> {
  const { status, olderThan, batchSize = 500 } = options;
  if (status !== "complete" && status !== "terminated") {
    throw new RangeError(`only complete or terminated workflows can be purged: got ${JSON.stringify(status)}`);
  }
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 1000)
    throw new RangeError(`batchSize must be a whole number from 1 to 1000: got ${batchSize}`);
  const completedBefore = olderThan instanceof Date ? olderThan : new Date(clock.now() - durationMs(olderThan, "olderThan"));
  if (Number.isNaN(completedBefore.getTime())) throw new RangeError("olderThan is an invalid Date");
  let removed = 0;
  for (;;) {
    const { items } = await persistence.listWorkflows({ status, completedBefore }, { limit: batchSize });
    const gone = items.length === 0 ? 0 : await persistence.deleteWorkflows(items.map(({ id }) => id));
    removed += gone;
    if (gone === 0) return removed;
  }
}
