import type { WorkflowChange } from "wfe-core";
import { type InMemoryStore, isInBound, type KeptEvent, type KeptSubscription } from "wfe-core/test-support";
import type { SimulatedConsumption } from "./simulated-program.ts";
import type { Violations } from "./violations.ts";

interface KnownSubscription {
  readonly workflowId: string;
  readonly pointerId: string;
  /** Number of the commit that has opened it. */
  readonly openedBy: number;
  /** The event that it was given. */
  eventId: string | undefined;
}

/** Follows subscriptions and events from the commits, and compares them with the store: I2 and I3. */
export class EventInvariants {
  readonly consumed: SimulatedConsumption[] = [];
  readonly #violations: Violations;
  readonly #store: InMemoryStore;
  readonly #open = new Map<string, KnownSubscription>();
  /** By instance and event: the number of the commit that has used it. */
  readonly #used = new Map<string, number>();
  #commits = 0;

  constructor(violations: Violations, store: InMemoryStore) {
    this.#violations = violations;
    this.#store = store;
  }

  /** A commit was accepted. */
  committed({ workflowId, consume, closeSubscriptions, openSubscriptions }: WorkflowChange): void {
    this.#commits += 1;
    for (const { subscriptionId, eventId } of consume) this.#consume(workflowId, subscriptionId, eventId);
    for (const id of closeSubscriptions) this.#open.delete(id);
    for (const { id, pointerId } of openSubscriptions) this.#open.set(id, { workflowId, pointerId, openedBy: this.#commits, eventId: undefined });
    this.look();
  }

  /** A command has ended the instance. */
  terminated(workflowId: string): void {
    for (const [id, subscription] of this.#open) if (subscription.workflowId === workflowId) this.#open.delete(id);
  }

  /** Looks at every subscription in the store: after a commit, a delivery, or a command. */
  look(): void {
    const { subscriptions } = this.#store;
    for (const [id, subscription] of subscriptions) {
      const { owner, given } = subscription;
      const known = this.#open.get(id);
      if (known === undefined) {
        this.#violations.add("I3", `the subscription ${id} is in the store, but was closed`);
        continue;
      }
      if (given === undefined) {
        this.#violations.expect(known.eventId === undefined, "I3", () => `the subscription ${id} was given ${known.eventId}, and lost it`);
        const passedOver = this.#store.topic(subscription.subscription).events.find((event) => isPassedOver(subscription, event));
        this.#violations.expect(passedOver === undefined, "I3", () => `${passedOver?.event.id} is delivered, but not to the subscription ${id}`);
        continue;
      }
      const { event } = given.event;
      if (known.eventId === event.id) continue;
      this.#violations.expect(known.eventId === undefined, "I3", () => `the subscription ${id} was given ${known.eventId}, then ${event.id}`);
      known.eventId = event.id;
      const usedBy = this.#used.get(`${owner.row.id} ${event.id}`);
      this.#violations.expect(
        usedBy === undefined || usedBy > known.openedBy,
        "I3",
        () => `the subscription ${id} was given ${event.id}, which its instance had used before it was opened`,
      );
    }
    if (subscriptions.size === this.#open.size) return;
    for (const id of this.#open.keys())
      this.#violations.expect(subscriptions.has(id), "I3", () => `the subscription ${id} is gone from the store, but is open`);
  }

  #consume(workflowId: string, subscriptionId: string, eventId: string): void {
    const subscription = this.#open.get(subscriptionId);
    const shown = `${workflowId} uses the event ${eventId} for ${subscriptionId}`;
    if (subscription === undefined || subscription.workflowId !== workflowId) {
      this.#violations.add("I3", `${shown}, which is not open`);
      return;
    }
    this.#violations.expect(subscription.eventId === eventId, "I3", () => `${shown}, which was given ${subscription.eventId ?? "nothing"}`);
    const key = `${workflowId} ${eventId}`;
    const usedBy = this.#used.get(key);
    // Waits that were open together share an event.
    this.#violations.expect(
      usedBy === undefined || subscription.openedBy < usedBy,
      "I3",
      () => `${shown}, which was opened after the instance had used it`,
    );
    if (usedBy === undefined) this.#used.set(key, this.#commits);
    this.#open.delete(subscriptionId);
    this.consumed.push({ workflowId, pointerId: subscription.pointerId, eventId });
  }
}

/** Whether nobody comes to an event any more which an open subscription is to have. */
function isPassedOver(subscription: KeptSubscription, kept: KeptEvent): boolean {
  return kept.event.delivered && isInBound(subscription, kept) && !subscription.owner.consumed.has(kept.event.arrival);
}
