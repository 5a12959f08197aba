import { describe, expect, it } from "vitest";
import { resolveHostOptions } from "../../src/host/host-options.ts";
import { OfferWaits, type OfferWait } from "../../src/host/offer-waits.ts";
import { VirtualClock } from "../../src/test-support/index.ts";

/** Asks as a worker does, and notes when. */
function asking(clock: VirtualClock, wait: OfferWait): { readonly at: number[]; end: string | undefined } {
  const begin = clock.now();
  const notes: { readonly at: number[]; end: string | undefined } = { at: [], end: undefined };
  void (async () => {
    try {
      while (await wait.next()) notes.at.push(clock.now() - begin);
      notes.end = "over";
    } catch (error) {
      notes.end = (error as { code: string }).code;
    } finally {
      wait.end();
    }
  })();
  return notes;
}

describe("waiting for an offer", () => {
  it("asks soon at first, then each second, and once more when the time is up", async () => {
    const clock = new VirtualClock();
    const notes = asking(clock, new OfferWaits(clock, resolveHostOptions({})).begin("work", 4_000));

    await clock.advance(4_000);

    expect(notes).toEqual({ at: [20, 60, 140, 300, 620, 1_260, 2_260, 3_260, 4_000], end: "over" });
  });

  it("for no time is none", async () => {
    const clock = new VirtualClock();

    expect(await new OfferWaits(clock, resolveHostOptions({})).begin("work", 0).next()).toBe(false);
  });

  it("asks at once when one of its name is offered, also when it comes while the worker asks", async () => {
    const clock = new VirtualClock();
    const waits = new OfferWaits(clock, resolveHostOptions({}));
    const wait = waits.begin("work", 60_000);
    const notes = asking(clock, waits.begin("work", 60_000));
    await clock.advance(10);
    waits.offered("other");
    waits.offered("work");
    await clock.settle();
    expect(notes.at).toEqual([10]);

    expect(await wait.next()).toBe(true); // it was offered before it was asked for
    wait.end();
    wait.end();
    waits.offered("work");
    await clock.settle();

    expect(notes.at).toEqual([10, 10]);
  });

  it("ends with the process, whether the worker waits or asks", async () => {
    const clock = new VirtualClock();
    const waits = new OfferWaits(clock, resolveHostOptions({}));
    const wait = waits.begin("work", 60_000);
    const notes = asking(clock, waits.begin("work", 60_000));
    await clock.settle();

    waits.stop();
    await clock.settle();

    expect(notes).toEqual({ at: [], end: "WFE_HOST_NOT_RUNNING" });
    await expect(wait.next()).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" });
    wait.end();
    expect(asking(clock, waits.begin("work", 10)).end).toBeUndefined(); // another life of the process
  });
});
