import type { LifecycleEvent } from "wfe-core";
import type { LifecycleEvents, WantedEvents } from "./lifecycle-events.ts";

/** Events kept while the reader is busy; beyond it the oldest are dropped. */
const BUFFERED = 10_000;

/** What a {@link LifecycleReader} works with. */
export interface LifecycleReaderOptions {
  readonly wanted: WantedEvents;
  /** Finds the instance that is wanted by its id or name. @returns Its id */
  readonly find: (idOrName: string) => Promise<string>;
  /** Subscribes at a publisher; `undefined` when events come by {@link LifecycleReader.push} alone. */
  readonly subscribe: ((listener: (event: LifecycleEvent) => void, onGap: () => void) => Promise<() => void>) | undefined;
  /** Events were dropped; told once until the reader has caught up. */
  readonly tooSlow: () => void;
  /** Nothing is to be pushed any more. */
  readonly ended: () => void;
}

/** Lifecycle events one by one, from the moment it is made until it is ended; what came before the end stays readable after it. */
export class LifecycleReader implements LifecycleEvents {
  readonly #options: LifecycleReaderOptions;
  #buffer: LifecycleEvent[] = [];
  /** The instance that is wanted, once it is found; until then the events of all are kept. */
  #workflowId: string | undefined;
  #gaps = 0;
  #dropped = false;
  #over = false;
  /** What has to be there before an event is given: the subscription, and the id of the instance. */
  #missing = 0;
  /** Ends the subscription, when there is one. */
  #unsubscribe: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Those who ask for the next event and have to wait. */
  #waiting: (() => void)[] = [];

  constructor(options: LifecycleReaderOptions) {
    const { subscribe, wanted, find } = options;
    this.#options = options;
    if (wanted.signal?.aborted === true) {
      this.#over = true;
      return;
    }
    wanted.signal?.addEventListener("abort", this.#onAbort, { once: true });
    const { workflowId } = wanted;
    if (subscribe !== undefined) void this.#need(() => this.#subscribe(subscribe));
    if (workflowId !== undefined) {
      void this.#need(async () => {
        this.#workflowId = await find(workflowId);
        this.#buffer = this.#buffer.filter((event) => event.workflowId === this.#workflowId);
      });
    }
  }

  get gaps(): number {
    return this.#gaps;
  }

  /** Gives the reader an event. */
  push(event: LifecycleEvent): void {
    const { types } = this.#options.wanted;
    if (this.#over || types?.has(event.type) === false) return;
    if (this.#workflowId !== undefined && event.workflowId !== this.#workflowId) return;
    if (this.#buffer.length === BUFFERED) {
      this.#buffer.shift();
      this.#gaps += 1;
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
    this.#options.wanted.signal?.removeEventListener("abort", this.#onAbort);
    this.#options.ended();
    this.#unsubscribe?.();
    this.#wake();
  }

  /** @throws what the publisher said to the subscription, and the store to the name. */
  async next(): Promise<IteratorResult<LifecycleEvent, undefined>> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const event = this.#missing > 0 ? undefined : this.#buffer.shift();
      if (event !== undefined) return { done: false, value: event };
      if (this.#over) return await this.return();
      if (this.#missing === 0) this.#dropped = false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The reader has seen enough, as `break` in a `for await` says. */
  return(): Promise<IteratorResult<LifecycleEvent, undefined>> {
    this.end();
    this.#buffer = [];
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #subscribe(subscribe: NonNullable<LifecycleReaderOptions["subscribe"]>): Promise<void> {
    const unsubscribe = await subscribe(
      (event) => this.push(event),
      () => void (this.#gaps += 1),
    );
    this.#unsubscribe = unsubscribe;
    if (this.#over) unsubscribe();
  }

  /** Keeps events back until something is there. Never rejects. */
  async #need(work: () => Promise<void>): Promise<void> {
    this.#missing += 1;
    try {
      await work();
    } catch (error) {
      if (!this.#over) this.#failure = { error };
      this.end();
    }
    this.#missing -= 1;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  readonly #onAbort = (): void => this.end();
}
