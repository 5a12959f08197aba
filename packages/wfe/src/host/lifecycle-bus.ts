import type { LifecycleEvent, LifecyclePublisher, WorkflowRow } from "wfe-core";
import { InstanceCounts } from "./instance-counts.ts";
import { type HostServices, warn } from "./host-services.ts";
import type { WantedEvents } from "./lifecycle-events.ts";
import { LifecycleReader } from "./lifecycle-reader.ts";
import { stopWithin } from "./provider-lifecycle.ts";
import { PublisherTrouble } from "./publisher-trouble.ts";

/** Publications under way at most; a publisher that does not answer loses what comes beyond. */
const UNDER_WAY = 10_000;

/** Carries lifecycle events of this host's commits to its own observers, and to a publisher if there is one; and counts them. */
export class LifecycleBus {
  readonly #services: Pick<HostServices, "log" | "clock">;
  readonly #publisher: LifecyclePublisher | undefined;
  readonly #find: (idOrName: string) => Promise<string>;
  readonly #trouble: PublisherTrouble;
  readonly #readers = new Set<LifecycleReader>();
  readonly #counts: InstanceCounts | undefined;
  #underWay = 0;

  /** @param find - Finds an instance by its id or name. @returns Its id; what no instance has as it is. */
  constructor(
    services: Pick<HostServices, "log" | "clock" | "metrics">,
    publisher: LifecyclePublisher | undefined,
    find: (idOrName: string) => Promise<string>,
  ) {
    this.#services = services;
    this.#publisher = publisher;
    this.#find = find;
    this.#trouble = new PublisherTrouble(services);
    this.#counts = services.metrics === undefined ? undefined : new InstanceCounts(services.metrics);
  }

  /** Returns at once and never throws. */
  publish(event: LifecycleEvent): void {
    this.#counts?.count(event);
    if (this.#publisher === undefined) for (const reader of this.#readers) reader.push(event);
    else void this.#send(this.#publisher, event);
  }

  /** An instance was written, and is like this now. */
  written(row: WorkflowRow): void {
    this.#counts?.written(row);
  }

  /** Events from the moment of this call on: of this host, or of all hosts when there is a publisher. */
  events(wanted: WantedEvents): LifecycleReader {
    const publisher = this.#publisher;
    const reader = new LifecycleReader({
      wanted,
      find: this.#find,
      subscribe: publisher && (async (listener, onGap) => this.#guarded(await publisher.subscribe(listener, onGap))),
      tooSlow: () => warn(this.#services, "a reader of lifecycle events is too slow: the oldest ones are dropped"),
      ended: () => void this.#readers.delete(reader),
    });
    if (wanted.signal?.aborted !== true) this.#readers.add(reader);
    return reader;
  }

  /** Ends all readers; what they have not read yet stays readable. Then stops the publisher; one that hangs is left behind: nothing depends on it. */
  async stop(timeoutMs: number): Promise<void> {
    for (const reader of this.#readers) reader.end();
    if (this.#publisher === undefined) return;
    const notStopped = (error: unknown): void => warn(this.#services, "the lifecycle publisher could not be stopped", error);
    await stopWithin(this.#publisher, this.#services.clock, timeoutMs, notStopped);
    this.#trouble.stopped();
  }

  /** Readers are ended where nothing may throw. */
  #guarded(unsubscribe: () => void): () => void {
    return () => {
      try {
        unsubscribe();
      } catch (error) {
        warn(this.#services, "a subscription to lifecycle events could not be ended", error);
      }
    };
  }

  async #send(publisher: LifecyclePublisher, event: LifecycleEvent): Promise<void> {
    const what = `the lifecycle event ${event.type} of the workflow ${event.workflowId}`;
    if (this.#underWay >= UNDER_WAY) {
      this.#trouble.lost(`${what} is dropped: ${UNDER_WAY} before it are not published yet`);
      return;
    }
    this.#underWay += 1;
    try {
      await publisher.publish(event);
      this.#trouble.published();
    } catch (error) {
      this.#trouble.lost(`${what} was not published`, error);
    } finally {
      this.#underWay -= 1;
    }
  }
}
