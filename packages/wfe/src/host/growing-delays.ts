/** Ids remembered at most; the one put off longest ago starts anew. */
const REMEMBERED = 10_000;

/** Delays that double each time the same thing is put off, and start anew once it went well. */
export class GrowingDelays {
  readonly #firstMs: number;
  readonly #longestMs: number;
  /** In the order in which they were put off. */
  readonly #delays = new Map<string, number>();

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /** The delay for this time, in milliseconds. */
  next(id: string): number {
    const delayMs = this.#delays.get(id) ?? this.#firstMs;
    this.#delays.delete(id);
    this.#delays.set(id, Math.min(2 * delayMs, this.#longestMs));
    if (this.#delays.size > REMEMBERED) {
      // What another host has brought to its end is never forgotten here by name.
      const [oldest] = this.#delays.keys();
      if (oldest !== undefined) this.#delays.delete(oldest);
    }
    return delayMs;
  }

  /** It went well. */
  forget(id: string): void {
    this.#delays.delete(id);
  }
}
