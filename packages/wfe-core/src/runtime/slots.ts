/** A fixed number of places; those who wait get one in the order they came. */
export class Slots {
  readonly #capacity: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get free(): number {
    return this.#capacity - this.#taken;
  }

  /** Takes a place if there is one and nobody waits for it. */
  tryTake(): boolean {
    if (this.#taken >= this.#capacity) return false;
    this.#taken += 1;
    return true;
  }

  /** Takes a place as soon as there is one. */
  async take(): Promise<void> {
    if (this.tryTake()) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Runs it in a place, as soon as there is one. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.take();
    try {
      return await work();
    } finally {
      this.give();
    }
  }

  /** Resolves when there is a place, which may be gone again by then. */
  async whenFree(): Promise<void> {
    await this.take();
    this.give();
  }

  /** Gives a place back, to the next who waits. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
