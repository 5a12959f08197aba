/** What a request is made of. `fetch` takes it as its second argument. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** An answer that points elsewhere is given back as it is. */
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

/** What is read of an answer; a `Response` of `fetch` has it all. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** Decompressed. `null` when there is none. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Asks an address: `fetch`, or what stands in for it. Follows no redirect, ends with the signal, and may reject with anything. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpResponse>;
