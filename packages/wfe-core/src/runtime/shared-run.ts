/** What a {@link SharedRun} opens and closes. */
export interface SharedRunOptions {
  /** Takes what the provider needs; called by the first start, and again by the first after a stop. */
  readonly open: () => void | Promise<void>;
  /** Gives it back; called by the last stop. */
  readonly close: () => void | Promise<void>;
  /** The error of a call while not running. */
  readonly notRunning: () => Error;
}

/**
 * `start` and `stop` of a provider that several hosts of one process share: opened by the first start, closed by the stop that matches the
 * last one. Opening and closing never overlap, whoever calls when.
 */
export class SharedRun {
  readonly #options: SharedRunOptions;
  /** Those who use it from one opening to the next closing; `undefined` while nobody does. */
  #users: { count: number } | undefined;
  #opened = false;
  #running = false;
  #transition: Promise<void> = Promise.resolve();

  constructor(options: SharedRunOptions) {
    this.#options = options;
  }

  /** Whether it is open: from the end of the first start to the beginning of the last stop. */
  get running(): boolean {
    return this.#running;
  }

  /** @throws What `notRunning` makes, when it is not open. */
  check(): void {
    if (!this.#running) throw this.#options.notRunning();
  }

  /** Resolves when it is open. Rejects with what `open` threw; that start then does not count. */
  async start(): Promise<void> {
    const users = this.#users ?? { count: 0 };
    users.count += 1;
    if (this.#users === undefined) {
      this.#users = users;
      this.#follow(async () => {
        await this.#options.open();
        this.#opened = true;
        this.#running = this.#users === users;
      });
    }
    try {
      await this.#transition;
    } catch (error) {
      this.#leave(users);
      throw error;
    }
  }

  /** Resolves when it is closed, or at once when others still use it. A stop without a start does nothing. */
  async stop(): Promise<void> {
    const users = this.#users;
    if (users === undefined) {
      await this.#transition.catch(() => {}); // a failed start has told those who wanted it
      return;
    }
    if (!this.#leave(users)) return;
    this.#running = false;
    this.#follow(async () => {
      if (!this.#opened) return; // the start failed, and has given back what it took
      this.#opened = false;
      await this.#options.close();
    });
    await this.#transition;
  }

  /** One of these goes, unless a stop has taken it off before. @returns Whether it was the last. */
  #leave(users: { count: number }): boolean {
    users.count = Math.max(0, users.count - 1);
    if (users.count > 0) return false;
    if (this.#users === users) this.#users = undefined;
    return true;
  }

  #follow(step: () => Promise<void>): void {
    // A failure belongs to those who wait for that transition, not to the next one.
    this.#transition = this.#transition.catch(() => {}).then(step);
  }
}
