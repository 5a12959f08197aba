import { describe, expect, it } from "vitest";
import { endsWithin } from "../../src/runtime/ends-within.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

describe("endsWithin", () => {
  it("says that work has ended in time, and leaves no timer", async () => {
    const clock = new VirtualClock();

    expect(await endsWithin(Promise.resolve("done"), clock, 1_000)).toBe(true);
    expect(clock.nextTimerAt).toBeUndefined();
  });

  it("does not wait longer than it is told, and minds no failure after that", async () => {
    const clock = new VirtualClock();
    let fail = (_error: Error): void => {};
    const work = new Promise<void>((_, reject) => (fail = reject));

    const ended = endsWithin(work, clock, 1_000);
    await clock.advance(1_000);

    expect(await ended).toBe(false);
    fail(new Error("late"));
    await clock.settle();
  });

  it("rejects with what the work rejects with in time, and leaves no timer", async () => {
    const clock = new VirtualClock();

    await expect(endsWithin(Promise.reject(new Error("no")), clock, 1_000)).rejects.toThrow("no");
    expect(clock.nextTimerAt).toBeUndefined();
  });
});
