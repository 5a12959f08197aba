import { type Duration, durationMs } from "../models/duration.ts";
import { PollAllowList } from "./poll-allow-list.ts";
import type { SecretResolver } from "./poll-headers.ts";

/** What a host lets `pollEndpoint` do. */
export interface PollOptions {
  /**
   * What may be polled: origins, `https://api.example.com`, each with an optional path under which all is allowed, `https://api.example.com/v1`.
   * No wildcards. @default nothing
   */
  readonly allow: readonly string[];
  /**
   * Gives the secrets that headers name with `{secret:NAME}`, at each request. It should know those of polls alone: headers that a workflow makes of
   * its data may name any. @default there are none
   */
  readonly secrets?: SecretResolver;
  /** Longest body of an answer, in bytes after decompression, 1 or more. @default 262144 */
  readonly maxBodySize?: number;
  /** Limit of one request with all it is redirected to, longer than 0. @default "30s" */
  readonly requestTimeout?: Duration;
}

/** The options as polls read them. */
export interface PollRules {
  readonly allowList: PollAllowList;
  readonly secrets: SecretResolver | undefined;
  readonly maxBodySize: number;
  readonly requestTimeoutMs: number;
}

/** @throws RangeError that names the option, its value and its bounds. */
export function pollRules(options: PollOptions = { allow: [] }): PollRules {
  const { allow, secrets, maxBodySize = 262_144 } = options;
  if (!Array.isArray(allow)) throw new RangeError("allow of pollEndpoints must be a list of addresses");
  if (secrets !== undefined && typeof secrets !== "function") throw new RangeError("secrets of pollEndpoints must be a function");
  if (!Number.isInteger(maxBodySize) || maxBodySize < 1) {
    throw new RangeError(`maxBodySize of pollEndpoints must be a whole number, 1 or more: got ${maxBodySize}`);
  }
  const requestTimeoutMs = durationMs(options.requestTimeout ?? 30_000, "requestTimeout of pollEndpoints");
  if (requestTimeoutMs === 0) throw new RangeError("requestTimeout of pollEndpoints must be longer than 0");
  return { allowList: new PollAllowList(allow), secrets, maxBodySize, requestTimeoutMs };
}
