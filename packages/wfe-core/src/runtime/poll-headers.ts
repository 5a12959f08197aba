import { PollError } from "../errors/poll-errors.ts";
import type { MaybePromise } from "../models/json.ts";

/** Gives the secret of a name, at each request. Nothing or blank text: there is none. */
export type SecretResolver = (name: string) => MaybePromise<string | undefined>;

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const SECRET = /\{secret:([\w.-]+)\}/g;
/** Those that say how a message is carried are the client's own. */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What is wrong with the headers of a poll, or `undefined`. Shows no value: there may be a secret in it that should not be. */
export function headersFault(headers: unknown): string | undefined {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return "must be a record of texts";
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const shown = JSON.stringify(name);
    if (!TOKEN.test(name)) return `has ${shown}, which is no name of a header`;
    if (RESERVED.has(lower)) return `has ${shown}, which the client sets by itself`;
    if (seen.has(lower)) return `has ${shown} twice`;
    seen.add(lower);
    if (typeof value !== "string" || !VALUE.test(value)) return `has ${shown} with a value that is no text of one line in Latin-1`;
    if (value.replace(SECRET, "").includes("{secret")) return `has ${shown} with a reference to a secret that is not like {secret:NAME}`;
  }
  return undefined;
}

/** The headers of one request with their secrets, and what keeps those out of messages. */
export interface ResolvedHeaders {
  readonly headers: Readonly<Record<string, string>>;
  /** A text without any of the secrets. */
  readonly redact: (text: string) => string;
}

/**
 * Puts the secrets into the headers, in lower case. Each is asked for once.
 *
 * @throws PollError `WFE_POLL_SECRET_MISSING`; a plain Error when the resolver fails.
 */
export async function resolvedHeaders(headers: Readonly<Record<string, string>>, resolver: SecretResolver | undefined): Promise<ResolvedHeaders> {
  const secrets = new Map<string, string>();
  for (const value of Object.values(headers)) {
    for (const [, name = ""] of value.matchAll(SECRET)) if (!secrets.has(name)) secrets.set(name, await secretOf(name, resolver));
  }
  const entries = Object.entries(headers).map(([name, value]) => {
    const resolved = value.replace(SECRET, (_, secret: string) => secrets.get(secret) ?? "").trim();
    if (!VALUE.test(resolved)) {
      throw new PollError(
        "WFE_POLL_SECRET_MISSING",
        `the header ${JSON.stringify(name)} of the poll has a secret that is no text of one line in Latin-1`,
      );
    }
    return [name.toLowerCase(), resolved] as const;
  });
  return { headers: Object.fromEntries(entries), redact: (text) => redacted(text, secrets) };
}

async function secretOf(name: string, resolver: SecretResolver | undefined): Promise<string> {
  if (resolver === undefined) {
    throw new PollError(
      "WFE_POLL_SECRET_MISSING",
      `the poll needs the secret ${JSON.stringify(name)}, and this host has no resolver: give one with the option pollEndpoints: { secrets: (name) => … }`,
    );
  }
  let secret: unknown;
  try {
    secret = await resolver(name);
  } catch {
    // Another time it may not fail. Its own message may say too much.
    throw new Error(`the resolver of this host failed for the secret ${JSON.stringify(name)}`);
  }
  // Those that are read from files end with a line break.
  const text = typeof secret === "string" ? secret.trim() : "";
  if (text === "") throw new PollError("WFE_POLL_SECRET_MISSING", `the resolver of this host has no secret ${JSON.stringify(name)}`);
  return text;
}

function redacted(text: string, secrets: ReadonlyMap<string, string>): string {
  let clean = text;
  // The longest first: one may be part of another.
  const byLength = [...secrets].toSorted(([, a], [, b]) => b.length - a.length);
  for (const [name, secret] of byLength) {
    // Host names are shown in lower case.
    clean = clean.replace(new RegExp(secret.replace(/[^\w\s]/g, "\\$&"), "gi"), () => `[secret ${name}]`);
  }
  return clean;
}
