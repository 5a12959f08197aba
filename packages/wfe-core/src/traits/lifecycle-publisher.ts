import type { LifecycleEvent } from "../models/lifecycle-event.ts";
import type { Provider } from "./provider.ts";

/** Carries lifecycle events to observers. Every method may be called concurrently. */
export interface LifecyclePublisher extends Provider {
  /**
   * Publishes one event. Called after the commit it reports, in the order of the commits of its instance, and for the next event before the
   * promise for this one is settled. Never awaited by a pass; a rejection is logged and the event lost. A `stop` sends what was given before it, or
   * gives up within a second or so.
   */
  publish(event: LifecycleEvent): Promise<void>;
  /**
   * Calls the listener for every event published from now on, through whatever instance of this publisher. What one of them
   * publishes of an instance of a workflow comes in the order in which it was given; when the instance moves from a host to another, the events of the
   * two may cross. What a listener throws is told of, and harms nobody else. A `stop` ends all subscriptions of this instance.
   *
   * @param onGap - Called when events may have been missed, as while a connection was lost, once they are heard again; never by a publisher that cannot
   * miss any.
   * @returns Ends the subscription; idempotent. The promise resolves when the subscription is live.
   */
  subscribe(listener: (event: LifecycleEvent) => void, onGap?: () => void): Promise<() => void>;
}
