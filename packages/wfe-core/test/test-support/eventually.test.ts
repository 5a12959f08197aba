import { describe, expect, it } from "vitest";
import { eventually } from "../../src/test-support/eventually.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

describe("eventually", () => {
  it("gives the first answer that is something", async () => {
    const answers = [undefined, null, false, 0];

    expect(await eventually(() => answers.shift(), { interval: 0 })).toBe(0);
  });

  it("waits for a probe that throws", async () => {
    let asked = 0;

    const answer = await eventually(
      async () => {
        asked += 1;
        if (asked < 3) throw new Error("not yet");
        return "here";
      },
      { interval: 1 },
    );

    expect([answer, asked]).toEqual(["here", 3]);
  });

  it("says what was waited for and what was seen last", async () => {
    const clock = new VirtualClock();
    const options = { clock, timeout: "1s", interval: 100, what: "the workflow completes" } as const;

    const silent = eventually(() => undefined, options);
    const failing = eventually(() => Promise.reject(new Error("still running")), options);
    const outcomes = Promise.allSettled([silent, failing]);
    await clock.advance("2s");

    expect(await outcomes).toMatchObject([
      { reason: { message: "the workflow completes did not come true within 1000 ms (last answer: undefined)" } },
      {
        reason: {
          message: "the workflow completes did not come true within 1000 ms (last failure: still running)",
          cause: { message: "still running" },
        },
      },
    ]);
  });

  it("asks once without any time", async () => {
    expect(await eventually(() => true, { timeout: 0 })).toBe(true);
    await expect(eventually(() => false, { timeout: 0 })).rejects.toThrow("the condition did not come true within 0 ms (last answer: false)");
    await expect(
      eventually(
        () => {
          throw null; // oxlint-disable-line typescript/only-throw-error -- JavaScript may throw anything
        },
        { timeout: 0 },
      ),
    ).rejects.toThrow("last failure: null");
  });
});
