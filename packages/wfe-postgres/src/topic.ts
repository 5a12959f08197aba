import { hash } from "node:crypto";

/**
 * The number under which events and subscriptions of a topic are found, and which is locked while they meet: 64 bits of a digest of name and
 * key, as text. Names and keys are of any length, which no index of PostgreSQL takes; and different topics may have one number, so that
 * name and key are compared besides.
 */
export function topicOf(name: string, key: string): string {
  // The length tells ("a", "bc") from ("ab", "c"). UTF-16 keeps lone surrogates apart.
  return numberOf(`${name.length}:${name}${key}`);
}

/** The number under which open subscriptions of an activity are found, see {@link topicOf}. */
export function activityTopic(activity: string): string {
  return numberOf(activity);
}

function numberOf(text: string): string {
  return hash("sha256", Buffer.from(text, "utf16le"), "buffer").readBigInt64BE(0).toString();
}
