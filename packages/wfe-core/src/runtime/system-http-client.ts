import type { HttpClient } from "../traits/http-client.ts";

/** The `fetch` of the platform, as it is when it is called. */
export const systemHttpClient: HttpClient = (url, request) => globalThis.fetch(url, request);
