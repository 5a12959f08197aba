import { describe, expect, it } from "vitest";
import { type PollOptions, pollRules } from "../../src/runtime/poll-rules.ts";

describe("what a host lets polls do", () => {
  it("is nothing unless it says otherwise", () => {
    const { allowList, ...rules } = pollRules();

    expect(rules).toEqual({ secrets: undefined, maxBodySize: 262_144, requestTimeoutMs: 30_000 });
    expect(allowList.allows(new URL("https://a.example"))).toBe(false);
  });

  it("is what its options say", () => {
    const secrets = (): string => "s";
    const { allowList, ...rules } = pollRules({ allow: ["https://a.example"], secrets, maxBodySize: 1, requestTimeout: "2s" });

    expect(rules).toEqual({ secrets, maxBodySize: 1, requestTimeoutMs: 2_000 });
    expect(allowList.allows(new URL("https://a.example"))).toBe(true);
  });

  it.each<[object, string]>([
    [{ allow: undefined }, "allow of pollEndpoints must be a list of addresses"],
    [{ allow: "https://a.example" }, "allow of pollEndpoints must be a list of addresses"],
    [{ allow: ["*"] }, "allow of pollEndpoints takes origins"],
    [{ secrets: {} }, "secrets of pollEndpoints must be a function"],
    [{ maxBodySize: 0 }, "maxBodySize of pollEndpoints must be a whole number, 1 or more: got 0"],
    [{ maxBodySize: 1.5 }, "maxBodySize of pollEndpoints"],
    [{ requestTimeout: 0 }, "requestTimeout of pollEndpoints must be longer than 0"],
    [{ requestTimeout: "x" }, "requestTimeout of pollEndpoints must be milliseconds"],
  ])("is not %o", (change, fault) => {
    const options = { allow: [], ...change } as PollOptions;

    expect(() => pollRules(options)).toThrow(RangeError);
    expect(() => pollRules(options)).toThrow(fault);
  });
});
