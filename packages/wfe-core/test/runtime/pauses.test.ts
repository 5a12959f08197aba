import { describe, expect, it } from "vitest";
import { Pauses } from "../../src/runtime/pauses.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";

describe("Pauses", () => {
  const setting = () => {
    const clock = new VirtualClock();
    const pauses = new Pauses({ clock, entropy: new VirtualEntropy(1) });
    const lengthOf = async (pause: Promise<void>): Promise<number> => {
      const before = clock.monotonic();
      let after: number | undefined;
      void pause.then(() => (after = clock.monotonic()));
      for (let ms = 0; after === undefined && ms < 2_000; ms += 1) await clock.advance(1);
      return (after ?? Number.POSITIVE_INFINITY) - before;
    };
    return { clock, pauses, lengthOf };
  };

  it("grow to twice as long each time up to a second, each half of it at least", async () => {
    const { pauses, lengthOf } = setting();

    for (const [attempt, longest] of [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000].entries()) {
      const length = await lengthOf(pauses.backOff(attempt));
      expect(length).toBeGreaterThanOrEqual(longest / 2);
      expect(length).toBeLessThanOrEqual(longest);
    }
    expect(await lengthOf(pauses.backOff(7, 50))).toBeLessThanOrEqual(50);
    expect(await lengthOf(pauses.backOff(7, -1))).toBe(0);
  });

  it("end all at once when they are told to, and leave no timer", async () => {
    const { clock, pauses } = setting();
    const all = Promise.all([pauses.wait(1_000), pauses.wait(2_000)]);

    pauses.end();
    await all;

    expect(clock.pendingTimers).toBe(0);
    pauses.end();
  });
});
