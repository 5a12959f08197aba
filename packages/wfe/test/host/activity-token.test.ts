import { describe, expect, it } from "vitest";
import { claimedOffer, newActivityToken } from "../../src/host/activity-token.ts";
import { VirtualEntropy } from "../../src/test-support/index.ts";

describe("the token of an activity", () => {
  it("says what it holds, is opaque text, and no two are the same", () => {
    const entropy = new VirtualEntropy(1);
    const offer = { id: "w/1/0", key: 'key with "quotes" and ünicode' };

    const tokens = [newActivityToken(offer, entropy), newActivityToken(offer, entropy)];

    expect(tokens[0]).not.toBe(tokens[1]);
    for (const token of tokens) {
      expect(token).toMatch(/^[\w-]+$/);
      expect(claimedOffer(token)).toEqual({ subscriptionId: offer.id, key: offer.key });
    }
  });

  it.each([
    ["", "text"],
    [undefined, "undefined"],
    [null, "null"],
    [{}, "an object"],
    ["e30", "{}"],
    ["WzEsMiwzXQ", "[1,2,3]"],
    ["WyJhIiwiYiJd", "a pair"],
  ])("is refused when it is none: %j (%s)", (token: unknown, _shown: string) => {
    expect(() => claimedOffer(token)).toThrow(expect.objectContaining({ code: "WFE_ACTIVITY_TOKEN_INVALID" }));
  });
});
