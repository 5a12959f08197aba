/**
 * Which stored events an open subscription takes: those that arrived in the store after the instance was created, by the store's own
 * order of arrival; or those whose event time is at or after an instant, whenever they arrived.
 */
export type SubscriptionBound = { readonly storedAfter: "creation" } | { readonly effectiveDate: Date };

/** A pointer's wait for an event, as a commit opens it. */
export interface NewSubscription {
  /** Unique in the store. */
  readonly id: string;
  readonly pointerId: string;
  readonly name: string;
  readonly key: string;
  readonly bound: SubscriptionBound;
  /** Name of the activity offered by this subscription, when it is one. */
  readonly activity?: string;
  /** Encoded input of the activity. */
  readonly input?: string;
}

/** A subscription as it is stored. */
export interface EventSubscription extends NewSubscription {
  readonly workflowId: string;
  /** The event assigned to it; absent while it is open. */
  readonly eventId?: string;
  /** Claim of an outside worker. */
  readonly token?: string;
  readonly workerId?: string;
  readonly tokenExpiresAt?: Date;
}

/** An event assigned to a subscription and not yet used. Final for that subscription. */
export interface Delivery {
  readonly subscriptionId: string;
  readonly pointerId: string;
  readonly eventId: string;
  /** Encoded payload. */
  readonly data?: string;
}

/** What events are published to and waited on: equal name and equal key. */
export interface Topic {
  readonly name: string;
  readonly key: string;
}
