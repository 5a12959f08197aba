import type { Duration } from "./duration.ts";
import type { JsonValue } from "./json.ts";

/** Methods that `pollEndpoint` can ask with. */
export const POLL_METHODS = ["GET", "POST", "PUT", "HEAD"] as const;
/** Method that `pollEndpoint` asks with. */
export type PollMethod = (typeof POLL_METHODS)[number];

/**
 * When a poll is content: with a status, from 200 to 599; or with an answer of 2xx whose body has this JSON at a dotted path (own properties, indices of arrays;
 * `$` is the whole, `$.a.b` and `a.b` are the same), or contains this text.
 */
export type PollCondition = { readonly status: number } | { readonly path: string; readonly equals: JsonValue } | { readonly bodyContains: string };

/** What `pollEndpoint` asks, how often, and when it is content. Plain JSON; a setting that is not one of these is refused. */
export interface PollEndpointConfig {
  /**
   * `https://api.example.com/orders/{orderId}`: an absolute address of `http` or `https`. Placeholders may stand in its path and its query; each
   * is filled, percent-encoded, from `params`, or from the workflow's data when `params` does not have it. The host has to allow the address.
   */
  readonly url: string;
  /** For the placeholders of `url`: text, finite numbers, booleans. @default none */
  readonly params?: Readonly<Record<string, string | number | boolean>>;
  /** @default "GET" */
  readonly method?: PollMethod;
  /** `{secret:NAME}` in a value is replaced by what the host's resolver gives, at each request; it is not stored. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Sent as JSON with POST or PUT; other methods have none. Text goes out as it is when `headers` has a content type that is not JSON.
   *
   * @default none
   */
  readonly body?: JsonValue;
  /** From one answer to the next request, longer than 0. */
  readonly interval: Duration;
  /** Of the whole poll, from its first request; the last one is made when it is over, so that 0 asks once. */
  readonly timeout: Duration;
  readonly until: PollCondition;
}

/** A {@link PollEndpointConfig} that was checked, as it is stored. The durations are milliseconds. */
// No interface, so that it is a JsonValue.
export type StoredPollConfig = {
  readonly url: string;
  readonly params?: { readonly [name: string]: string | number | boolean };
  readonly method?: PollMethod;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: JsonValue;
  readonly interval: number;
  readonly timeout: number;
  readonly until: PollCondition;
};
