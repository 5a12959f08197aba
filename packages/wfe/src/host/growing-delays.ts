/** Delays that double each time the same thing is put off, and start anew once it went well. */
export class GrowingDelays {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #delays = new Map<string, number>();

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /** The delay for this time, in milliseconds. */
  next(id: string): number {
    const delayMs = this.#delays.get(id) ?? this.#firstMs;
    this.#delays.set(id, Math.min(2 * delayMs, this.#longestMs));
    return delayMs;
  }

  /** It went well. */
  forget(id: string): void {
    this.#delays.delete(id);
  }
}
