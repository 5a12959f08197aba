import { PollError } from "../errors/poll-errors.ts";
import { hasDotSegment } from "./poll-allow-list.ts";

/** Characters of an address, at most: few servers take more. */
const LONGEST = 8_192;
const SHAPE = /^https?:\/\/[^/?{}@]+(?:[/?].*)?$/i;
const NAME = /^[A-Za-z_]\w*(?:\.\w+)*$/;

/**
 * What is wrong with the template of an address, or `undefined`. Placeholders stand behind the host, so none can change where the request goes.
 */
export function templateFault(template: string): string | undefined {
  // `URL` would drop or turn some of these without a word.
  if (/[\s\p{Cc}\\#]/u.test(template)) return "must not contain spaces, control characters, backslashes or a fragment";
  const parts = template.split(PLACEHOLDER);
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 1 && !NAME.test(part)) return `has a placeholder that is no name, or names joined by dots: {${part}}`;
    if (index % 2 === 0 && /[{}]/.test(part)) return "has a brace that belongs to no placeholder";
  }
  if (!SHAPE.test(template)) return "must be an absolute http or https address without credentials, with placeholders in its path and query only";
  const sample = template.replace(PLACEHOLDER, "x");
  if (!URL.canParse(sample)) return "is no valid address";
  if (hasDotSegment(pathOf(sample))) return "must not have dot segments in its path";
  return undefined;
}

/**
 * The address of a template. Each value is percent-encoded, so that it stays one piece of the path or of the query.
 *
 * @param lookUp - The value of a placeholder; anything but text, a finite number or a boolean is refused.
 * @throws PollError `WFE_POLL_URL_INVALID`
 */
export function urlOf(template: string, lookUp: (name: string) => unknown): URL {
  const parts = template.split(PLACEHOLDER);
  let text = "";
  for (const [index, part] of parts.entries()) text += index % 2 === 0 ? part : encoded(part, lookUp(part), !text.includes("?"));
  if (hasDotSegment(pathOf(text))) throw refused(template, "would get a dot segment in its path from a placeholder");
  if (text.length > LONGEST) throw refused(template, `would be longer than ${LONGEST} characters`);
  return new URL(text);
}

/** An address as messages show it: what its query has is the workflow's affair. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

const PLACEHOLDER = /\{([^{}]*)\}/g;

function encoded(name: string, value: unknown, inPath: boolean): string {
  const scalar = typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
  if (!scalar) {
    const problem = value === undefined ? "which neither params nor the data has" : "whose value is neither text, nor a number, nor a boolean";
    throw new PollError("WFE_POLL_URL_INVALID", `the url of the poll has the placeholder {${name}}, ${problem}`);
  }
  const text = String(value);
  // An order without its id would be the list of all orders.
  if (text === "" && inPath) throw new PollError("WFE_POLL_URL_INVALID", `the placeholder {${name}} in the path of the poll's url is empty`);
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new PollError("WFE_POLL_URL_INVALID", `the placeholder {${name}} in the url of the poll has half a character of Unicode`, { cause });
  }
}

function pathOf(text: string): string {
  return text.replace(/^[a-z]+:\/\/[^/?]*/i, "").replace(/\?.*$/s, "");
}

function refused(template: string, problem: string): PollError {
  return new PollError("WFE_POLL_URL_INVALID", `the url of the poll, ${JSON.stringify(template)}, ${problem}`);
}
