import { describe, expect, it } from "vitest";
import { Slots } from "../../src/runtime/slots.ts";

/** Lets everything run that waits for a promise already resolved. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("slots", () => {
  it("are taken up to their number", () => {
    const slots = new Slots(2);

    expect([slots.free, slots.tryTake(), slots.tryTake(), slots.tryTake(), slots.free]).toEqual([2, true, true, false, 0]);
    slots.give();

    expect([slots.free, slots.tryTake()]).toEqual([1, true]);
  });

  it("go to those who wait, in the order they came, and to nobody else before them", async () => {
    const slots = new Slots(1);
    const got: string[] = [];
    await slots.take();
    void slots.take().then(() => got.push("first"));
    void slots.take().then(() => got.push("second"));
    await settle();
    expect(got).toEqual([]);

    slots.give();
    expect(slots.tryTake()).toBe(false);
    await settle();
    expect(got).toEqual(["first"]);
    slots.give();
    await settle();

    expect([got, slots.free]).toEqual([["first", "second"], 0]);
  });

  it("can be waited for without keeping one", async () => {
    const slots = new Slots(1);
    let free = false;
    await slots.whenFree();
    expect(slots.tryTake()).toBe(true);
    void slots.whenFree().then(() => {
      free = true;
    });
    await settle();
    expect(free).toBe(false);

    slots.give();
    await settle();

    expect([free, slots.free]).toEqual([true, 1]);
  });
});

describe("work that runs in slots", () => {
  it("waits for a place, in order, and gives it back when it has ended, also badly", async () => {
    const slots = new Slots(1);
    const began: string[] = [];
    let end = (): void => {};
    const first = slots.run(() => {
      began.push("first");
      return new Promise<void>((_, reject) => (end = () => reject(new Error("no"))));
    });
    const second = slots.run(() => Promise.resolve(began.push("second")));
    await settle();
    expect(began).toEqual(["first"]);

    end();

    await expect(first).rejects.toThrow("no");
    expect([await second, began, slots.free]).toEqual([2, ["first", "second"], 1]);
  });
});
