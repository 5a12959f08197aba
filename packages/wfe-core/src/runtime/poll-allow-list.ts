/** Which addresses a host may poll. Empty, it allows nothing. */
export class PollAllowList {
  readonly #entries: readonly { readonly origin: string; readonly path: string }[];

  /**
   * @param entries - Each an origin, `https://api.example.com`, or an origin and the path under which all is allowed,
   * `https://api.example.com:8443/v1`. No wildcards.
   * @throws RangeError that shows the entry.
   */
  constructor(entries: readonly string[]) {
    this.#entries = entries.map(parsed);
  }

  /** Whether an address lies under one of the entries. Compared part by part after parsing, so that no spelling gets around it. */
  allows(url: URL): boolean {
    if (url.username !== "" || url.password !== "" || hasDotSegment(url.pathname)) return false;
    return this.#entries.some(({ origin, path }) => url.origin === origin && (url.pathname === path || url.pathname.startsWith(`${path}/`)));
  }
}

/** Rounds of decoding that a path is looked at after: some servers decode twice. */
const DECODINGS = 4;

/**
 * Whether a path has a segment `.` or `..`, also one whose dots or slashes are percent-encoded or that has a parameter (`..;a`): what `URL`
 * leaves alone, but a server behind it may resolve.
 */
export function hasDotSegment(path: string): boolean {
  let plain = path;
  for (let round = 0; round < DECODINGS; round += 1) {
    plain = plain.replace(/%(25|2e|2f|3b|5c)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  return plain.split(/[/\\]/).some((segment) => /^\.\.?(?:;|$)/.test(segment));
}

function parsed(entry: string): { readonly origin: string; readonly path: string } {
  // "*" is a letter like any other in a host name, so a wildcard would allow nothing, silently.
  const url = typeof entry === "string" && !/[\s\\*{}]/.test(entry) && URL.canParse(entry) ? new URL(entry) : undefined;
  const plain = url !== undefined && url.username === "" && url.password === "" && url.search === "" && url.hash === "" && !/[?#@]/.test(entry);
  if (!plain || !/^https?:$/.test(url.protocol) || hasDotSegment(entry)) {
    throw new RangeError(
      `allow of pollEndpoints takes origins with an optional path, like "https://api.example.com/v1", without wildcards, credentials, query and dot segments: got ${typeof entry === "string" ? JSON.stringify(entry) : String(entry)}`,
    );
  }
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, "") };
}
