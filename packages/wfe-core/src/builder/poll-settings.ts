import { durationMs } from "../models/duration.ts";
import type { JsonValue } from "../models/json.ts";
import type { PollEndpointConfig } from "../models/poll-endpoint.ts";
import { STRICT } from "./strict-payloads.ts";

const METHODS: readonly unknown[] = [undefined, "GET", "POST", "PUT", "HEAD"];

/**
 * The fixed settings of a poll as they stand in a graph: checked, copied, the durations in milliseconds.
 *
 * @throws RangeError for a bad duration, method, condition or an empty address; TypeError for no config at all; SerializationError for a body
 * that JSON cannot carry.
 */
export function storedPollConfig(config: PollEndpointConfig): JsonValue {
  if (typeof config !== "object" || config === null) throw new TypeError("pollEndpoint takes its config, or a function that gives one");
  if (typeof config.url !== "string" || config.url === "") throw new RangeError("url of pollEndpoint must be text that is not empty");
  if (!METHODS.includes(config.method)) throw new RangeError(`method of pollEndpoint must be GET, POST, PUT or HEAD: got ${String(config.method)}`);
  const until: unknown = config.until;
  if (typeof until !== "object" || until === null || !("status" in until || "path" in until || "bodyContains" in until)) {
    throw new RangeError("until of pollEndpoint must be { status }, { path, equals } or { bodyContains }");
  }
  const stored = {
    ...config,
    interval: durationMs(config.interval, "interval of pollEndpoint"),
    timeout: durationMs(config.timeout, "timeout of pollEndpoint"),
  };
  return STRICT.stored(stored, "the config of pollEndpoint") as JsonValue; // what `stored` gives is JSON
}
