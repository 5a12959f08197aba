import type { LifecycleEvent } from "wfe-core";

/** Events kept while the reader is busy; beyond it the oldest are dropped. */
const BUFFERED = 10_000;

/** What a {@link LifecycleReader} works with. */
export interface LifecycleReaderOptions {
  readonly signal: AbortSignal | undefined;
  /** Subscribes at a publisher; `undefined` when events come by {@link LifecycleReader.push} alone. */
  readonly subscribe: (listener: (event: LifecycleEvent) => void) => Promise<() => void> | undefined;
  /** Events were dropped; told once until the reader has caught up. */
  readonly tooSlow: () => void;
  /** Nothing is to be pushed any more. */
  readonly ended: () => void;
}

/** Lifecycle events one by one, from the moment it is made until it is ended; what came before the end stays readable after it. */
export class LifecycleReader implements AsyncIterableIterator<LifecycleEvent> {
  readonly #options: LifecycleReaderOptions;
  readonly #subscription: Promise<() => void> | undefined;
  readonly #buffer: LifecycleEvent[] = [];
  #dropped = false;
  #over = false;
  /** Those who ask for the next event and have to wait. */
  #waiting: (() => void)[] = [];

  constructor(options: LifecycleReaderOptions) {
    this.#options = options;
    if (options.signal?.aborted === true) {
      this.#over = true;
      return;
    }
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#subscription = options.subscribe((event) => this.push(event));
    this.#subscription?.catch(() => this.end()); // told by `next`
  }

  /** Gives the reader an event. */
  push(event: LifecycleEvent): void {
    if (this.#over) return;
    if (this.#buffer.length === BUFFERED) {
      this.#buffer.shift();
      if (!this.#dropped) this.#options.tooSlow();
      this.#dropped = true;
    }
    this.#buffer.push(event);
    this.#wake();
  }

  /** No event comes any more. Idempotent. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#options.ended();
    this.#subscription?.then(
      (unsubscribe) => unsubscribe(),
      () => {},
    );
    this.#wake();
  }

  /** @throws what the publisher said to the subscription. */
  async next(): Promise<IteratorResult<LifecycleEvent, undefined>> {
    await this.#subscription;
    for (;;) {
      const event = this.#buffer.shift();
      if (event !== undefined) return { done: false, value: event };
      this.#dropped = false;
      if (this.#over) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The reader has seen enough, as `break` in a `for await` says. */
  return(): Promise<IteratorResult<LifecycleEvent, undefined>> {
    this.end();
    this.#buffer.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  readonly #onAbort = (): void => this.end();
}
