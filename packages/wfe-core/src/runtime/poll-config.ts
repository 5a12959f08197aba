import { durationMs } from "../models/duration.ts";
import { POLL_METHODS, type PollCondition, type PollEndpointConfig, type StoredPollConfig } from "../models/poll-endpoint.ts";
import { isPath } from "./json-path.ts";
import { Payloads } from "./payloads.ts";
import { headersFault } from "./poll-headers.ts";
import { templateFault } from "./poll-url.ts";

const KEYS: ReadonlySet<string> = new Set(["url", "params", "method", "headers", "body", "interval", "timeout", "until"]);
/** Plain JSON, whatever codec the host has for data. */
const STRICT = new Payloads();

/**
 * The settings of a poll as they are stored: checked, copied, frozen, the durations in milliseconds. What it gives it takes again, unchanged. For
 * fixed ones when the workflow is built, and for selected ones when they are selected.
 *
 * @throws RangeError that names the setting; TypeError for no config at all; SerializationError for a body or a value that JSON cannot carry.
 */
export function storedPollConfig(config: PollEndpointConfig): StoredPollConfig {
  if (!isRecord(config)) throw new TypeError("pollEndpoint takes its config, or a function that gives one");
  for (const key of Object.keys(config)) if (!KEYS.has(key)) throw new RangeError(`pollEndpoint has no setting ${JSON.stringify(key)}`);
  const { url, params, method, headers, body, until } = config;
  if (typeof url !== "string" || url === "") throw new RangeError("url of pollEndpoint must be text that is not empty");
  refuse("url", templateFault(url));
  if (params !== undefined) refuse("params", paramsFault(params));
  if (method !== undefined && !POLL_METHODS.includes(method)) {
    throw new RangeError(`method of pollEndpoint must be GET, POST, PUT or HEAD: got ${String(method)}`);
  }
  if (headers !== undefined) refuse("headers", headersFault(headers));
  if (body !== undefined && method !== "POST" && method !== "PUT") {
    throw new RangeError(`body of pollEndpoint goes with POST or PUT: the method is ${method ?? "GET"}`);
  }
  const stored = {
    ...config,
    interval: durationMs(config.interval, "interval of pollEndpoint"),
    timeout: durationMs(config.timeout, "timeout of pollEndpoint"),
    until: checkedCondition(until, method === "HEAD"),
  };
  if (stored.interval === 0) throw new RangeError("interval of pollEndpoint must be longer than 0");
  return STRICT.stored(stored, "the config of pollEndpoint") as StoredPollConfig; // its keys and values were looked at
}

function checkedCondition(until: unknown, withoutBody: boolean): PollCondition {
  const given = isRecord(until) ? Object.entries(until).flatMap(([key, value]) => (value === undefined ? [] : [key])) : [];
  const keys = given.toSorted().join(" ");
  const { status, path, bodyContains } = (until ?? {}) as Readonly<Record<string, unknown>>;
  switch (keys) {
    case "status":
      // Those below 200 are not the answer yet.
      if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599)
        refuse("status of until", "must be a whole number from 200 to 599");
      break;
    case "equals path":
      if (!isPath(path)) refuse("path of until", "must be names joined by dots, like order.lines.0.state");
      break;
    case "bodyContains":
      if (typeof bodyContains !== "string" || bodyContains === "") refuse("bodyContains of until", "must be text that is not empty");
      break;
    default:
      throw new RangeError("until of pollEndpoint must be { status }, { path, equals } or { bodyContains }");
  }
  if (withoutBody && keys !== "status") refuse("until", "must be { status } with the method HEAD, whose answers have no body");
  return until as PollCondition; // which is what was found out
}

function paramsFault(params: unknown): string | undefined {
  if (!isRecord(params)) return "must be a record";
  const bad = Object.entries(params).find(([, value]) => !["string", "boolean"].includes(typeof value) && !Number.isFinite(value));
  return bad === undefined ? undefined : `must have text, finite numbers and booleans: ${JSON.stringify(bad[0])} is none`;
}

function refuse(setting: string, fault: string | undefined): void {
  if (fault !== undefined) throw new RangeError(`${setting} of pollEndpoint ${fault}`);
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
