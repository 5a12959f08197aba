import { emptyState, type State } from "./state.ts";

/** Changes when an older program could not read what a newer one writes. */
const FORMAT = 1;

/** A file that was written by a newer program. */
export class NewerFormatError extends Error {
  override readonly name = "NewerFormatError";
}

/**
 * The state as JSON. An instant is `{ "$date": milliseconds }` and a map `{ "$map": entries }`: nothing that is stored looks so by itself, as
 * payloads are texts here.
 */
export function textOf(state: State): string {
  return JSON.stringify({ format: FORMAT, ...state }, function (this: Record<string, unknown>, key, value: unknown) {
    const plain = this[key]; // `value` is what a `toJSON` has made of it, which is a text for an instant
    if (plain instanceof Date) return { $date: plain.getTime() };
    return plain instanceof Map ? { $map: [...plain] } : value;
  });
}

/**
 * What {@link textOf} has written.
 *
 * @param text - `undefined` when there is no file.
 * @throws SyntaxError for what is no JSON, TypeError for JSON that is no state, NewerFormatError.
 */
export function stateOf(text: string | undefined): State {
  if (text === undefined) return emptyState();
  const read: unknown = JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if ("$date" in value && typeof value.$date === "number") return new Date(value.$date);
    return "$map" in value && Array.isArray(value.$map) ? new Map(value.$map as [string, unknown][]) : value; // entries that `textOf` has written
  });
  if (typeof read !== "object" || read === null || !("format" in read) || typeof read.format !== "number") throw new TypeError("it has no format");
  if (read.format > FORMAT) throw new NewerFormatError(`it has the format ${read.format}, and ${FORMAT} is the last one known here`);
  const { format: _format, ...state } = read;
  return state as State; // what this program writes, and nobody else
}
