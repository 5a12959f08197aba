import type { LifecycleEvent, LifecyclePublisher } from "wfe-core";
import { LifecycleReader } from "./lifecycle-reader.ts";
import { type HostServices, warn } from "./host-services.ts";

/** Publications under way at most; a publisher that does not answer loses what comes beyond. */
const UNDER_WAY = 1_000;

/** Carries lifecycle events of this host's commits to its own observers, and to a publisher if there is one. */
export class LifecycleBus {
  readonly #services: Pick<HostServices, "log" | "clock">;
  readonly #publisher: LifecyclePublisher | undefined;
  readonly #readers = new Set<LifecycleReader>();
  #underWay = 0;

  constructor(services: Pick<HostServices, "log" | "clock">, publisher: LifecyclePublisher | undefined) {
    this.#services = services;
    this.#publisher = publisher;
  }

  /** Returns at once and never throws. */
  publish(event: LifecycleEvent): void {
    if (this.#publisher === undefined) for (const reader of this.#readers) reader.push(event);
    else void this.#send(this.#publisher, event);
  }

  /** Ends all readers; what they have not read yet stays readable. */
  stop(): void {
    for (const reader of this.#readers) reader.end();
  }

  /** Events from the moment of this call on: of this host, or of all hosts when there is a publisher. */
  events(signal: AbortSignal | undefined): AsyncIterableIterator<LifecycleEvent> {
    const reader = new LifecycleReader({
      signal,
      subscribe: (listener) => this.#publisher?.subscribe(listener),
      tooSlow: () => warn(this.#services, "a reader of lifecycle events is too slow: the oldest ones are dropped"),
      ended: () => void this.#readers.delete(reader),
    });
    if (signal?.aborted !== true) this.#readers.add(reader);
    return reader;
  }

  async #send(publisher: LifecyclePublisher, event: LifecycleEvent): Promise<void> {
    const what = `the lifecycle event ${event.type} of the workflow ${event.workflowId}`;
    if (this.#underWay >= UNDER_WAY) {
      warn(this.#services, `${what} is dropped: ${UNDER_WAY} before it are not published yet`);
      return;
    }
    this.#underWay += 1;
    try {
      await publisher.publish(event);
    } catch (error) {
      warn(this.#services, `${what} was not published`, error);
    } finally {
      this.#underWay -= 1;
    }
  }
}
