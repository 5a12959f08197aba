import { expect, it } from "vitest";
import { retryDelayMs } from "../../src/models/retry-policy.ts";

it("stays 0 for an interval of 0, however large its power has grown", () => {
  const delays = [0, 1, 1_100].map((failures) => retryDelayMs({ interval: 0, backoff: 2, maxRetries: "unlimited" }, failures, 0));

  expect(delays).toEqual([0, 0, 0]);
});
