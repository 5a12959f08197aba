import { type ActivityToken, type Entropy, type EventSubscription, WfeError } from "wfe-core";

/** What a token claims to hold. */
export interface ClaimedOffer {
  readonly subscriptionId: string;
  /** Key of the event that tells of the outcome. */
  readonly key: string;
}

/** A new token for a claim of this offer. Opaque to workers; what makes it good is that the store has it as the subscription's claim. */
export function newActivityToken(offer: Pick<EventSubscription, "id" | "key">, entropy: Entropy): ActivityToken {
  return Buffer.from(JSON.stringify([offer.id, offer.key, entropy.id()])).toString("base64url");
}

/** What a token claims to hold. @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID` for text that is no token */
export function claimedOffer(token: unknown): ClaimedOffer {
  try {
    const parts: unknown = JSON.parse(Buffer.from(String(token), "base64url").toString());
    const [subscriptionId, key] = Array.isArray(parts) && parts.length === 3 ? (parts as readonly unknown[]) : [];
    if (typeof subscriptionId === "string" && typeof key === "string") return { subscriptionId, key };
  } catch {
    // no token either
  }
  throw tokenInvalid("is no token of an activity");
}

/** The refusal of a token. */
export function tokenInvalid(why: string): WfeError {
  return new WfeError("WFE_ACTIVITY_TOKEN_INVALID", `the activity's token ${why}: fetch the activity again with getPendingActivity`);
}
