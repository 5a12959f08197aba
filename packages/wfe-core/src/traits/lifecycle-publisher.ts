import type { LifecycleEvent } from "../models/lifecycle-event.ts";
import type { Provider } from "./provider.ts";

/** Carries lifecycle events to observers. */
export interface LifecyclePublisher extends Provider {
  /** Publishes one event. Called after the commit it reports, never awaited by a pass; a rejection is logged and the event lost. */
  publish(event: LifecycleEvent): Promise<void>;
  /**
   * Calls the listener for every event published from now on, through whatever instance of this publisher. Events of one instance of a
   * workflow come in order.
   *
   * @returns Ends the subscription; idempotent. The promise resolves when the subscription is live.
   */
  subscribe(listener: (event: LifecycleEvent) => void): Promise<() => void>;
}
