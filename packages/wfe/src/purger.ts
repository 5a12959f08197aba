import {
  type ArtifactStore,
  type Clock,
  type Duration,
  durationMs,
  type EndedWorkflows,
  type PersistenceProvider,
  type PurgeOptions,
  systemClock,
} from "wfe-core";
import { unpinRemoved } from "./artifact-pins.ts";

const FIELDS: { readonly [K in keyof Required<PurgeOptions>]: true } = { status: true, olderThan: true, batchSize: true, dryRun: true };

/** Options of a purge as it goes by them. */
export interface ResolvedPurge {
  readonly status: EndedWorkflows["status"];
  readonly batchSize: number;
  readonly dryRun: boolean;
  /** Those that end before are removed. @param nowMs - What a duration is counted from. */
  readonly before: (nowMs: number) => Date;
}

/**
 * Removes instances that are over, with their pointers, subscriptions and errors, in batches, the earliest end first; safe beside running hosts.
 * Their ids may be used again. Delivered events are kept for the host's `eventRetention`.
 *
 * @param artifacts - Where the pins of those that are removed end. @default none: with artifacts in use, give the store that the hosts have
 * @param clock - Against which a duration in `olderThan` is counted. @default the machine's
 * @returns How many went; with `dryRun` how many would go.
 * @throws RangeError when `status` is neither `complete` nor `terminated`, or another option is out of its bounds, TypeError for an option that does
 * not exist; nothing is removed then.
 */
export async function purgeWorkflows(
  persistence: PersistenceProvider,
  options: PurgeOptions,
  { artifacts, clock = systemClock }: { readonly artifacts?: ArtifactStore | undefined; readonly clock?: Clock } = {},
): Promise<number> {
  const { status, before, batchSize, dryRun } = resolvePurge(options);
  const ended = { status, before: before(clock.now()) };
  if (dryRun) return persistence.countWorkflows({ status, completedBefore: ended.before });
  let removed = 0;
  for await (const count of purgeBatches(persistence, ended, batchSize, artifacts)) removed += count;
  return removed;
}

/** @throws what {@link purgeWorkflows} throws for its options. */
export function resolvePurge(options: PurgeOptions): ResolvedPurge {
  const given = (options as PurgeOptions | undefined) ?? ({} as Partial<PurgeOptions>);
  for (const field of Object.keys(given))
    if (!Object.hasOwn(FIELDS, field))
      throw new TypeError(`a purge has no option ${JSON.stringify(field)}: it knows ${Object.keys(FIELDS).join(", ")}`);
  const { status, olderThan, batchSize = 500, dryRun = false } = given;
  if (status !== "complete" && status !== "terminated") {
    throw new RangeError(`only complete or terminated workflows can be purged: got ${JSON.stringify(status)}`);
  }
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 1000)
    throw new RangeError(`batchSize must be a whole number from 1 to 1000: got ${batchSize}`);
  if (typeof dryRun !== "boolean") throw new TypeError(`dryRun must be a boolean: got ${String(dryRun)}`);
  if (olderThan instanceof Date) {
    if (Number.isNaN(olderThan.getTime())) throw new RangeError("olderThan is an invalid Date");
    return { status, batchSize, dryRun, before: () => olderThan };
  }
  const ageMs = durationMs(olderThan as Duration, "olderThan");
  return { status, batchSize, dryRun, before: (nowMs) => new Date(nowMs - ageMs) };
}

/** Removes what has ended, a batch at a time. @returns How many each batch has removed. */
export async function* purgeBatches(
  persistence: PersistenceProvider,
  ended: EndedWorkflows,
  batchSize: number,
  artifacts: ArtifactStore | undefined,
): AsyncGenerator<number> {
  for (;;) {
    const ids = await persistence.getEndedWorkflows(ended, batchSize);
    if (ids.length === 0) return;
    const count = await persistence.deleteWorkflows(ids, ended);
    if (artifacts !== undefined) await unpinRemoved(persistence, artifacts, ids);
    yield count;
    if (ids.length < batchSize) return;
  }
}
