import type { LifecycleEvent, LifecyclePublisher } from "wfe-core";
import { type HostServices, warn } from "./host-services.ts";

/** Events an iterator keeps while its reader is busy; beyond it the oldest are dropped, and a warning is logged. */
const BUFFERED = 10_000;

/** Carries lifecycle events of this host's commits to its own observers, and to a publisher if there is one. */
export class LifecycleBus {
  readonly #services: Pick<HostServices, "log" | "clock">;
  readonly #publisher: LifecyclePublisher | undefined;
  readonly #listeners = new Set<(event: LifecycleEvent) => void>();
  readonly #ends = new Set<() => void>();

  constructor(services: Pick<HostServices, "log" | "clock">, publisher: LifecyclePublisher | undefined) {
    this.#services = services;
    this.#publisher = publisher;
  }

  /** Returns at once and never throws. */
  publish(event: LifecycleEvent): void {
    for (const listener of this.#listeners) listener(event);
    if (this.#publisher === undefined) return;
    this.#publisher
      .publish(event)
      .catch((error: unknown) => warn(this.#services, `the lifecycle event ${event.type} of ${event.workflowId} was not published`, error));
  }

  /** Ends all iterators. */
  stop(): void {
    for (const end of [...this.#ends]) end();
  }

  /** Events from the moment of this call on: of this host, or of all hosts when there is a publisher. */
  events(signal: AbortSignal | undefined): AsyncIterableIterator<LifecycleEvent> {
    const buffer: LifecycleEvent[] = [];
    let over = signal?.aborted === true;
    let wake: (() => void) | undefined;
    const listener = (event: LifecycleEvent): void => {
      if (buffer.length === BUFFERED) {
        buffer.shift();
        warn(this.#services, "a reader of lifecycle events is too slow: the oldest one was dropped");
      }
      buffer.push(event);
      wake?.();
    };
    const end = (): void => {
      over = true;
      wake?.();
    };
    this.#ends.add(end);
    signal?.addEventListener("abort", end, { once: true });
    if (this.#publisher === undefined) this.#listeners.add(listener);
    const subscription = this.#publisher?.subscribe(listener);
    const close = async (): Promise<void> => {
      this.#ends.delete(end);
      this.#listeners.delete(listener);
      signal?.removeEventListener("abort", end);
      (await subscription)?.();
    };
    const read = async function* (): AsyncGenerator<LifecycleEvent, void, undefined> {
      try {
        await subscription;
        for (;;) {
          const event = buffer.shift();
          if (event !== undefined) yield event;
          else if (over) return;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        await close();
      }
    };
    return read();
  }
}
