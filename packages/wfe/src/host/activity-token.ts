import { type ActivityToken, type Entropy, WfeError } from "wfe-core";

/** A new token for a claim of this subscription. Opaque to workers; what makes it good is that the store has it as the subscription's claim. */
export function newActivityToken(subscriptionId: string, entropy: Entropy): ActivityToken {
  return Buffer.from(JSON.stringify([subscriptionId, entropy.id()])).toString("base64url");
}

/** The subscription that a token claims to be for. @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID` for text that is no token */
export function subscriptionOf(token: unknown): string {
  try {
    const parts: unknown = JSON.parse(Buffer.from(String(token), "base64url").toString());
    if (Array.isArray(parts) && parts.length === 2 && typeof parts[0] === "string") return parts[0];
  } catch {
    // no token either
  }
  throw tokenInvalid("is no token of an activity");
}

/** The refusal of a token. */
export function tokenInvalid(why: string): WfeError {
  return new WfeError("WFE_ACTIVITY_TOKEN_INVALID", `the activity's token ${why}: fetch the activity again with getPendingActivity`);
}
