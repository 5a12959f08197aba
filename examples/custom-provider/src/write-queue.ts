type Outcomes = readonly PromiseSettledResult<unknown>[];

interface Waiting<T> {
  readonly work: T;
  readonly settle: (outcome: PromiseSettledResult<unknown>) => void;
}

/**
 * Does work of one kind in batches, one after the other: what comes while one is under way is the next one. Many small changes of a large file
 * cost few writes of it so.
 */
export class WriteQueue<T> {
  #waiting: Waiting<T>[] = [];
  #running: Promise<void> | undefined;

  /**
   * Adds work.
   *
   * @param runBatch - Does a batch, and gives the outcome of each, in order; its rejection is that of all. Of those who add work while some is
   * under way, the first one's is called.
   * @returns What came of this work.
   */
  add(work: T, runBatch: (batch: readonly T[]) => Promise<Outcomes>): Promise<unknown> {
    const outcome = new Promise<PromiseSettledResult<unknown>>((settle) => this.#waiting.push({ work, settle }));
    this.#running ??= this.#runAll(runBatch);
    return outcome.then((settled) => (settled.status === "fulfilled" ? settled.value : Promise.reject(settled.reason as Error)));
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #runAll(runBatch: (batch: readonly T[]) => Promise<Outcomes>): Promise<void> {
    await Promise.resolve(); // what is added at the same moment is of the first batch
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const outcomes = await runBatch(batch.map(({ work }) => work)).catch((reason: unknown) =>
        batch.map(() => ({ status: "rejected" as const, reason })),
      );
      for (const [place, outcome] of outcomes.entries()) batch[place]?.settle(outcome);
    }
    this.#running = undefined;
  }
}
