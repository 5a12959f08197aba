import type { EventSubscription } from "../models/event-subscription.ts";

/** Subscriptions; commits open and close them. Every method may be called concurrently, from any number of processes. */
export interface SubscriptionRepository {
  getSubscription(id: string): Promise<EventSubscription | undefined>;
  /**
   * Open subscriptions on this name and key that an event of time `asOf`, arriving now, would reach, in order of creation: those without an
   * effective date, and those whose date is at or before `asOf`. Claimed ones are among them.
   */
  getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]>;
  /**
   * The first subscription, in order of creation, that offers this activity (compared exactly), is open, belongs to a runnable instance, and
   * which nobody has claimed, or whose claim is over at `now` (at its end it is).
   */
  getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined>;
  /**
   * Claims an open subscription for an outside worker. @returns Whether it is claimed now: `false` when another unexpired claim exists, or
   * the subscription is not open.
   */
  setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean>;
  /**
   * Moves the end of a claim, also to an earlier instant. @returns Whether it was moved: only while the subscription is open and its claim is this
   * token's and not over at `now`; otherwise nothing changes.
   */
  extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean>;
  /** Ends a claim. @returns Whether it was this token's; otherwise nothing changes. */
  clearSubscriptionToken(id: string, token: string): Promise<boolean>;
}
