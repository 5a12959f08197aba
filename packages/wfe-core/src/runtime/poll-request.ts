import { isDeepStrictEqual } from "node:util";
import { PollError, type PollErrorCode } from "../errors/poll-errors.ts";
import { SerializationError } from "../errors/value-errors.ts";
import type { JsonValue } from "../models/json.ts";
import type { PollCondition, StoredPollConfig } from "../models/poll-endpoint.ts";
import type { Clock } from "../traits/clock.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../traits/http-client.ts";
import { atPath } from "./json-path.ts";
import { Payloads } from "./payloads.ts";
import { bodyText, bodyValue } from "./poll-body.ts";
import { exchange } from "./poll-exchange.ts";
import { resolvedHeaders } from "./poll-headers.ts";
import type { PollRules } from "./poll-rules.ts";
import { shownUrl, urlOf } from "./poll-url.ts";

/** What a poll needs of its host. */
export interface PollServices extends PollRules {
  readonly fetch: HttpClient;
  readonly clock: Pick<Clock, "setTimer">;
}

/** What came of one request. */
export type PollAnswer =
  | { readonly satisfied: true; readonly status: number; readonly body: JsonValue }
  /** `problem` is a clause for people: what the last answer was, or why there was none. Without secrets. */
  | { readonly satisfied: false; readonly problem: string };

const STRICT = new Payloads();
/** Characters of what a client says of its failure, at most. */
const LONGEST_PROBLEM = 200;
/** Answers that say "later" of themselves, besides those of 500 and more. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Asks once.
 *
 * Not satisfied, so that the poll goes on until its timeout: another answer of 2xx or 3xx; 408, 425, 429 and 5xx; 404 when a status is waited for,
 * because what is polled may not be there yet; no answer in time, a connection that fails, a resolver of secrets that throws. Any other 4xx says
 * that the request itself is at fault.
 *
 * @param config - What `storedPollConfig` gave.
 * @param data - Where placeholders are looked up that `params` does not have, by dotted path.
 * @throws PollError, whose codes all mean that the next request would fail the same way: `WFE_POLL_URL_INVALID`, `WFE_POLL_URL_NOT_ALLOWED`,
 * `WFE_POLL_REDIRECT_REFUSED`, `WFE_POLL_BODY_TOO_LARGE`, `WFE_POLL_SECRET_MISSING`, `WFE_POLL_REJECTED`; SerializationError for an awaited body that
 * cannot be stored; the signal's reason when it aborts.
 */
export async function pollOnce(config: StoredPollConfig, data: unknown, services: PollServices, signal: AbortSignal): Promise<PollAnswer> {
  signal.throwIfAborted();
  const { params = {} } = config;
  const url = urlOf(config.url, (name) => (Object.hasOwn(params, name) ? params[name] : atPath(data, name)));
  const end = new AbortController();
  const late = new Error("late");
  const timer = services.clock.setTimer(services.requestTimeoutMs, () => end.abort(late));
  const stop = (): void => end.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await orAborted(answerOf(config, url, services, end.signal), end.signal);
  } catch (error) {
    if (error !== late) throw error;
    return { satisfied: false, problem: `${shownUrl(url)} gave no answer within ${services.requestTimeoutMs} ms` };
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", stop);
    end.abort(); // what is still under way is not wanted
  }
}

async function answerOf(config: StoredPollConfig, url: URL, services: PollServices, signal: AbortSignal): Promise<PollAnswer> {
  const what = shownUrl(url);
  let redact = (text: string): string => text;
  try {
    const resolved = await resolvedHeaders(config.headers ?? {}, services.secrets);
    ({ redact } = resolved);
    const response = await exchange(services, config.until, url, requestOf(config, resolved.headers, signal));
    return await judged(config.until, response, services.maxBodySize, what);
  } catch (error) {
    if (error instanceof SerializationError) throw error;
    if (error instanceof PollError) throw new PollError(error.code as PollErrorCode, redact(error.message)); // its own code
    return { satisfied: false, problem: redact(`${what} could not be asked: ${problemOf(error)}`) };
  }
}

function requestOf({ method = "GET", body }: StoredPollConfig, headers: Readonly<Record<string, string>>, signal: AbortSignal): HttpRequest {
  const request = { method, headers: { ...headers }, redirect: "manual", signal } as const;
  if (body === undefined) return request;
  const contentType = headers["content-type"] ?? "application/json";
  const asItIs = typeof body === "string" && !/\bjson\b/i.test(contentType);
  return { ...request, headers: { ...headers, "content-type": contentType }, body: asItIs ? body : JSON.stringify(body) };
}

async function judged(until: PollCondition, response: HttpResponse, maxBodySize: number, what: string): Promise<PollAnswer> {
  const { status } = response;
  const problem = `${what} answered with the status ${status}`;
  const byStatus = "status" in until;
  if (byStatus ? status !== until.status : status < 200 || status > 299) {
    const rejected = status >= 400 && status < 500 && !LATER.has(status) && !(status === 404 && byStatus);
    if (rejected) throw new PollError("WFE_POLL_REJECTED", problem);
    return { satisfied: false, problem };
  }
  const text = await bodyText(response, maxBodySize, what);
  const body = bodyValue(text);
  if (!holds(until, text, body)) return { satisfied: false, problem: `${problem}, and its body is not what is awaited` };
  return { satisfied: true, status, body: STRICT.stored(body, `the answer of ${what}`) as JsonValue }; // what is stored is JSON
}

function holds(until: PollCondition, text: string, body: JsonValue): boolean {
  if ("status" in until) return true;
  if ("bodyContains" in until) return text.includes(until.bodyContains);
  const found = atPath(body, until.path);
  return found === until.equals || isDeepStrictEqual(found, until.equals); // the first for JSON's one zero
}

/** What is known of a failure below HTTP: the system's code, or a text. */
function problemOf(error: unknown): string {
  const { cause, code, message } = Object(error) as { readonly cause?: unknown; readonly code?: unknown; readonly message?: unknown };
  const below = Object(cause) as { readonly code?: unknown; readonly message?: unknown };
  const isText = (candidate: unknown): candidate is string => typeof candidate === "string" && candidate !== "";
  return ([below.code, code, below.message, message].find(isText) ?? "no reason given").slice(0, LONGEST_PROBLEM);
}

/** The answer, or the signal's reason: a client, or a resolver, that does not heed the signal is left behind. */
function orAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    answer.then(resolve, reject);
  });
}
