import type { Duration } from "./duration.ts";
import type { JsonValue } from "./json.ts";

/** What `pollEndpoint` asks, how often, and when it is content. */
export interface PollEndpointConfig {
  readonly url: string;
  readonly method?: "GET" | "POST" | "PUT" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonValue;
  readonly interval: Duration;
  readonly timeout: Duration;
  readonly until: { readonly status: number } | { readonly path: string; readonly equals: JsonValue } | { readonly bodyContains: string };
}
