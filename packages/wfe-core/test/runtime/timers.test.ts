import { describe, expect, it } from "vitest";
import { Timers } from "../../src/runtime/timers.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

function setUp(on: "wall" | "monotonic" = "wall"): {
  clock: VirtualClock;
  start: number;
  fired: [number, readonly string[]][];
  timers: Timers<string>;
} {
  const clock = new VirtualClock();
  const read = (): number => (on === "wall" ? clock.now() : clock.monotonic());
  const start = read();
  const fired: [number, readonly string[]][] = [];
  const timers = new Timers<string>({ clock, on, onDue: (keys) => fired.push([read() - start, keys]) });
  return { clock, start, fired, timers };
}

describe("Timers", () => {
  it("gives each key at its due time, those of one instant together in order of scheduling", async () => {
    const { clock, start, fired, timers } = setUp();

    timers.schedule("late", start + 30);
    timers.schedule("b", start + 10);
    timers.schedule("a", start + 10);
    await clock.advance(100);

    expect(fired).toEqual([
      [10, ["b", "a"]],
      [30, ["late"]],
    ]);
    expect(timers.size).toBe(0);
  });

  it("arms one timer of the clock for any number of keys", () => {
    const { clock, start, timers } = setUp();

    for (let index = 0; index < 1000; index += 1) timers.schedule(`key ${index}`, start + 5000 - index);

    expect([timers.size, clock.pendingTimers]).toEqual([1000, 1]);
  });

  it("moves a key that is scheduled again, to earlier and to later", async () => {
    const { clock, start, fired, timers } = setUp();
    timers.schedule("sooner", start + 50);
    timers.schedule("later", start + 10);

    timers.schedule("sooner", start + 5);
    timers.schedule("later", start + 70);
    expect(timers.dueOf("later")).toBe(start + 70);
    await clock.advance(100);

    expect(fired).toEqual([
      [5, ["sooner"]],
      [70, ["later"]],
    ]);
  });

  it("forgets a cancelled key and leaves no timer behind the last one", async () => {
    const { clock, start, fired, timers } = setUp();
    timers.schedule("a", start + 5);
    timers.schedule("b", start + 6);

    expect([timers.cancel("a"), timers.cancel("a")]).toEqual([true, false]);
    timers.clear();

    expect([timers.size, clock.pendingTimers, timers.dueOf("b")]).toEqual([0, 0, undefined]);
    await clock.advance(100);
    expect(fired).toEqual([]);
  });

  it("keeps the nearest, and says when the others are due; those of one instant stay or go together", async () => {
    const { clock, start, fired, timers } = setUp();
    for (const [key, ms] of [
      ["d", 40],
      ["a", 10],
      ["c", 30],
      ["b", 20],
      ["too", 30],
    ] as const)
      timers.schedule(key, start + ms);

    expect(timers.keepNearest(5)).toEqual([]);
    const gone = timers.keepNearest(3);
    expect(gone.map((ms) => ms - start).toSorted((a, b) => a - b)).toEqual([30, 30, 40]);
    expect([timers.size, timers.dueOf("c")]).toEqual([2, undefined]);
    await clock.advance(100);

    expect(fired).toEqual([
      [10, ["a"]],
      [20, ["b"]],
    ]);
    timers.schedule("last", start + 200);
    expect(timers.keepNearest(0)).toEqual([start + 200]);
    expect([timers.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("fires a past due time in a later task", async () => {
    const { clock, start, fired, timers } = setUp();

    timers.schedule("past", start - 1000);
    expect(fired).toEqual([]);
    await clock.settle();

    expect(fired).toEqual([[0, ["past"]]]);
  });

  it("is not early when the wall clock is set back, and keeps monotonic keys where they were", async () => {
    const wall = setUp("wall");
    const monotonic = setUp("monotonic");
    for (const { clock, start, timers } of [wall, monotonic]) {
      timers.schedule("key", start + 100);
      clock.setWallClock(clock.now() - 60);
      await clock.advance(100);
    }

    expect(wall.fired).toEqual([]);
    expect(monotonic.fired).toEqual([[100, ["key"]]]);
    await wall.clock.advance(60);
    expect(wall.fired).toEqual([[100, ["key"]]]);
  });

  it("goes on after a callback that throws", async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const timers = new Timers<string>({
      clock,
      onDue: (keys) => {
        if (keys.includes("bad")) throw new Error("boom");
        fired.push(...keys);
      },
    });
    timers.schedule("bad", clock.now() + 1);
    timers.schedule("good", clock.now() + 2);

    await expect(clock.advance(10)).rejects.toThrow("boom");
    await clock.advance(10);

    expect(fired).toEqual(["good"]);
  });
});
