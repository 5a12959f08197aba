/**
 * Around every stored payload: data, events, persistence data, items, outcomes; never ids, names, keys or counters. Synchronous, because a
 * commit to SQLite is. `decode(encode(value))` must be deep-equal to `value`.
 */
export interface Codec {
  encode(value: unknown): string;
  decode(text: string): unknown;
}
