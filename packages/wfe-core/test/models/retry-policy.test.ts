import { describe, expect, it } from "vitest";
import { mayRetry, retryDelayMs } from "../../src/models/retry-policy.ts";

describe("mayRetry", () => {
  it("allows 3 retries unless told otherwise", () => {
    expect([0, 1, 2, 3, 4].map((failures) => mayRetry({ interval: 1 }, failures))).toEqual([true, true, true, false, false]);
  });

  it("allows none with 0, and any number with unlimited", () => {
    expect(mayRetry({ interval: 1, maxRetries: 0 }, 0)).toBe(false);
    expect(mayRetry({ interval: 1, maxRetries: "unlimited" }, 1e9)).toBe(true);
  });
});

describe("retryDelayMs", () => {
  const policy = { interval: "1s", backoff: 2, maxInterval: "10s" } as const;

  it("stays the same without a back-off", () => {
    expect([0, 1, 50].map((failures) => retryDelayMs({ interval: "1s" }, failures, 0.5))).toEqual([1_000, 1_000, 1_000]);
  });

  it("grows by its factor up to its bound", () => {
    expect([0, 1, 2, 3, 4, 1_000].map((failures) => retryDelayMs(policy, failures, 0))).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it("stays a valid instant without a bound, however often it failed", () => {
    const delay = retryDelayMs({ interval: "1s", backoff: 10 }, 400, 0);

    expect(new Date(Date.UTC(2026, 0, 1) + delay).getTime()).not.toBeNaN();
  });

  it("takes its jitter off the bounded interval", () => {
    const jittered = { ...policy, jitter: 0.2 };

    expect([0, 0.5, 1].map((random) => retryDelayMs(jittered, 10, random))).toEqual([10_000, 9_000, 8_000]);
  });
});
