import { describe, expect, it } from "vitest";
import { LockError, QueueError } from "../../../src/errors/store-errors.ts";
import { isNotRunning } from "../../../src/test-support/suites/not-running.ts";

describe("isNotRunning", () => {
  it("accepts the code of a provider that is not running, and names what else it got", () => {
    expect(isNotRunning(new LockError("stopped", { code: "WFE_PROVIDER_NOT_RUNNING" }))).toBe(true);
    expect(isNotRunning(new QueueError("stopped", { code: "WFE_PROVIDER_NOT_RUNNING" }))).toBe(true);
    expect(() => isNotRunning(new LockError("unreachable"))).toThrow("got LockError: unreachable");
    expect(() => isNotRunning(undefined)).toThrow("got undefined");
  });
});
