import { TextDecoder } from "node:util";
import { PollError } from "../errors/poll-errors.ts";
import type { JsonValue } from "../models/json.ts";
import type { HttpResponse } from "../traits/http-client.ts";

/**
 * The text of a body. Reading stops beyond the limit, so that neither a long body nor a small one that unpacks to a large one is held.
 *
 * @param what - Names the address in the message.
 * @throws PollError `WFE_POLL_BODY_TOO_LARGE`; what the client throws.
 */
export async function bodyText(response: HttpResponse, limit: number, what: string): Promise<string> {
  const decoder = decoderOf(response.headers.get("content-type") ?? "");
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) {
      throw new PollError(
        "WFE_POLL_BODY_TOO_LARGE",
        `the answer of ${what} is longer than ${limit} bytes: raise the option pollEndpoints: { maxBodySize }, or ask for less`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The value of a body: JSON where it is JSON, else its text; `null` when it is empty. */
export function bodyValue(text: string): JsonValue {
  if (text === "") return null;
  try {
    return JSON.parse(text) as JsonValue; // what `parse` gives is JSON
  } catch {
    return text;
  }
}

function decoderOf(contentType: string): TextDecoder {
  const [, charset = "utf-8"] = /;\s*charset="?([^\s;"]+)/i.exec(contentType) ?? [];
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder(); // of a name that nobody knows
  }
}
