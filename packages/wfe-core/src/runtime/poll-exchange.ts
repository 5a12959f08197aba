import { PollError } from "../errors/poll-errors.ts";
import type { PollCondition } from "../models/poll-endpoint.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../traits/http-client.ts";
import type { PollAllowList } from "./poll-allow-list.ts";
import { shownUrl } from "./poll-url.ts";

/** Redirects that one request follows. */
const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const OF_BODY = ["content-type", "content-encoding", "content-language", "content-location"];

/** What an exchange needs of its host. */
export interface ExchangeServices {
  readonly fetch: HttpClient;
  readonly allowList: PollAllowList;
}

/**
 * Asks an address and follows its redirects, by hand: none leaves the origin, so no header ever does. As `fetch` does, a POST goes on as a GET
 * unless the redirect keeps the method. A redirect whose status is awaited is an answer.
 *
 * @throws PollError `WFE_POLL_URL_NOT_ALLOWED`, `WFE_POLL_REDIRECT_REFUSED`; what the client throws; the reason of the request's signal.
 */
export async function exchange(services: ExchangeServices, until: PollCondition, first: URL, request: HttpRequest): Promise<HttpResponse> {
  const { fetch, allowList } = services;
  if (!allowList.allows(first)) {
    const message = `this host may not poll ${shownUrl(first)}: allow it with the option pollEndpoints: { allow: [${JSON.stringify(first.origin)}] }`;
    throw new PollError("WFE_POLL_URL_NOT_ALLOWED", message);
  }
  let url = first;
  let sent = request;
  for (let redirects = 0; ; redirects += 1) {
    request.signal.throwIfAborted();
    const response = await fetch(url.href, sent);
    const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
    if (location === null || ("status" in until && until.status === response.status)) return response;
    await discard(response);
    const refused = (problem: string): PollError =>
      new PollError("WFE_POLL_REDIRECT_REFUSED", `the poll of ${shownUrl(first)} was redirected ${problem}`);
    if (redirects === MOST_REDIRECTS) throw refused(`more than ${MOST_REDIRECTS} times`);
    if (!URL.canParse(location, url.href)) throw refused("to what is no address");
    url = new URL(location, url);
    if (url.origin !== first.origin) throw refused(`to another host, ${url.origin}`);
    // The address is not shown: a server may put into it what it was sent.
    if (!allowList.allows(url)) throw refused("to a path that this host may not poll");
    sent = redirectedRequest(sent, response.status);
  }
}

/** Lets go of a body that nobody reads. */
async function discard(response: HttpResponse): Promise<void> {
  try {
    await response.body?.[Symbol.asyncIterator]().return?.();
  } catch {
    // It is not wanted anyway.
  }
}

function redirectedRequest(request: HttpRequest, status: number): HttpRequest {
  const toGet = status === 303 ? request.method !== "HEAD" : status <= 302 && request.method === "POST";
  if (!toGet) return request;
  const { body: _, ...rest } = request;
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !OF_BODY.includes(name)));
  return { ...rest, method: "GET", headers };
}
