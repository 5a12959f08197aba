import {
  type Codec,
  DEFAULT_PAYLOAD_LIMITS,
  type Duration,
  durationMs,
  type PollOptions,
  type PollRules,
  pollRules,
  type PurgeOptions,
} from "wfe-core";
import { type ResolvedPurge, resolvePurge } from "../purger.ts";

/** What a host removes by itself. */
export interface PurgeRule extends Pick<PurgeOptions, "status" | "batchSize"> {
  /** Ended longer ago. */
  readonly olderThan: Duration;
}

/** Settings of a host; each has a default. */
export interface HostOptions {
  /** Instances whose pass runs on this host at the same time, 1 or more. Waiting and sleeping ones take no room. @default 256 */
  readonly maxConcurrentWorkflows?: number;
  /** Bodies of one instance that run at the same time, 1 or more. @default 16 */
  readonly maxConcurrentStepsPerWorkflow?: number;
  /** How often the store is searched for due work; what a lost hint costs at most. 10 ms or more. @default "1s" */
  readonly sweepInterval?: Duration;
  /** How often the lock provider is asked for leases whose owner is gone, to take its work over. 10 ms or more. @default "1s" */
  readonly takeOverInterval?: Duration;
  /** How long a lease lasts unless it is renewed, which happens three times in it. 30 ms or more. @default "30s" */
  readonly lockTtl?: Duration;
  /** How long `stop` lets running bodies finish. @default "30s" */
  readonly shutdownTimeout?: Duration;
  /** Starts of a step that end in the loss of their host after which it fails with `WFE_STEP_CRASHED`, 1 or more. @default 5 */
  readonly maxCrashes?: number;
  /** How long delivered events are kept. @default "30d" */
  readonly eventRetention?: Duration;
  /**
   * Instances to remove by themselves: `[{ status: "complete", olderThan: "30d" }]`. At the start and every `purgeInterval`, by one host at a time;
   * then artifacts that nobody keeps, where a store of them is set. A client does not.
   *
   * @default nothing is removed
   */
  readonly purge?: readonly PurgeRule[];
  /** How often `purge` is followed. 1 s or more. @default "1h" */
  readonly purgeInterval?: Duration;
  /** Longest data of an instance, in characters when encoded. @default 1048576 */
  readonly maxDataSize?: number;
  /** Longest payload of an event, in characters when encoded. @default 262144 */
  readonly maxEventSize?: number;
  /** Open pointers of an instance at most. @default 20000 */
  readonly maxOpenPointers?: number;
  /** Sub-workflows in each other at most, 1 or more: what ends a recursion. @default 32 */
  readonly maxSubWorkflowDepth?: number;
  /** Around every stored payload. @default strict JSON */
  readonly codec?: Codec;
  /** What `pollEndpoint` may ask, and where the secrets in its headers come from. @default nothing may be polled */
  readonly pollEndpoints?: PollOptions;
}

/** The settings as the host reads them. */
export interface ResolvedHostOptions {
  readonly maxConcurrentWorkflows: number;
  readonly maxConcurrentSteps: number;
  readonly sweepIntervalMs: number;
  readonly takeOverIntervalMs: number;
  /** How long those who wait for something of another process leave the store alone at most. */
  readonly longestPollMs: number;
  readonly lockTtlMs: number;
  readonly shutdownTimeoutMs: number;
  readonly maxCrashes: number;
  readonly eventRetentionMs: number;
  readonly purge: readonly ResolvedPurge[];
  readonly purgeIntervalMs: number;
  readonly maxDataSize: number;
  readonly maxEventSize: number;
  readonly maxOpenPointers: number;
  readonly maxDepth: number;
  readonly codec: Codec | undefined;
  readonly polls: PollRules;
}

/** @throws RangeError that names the option, its value and its bounds. */
export function resolveHostOptions(options: HostOptions): ResolvedHostOptions {
  return {
    maxConcurrentWorkflows: count("maxConcurrentWorkflows", options.maxConcurrentWorkflows ?? 256),
    maxConcurrentSteps: count("maxConcurrentStepsPerWorkflow", options.maxConcurrentStepsPerWorkflow ?? 16),
    sweepIntervalMs: atLeast("sweepInterval", options.sweepInterval ?? 1_000, 10),
    takeOverIntervalMs: atLeast("takeOverInterval", options.takeOverInterval ?? 1_000, 10),
    longestPollMs: 1_000,
    lockTtlMs: atLeast("lockTtl", options.lockTtl ?? 30_000, 30),
    shutdownTimeoutMs: durationMs(options.shutdownTimeout ?? 30_000, "shutdownTimeout"),
    maxCrashes: count("maxCrashes", options.maxCrashes ?? 5),
    eventRetentionMs: durationMs(options.eventRetention ?? "30d", "eventRetention"),
    purge: purgeRules(options.purge ?? []),
    purgeIntervalMs: atLeast("purgeInterval", options.purgeInterval ?? "1h", 1_000),
    maxDataSize: count("maxDataSize", options.maxDataSize ?? DEFAULT_PAYLOAD_LIMITS.data),
    maxEventSize: count("maxEventSize", options.maxEventSize ?? DEFAULT_PAYLOAD_LIMITS.event),
    maxOpenPointers: count("maxOpenPointers", options.maxOpenPointers ?? 20_000),
    maxDepth: count("maxSubWorkflowDepth", options.maxSubWorkflowDepth ?? 32),
    codec: options.codec,
    polls: pollRules(options.pollEndpoints),
  };
}

function purgeRules(rules: readonly PurgeRule[]): readonly ResolvedPurge[] {
  if (!Array.isArray(rules)) throw new RangeError(`purge must be a list of rules: got ${JSON.stringify(rules)}`);
  return rules.map((rule: PurgeRule & Partial<PurgeOptions>) => {
    if ((rule.olderThan as unknown) instanceof Date || rule.dryRun !== undefined)
      throw new RangeError('a rule of purge has status, olderThan, which is a duration such as "30d", and batchSize');
    return resolvePurge(rule);
  });
}

function count(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number, 1 or more: got ${value}`);
  return value;
}

function atLeast(name: string, value: Duration, leastMs: number): number {
  const ms = durationMs(value, name);
  if (ms < leastMs) throw new RangeError(`${name} must be ${leastMs} ms or more: got ${value}`);
  return ms;
}
