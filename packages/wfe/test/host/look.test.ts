import { describe, expect, it } from "vitest";
import { Look } from "../../src/host/look.ts";
import { hostSetting, messages } from "./host-setting.ts";

/** A look that notes when it is taken, in milliseconds from the beginning. */
async function setting(look: (nth: number) => boolean | Promise<boolean>) {
  const of = await hostSetting();
  const startMs = of.clock.now();
  const at: number[] = [];
  const subject = new Look(of.services, "things", async () => look(at.push(of.clock.now() - startMs)));
  /** Wants a look each millisecond. */
  const want = async (forMs: number): Promise<void> => {
    for (let n = 0; n < forMs; n += 1) {
      subject.soon();
      await of.clock.advance(1);
    }
  };
  return { ...of, look: subject, at, want };
}

describe("a look", () => {
  it("is taken at once each time it is wanted, as long as it finds something", async () => {
    const { look, at, want } = await setting(() => true);

    await want(5);
    await look.stop();

    expect(at).toEqual([0, 1, 2, 3, 4]);
  });

  it("is taken once more when it was wanted meanwhile, however often", async () => {
    let answer = (_: boolean): void => {};
    const { clock, look, at } = await setting(() => new Promise((resolve) => (answer = resolve)));
    look.soon();
    await clock.settle();

    for (let n = 0; n < 3; n += 1) look.soon();
    await clock.settle();
    expect(at).toEqual([0]);
    answer(true);
    await clock.settle();
    answer(true);
    await clock.settle();

    expect(at).toEqual([0, 0]);
  });

  it("makes growing pauses while it finds nothing, and none once it does", async () => {
    const { look, at, want } = await setting((nth) => nth === 9);

    await want(260);
    await look.stop();

    expect(at).toEqual([0, 1, 3, 7, 15, 31, 63, 113, 163, 163, 164, 166, 170, 178, 194, 226]);
  });

  it("that fails is said, and counts as one that has found nothing", async () => {
    const { look, at, want, warnings } = await setting(() => Promise.reject(new Error("away")));

    await want(3);
    await look.stop();

    expect(at).toEqual([0, 1, 3]);
    expect(new Set(messages(warnings))).toEqual(new Set(["the look for things has failed; the sweep finds them"]));
  });

  it("is none after the stop, which waits for the one under way, and again after the next start", async () => {
    let answer = (_: boolean): void => {};
    const { clock, look, at } = await setting((nth) => nth > 1 || new Promise<boolean>((resolve) => (answer = resolve)));
    look.soon();
    look.soon();
    let isStopped = false;

    const stop = look.stop().then(() => {
      isStopped = true;
    });
    await clock.settle();
    expect(isStopped).toBe(false);
    answer(false);
    await stop;
    look.soon();
    await clock.advance(100);
    expect([at, clock.pendingTimers]).toEqual([[0], 0]);
    look.start();
    look.soon();
    await clock.settle();
    await look.stop();

    expect(at).toEqual([0, 100]);
  });
});
