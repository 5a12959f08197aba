import { type Clock, endsWithin } from "wfe-core";

/** Knows what was asked for and is not answered yet. */
export class UnderWay {
  readonly #work = new Set<Promise<unknown>>();

  /** @returns The same promise. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    const end = (): void => void this.#work.delete(work);
    work.then(end, end);
    return work;
  }

  /** Resolves when all of it is answered, also what is asked for meanwhile, or when this time is over; never rejects. */
  async settled(clock: Clock, timeoutMs: number): Promise<void> {
    if (this.#work.size === 0) return;
    await endsWithin(this.#settled(), clock, timeoutMs);
  }

  async #settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }
}
