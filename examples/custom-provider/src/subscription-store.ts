import type { EventSubscription, SubscriptionRepository } from "wfe-core";
import type { JsonFile } from "./json-file.ts";
import type { KeptSubscription } from "./state.ts";

/** Subscriptions, and the claims of outside workers on them. */
export class SubscriptionStore implements SubscriptionRepository {
  readonly #file: JsonFile;

  constructor(file: JsonFile) {
    this.#file = file;
  }

  getSubscription(id: string): Promise<EventSubscription | undefined> {
    return this.#file.read(({ subscriptions }) => subscriptions.get(id)?.subscription);
  }

  getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]> {
    return this.#file.read(({ subscriptions }) =>
      [...subscriptions.values()]
        .map(({ subscription }) => subscription)
        .filter((each) => each.name === name && each.key === key && each.eventId === undefined)
        .filter(({ bound }) => !("effectiveDate" in bound) || bound.effectiveDate.getTime() <= asOf.getTime()),
    );
  }

  getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined> {
    return this.#file.read(({ subscriptions, workflows }) => {
      const offered = [...subscriptions.values()].find(
        ({ subscription: each }) =>
          each.activity === activity &&
          each.eventId === undefined &&
          !isClaimed(each, now) &&
          workflows.get(each.workflowId)?.row.status === "runnable",
      );
      return offered?.subscription;
    });
  }

  setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean> {
    return this.#change(id, ({ subscription }) => {
      if (subscription.eventId !== undefined || isClaimed(subscription, now)) return undefined;
      return { ...subscription, token, workerId, tokenExpiresAt: expiresAt };
    });
  }

  extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean> {
    return this.#change(id, ({ subscription }) => {
      if (subscription.eventId !== undefined || subscription.token !== token || !isClaimed(subscription, now)) return undefined;
      return { ...subscription, tokenExpiresAt: expiresAt };
    });
  }

  clearSubscriptionToken(id: string, token: string): Promise<boolean> {
    return this.#change(id, ({ subscription: { token: held, workerId: _workerId, tokenExpiresAt: _tokenExpiresAt, ...unclaimed } }) =>
      held === token ? unclaimed : undefined,
    );
  }

  /** Stores what becomes of a subscription. @returns Whether something did. */
  #change(id: string, next: (kept: KeptSubscription) => EventSubscription | undefined): Promise<boolean> {
    return this.#file.write(({ subscriptions }) => {
      const kept = subscriptions.get(id);
      const changed = kept === undefined ? undefined : next(kept);
      if (kept === undefined || changed === undefined) return false;
      kept.subscription = changed;
      return true;
    });
  }
}

/** Whether the claim on it is not over; at its end it is. */
function isClaimed({ tokenExpiresAt }: EventSubscription, now: Date): boolean {
  return tokenExpiresAt !== undefined && tokenExpiresAt.getTime() > now.getTime();
}
