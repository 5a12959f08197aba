import { readFile } from "node:fs";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

describe("VirtualClock", () => {
  it("starts where it is told and moves only by advance", async () => {
    const clock = new VirtualClock();
    expect([new Date(clock.now()).toISOString(), clock.monotonic()]).toEqual(["2026-01-01T00:00:00.000Z", 1000]);

    await clock.settle();
    expect(clock.monotonic()).toBe(1000);
    await clock.advance("1m");
    expect([new Date(clock.now()).toISOString(), clock.monotonic()]).toEqual(["2026-01-01T00:01:00.000Z", 61_000]);
    await clock.advanceTo(new Date("2026-02-01T00:00:00Z"));

    expect(new Date(clock.now()).toISOString()).toBe("2026-02-01T00:00:00.000Z");
    await expect(clock.advanceTo(0)).rejects.toThrow(RangeError);
  });

  it("fires timers by due time, then order of creation, each at its own time", async () => {
    const clock = new VirtualClock({ start: 0 });
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);

    clock.setTimer(20, note("c"));
    clock.setTimer(10, note("a"));
    clock.setTimer(10, note("b"));
    clock.setTimer(31, note("beyond"));
    await clock.advance(30);

    expect(fired).toEqual(["a@10", "b@10", "c@20"]);
    expect([clock.now(), clock.pendingTimers, clock.nextTimerAt]).toEqual([30, 1, new Date(31)]);
  });

  it("lets microtasks, deferred tasks and what they set run between two timers", async () => {
    const clock = new VirtualClock({ start: 0 });
    const seen: string[] = [];
    clock.setTimer(10, () => {
      void (async () => {
        await Promise.resolve();
        clock.defer(() => {
          seen.push(`deferred@${clock.now()}`);
          clock.setTimer(5, () => seen.push(`nested@${clock.now()}`));
        });
      })();
    });
    clock.setTimer(20, () => seen.push(`later@${clock.now()}`));

    await clock.advance(20);

    expect(seen).toEqual(["deferred@10", "nested@15", "later@20"]);
  });

  it("lets real I/O that is ready call back", async () => {
    const clock = new VirtualClock();
    let read = false;
    readFile(import.meta.filename, () => {
      read = true;
    });

    for (let turn = 0; turn < 10_000 && !read; turn += 1) await clock.settle();

    expect(read).toBe(true);
  });

  it("fires timers of 0 ms without being advanced", async () => {
    const clock = new VirtualClock();

    await new Promise<void>((resolve) => void clock.setTimer(0, resolve));

    expect([clock.monotonic(), clock.pendingTimers]).toEqual([1000, 0]);
  });

  it("does not call a cancelled timer, and cancels twice without harm", async () => {
    const clock = new VirtualClock();
    const timer = clock.setTimer(1, () => expect.unreachable());

    timer.cancel();
    timer.cancel();
    await clock.advance(10);

    expect([clock.pendingTimers, clock.nextTimerAt]).toEqual([0, undefined]);
  });

  it("sets the wall clock without moving timers or the monotonic clock", async () => {
    const clock = new VirtualClock({ start: 1_000_000 });
    const fired: number[] = [];
    clock.setTimer(100, () => fired.push(clock.monotonic()));

    clock.setWallClock(400_000);
    expect([clock.now(), clock.wallSkew, clock.nextTimerAt]).toEqual([400_000, -600_000, new Date(400_100)]);
    await clock.advance(100);

    expect([fired, clock.now()]).toEqual([[1100], 400_100]);
  });

  it("moves one after the other when advanced twice at once", async () => {
    const clock = new VirtualClock({ start: 0 });
    const at: number[] = [];

    await Promise.all([clock.advance(10).then(() => at.push(clock.now())), clock.advance(10).then(() => at.push(clock.now()))]);

    expect(at).toEqual([10, 20]);
  });

  it("passes on what a timer throws and can be advanced again", async () => {
    const clock = new VirtualClock({ start: 0 });
    clock.setTimer(5, () => {
      throw new Error("boom");
    });

    await expect(clock.advance(10)).rejects.toThrow("boom");
    expect(clock.now()).toBe(5);
    await clock.advance(1);

    expect(clock.now()).toBe(6);
  });

  it("does not move back when timers of 0 ms meet an advance", async () => {
    const clock = new VirtualClock({ start: 0 });
    const fired: string[] = [];
    clock.setTimer(0, () => fired.push("zero"));
    const due = clock.setTimer(5, () => {
      fired.push("five");
      due.cancel();
      clock.setTimer(0, () => fired.push("zero again"));
    });

    await clock.advance(5);

    expect([fired, clock.now()]).toEqual([["zero", "five", "zero again"], 5]);
  });

  it("says so when it does not come to rest", async () => {
    const clock = new VirtualClock();
    let stopped = false;
    const again = (): void => {
      if (!stopped) clock.defer(again);
    };
    again();

    await expect(clock.settle()).rejects.toThrow("does not come to rest");
    stopped = true;
  });

  it("does not move while work that is tracked is under way, and runs what comes of it before the next timer", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    let answer = (): void => {};
    clock.setTimer(10, () => {
      log.push("first timer");
      const query = new Promise<void>((resolve) => (answer = resolve));
      void clock.track(query).then(() => log.push(`answer at ${clock.monotonic()}`));
    });
    clock.setTimer(20, () => log.push("second timer"));

    const moved = clock.advance(20);
    for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    const before = [...log];
    answer();
    await moved;

    expect(before).toEqual(["first timer"]);
    expect(log).toEqual(["first timer", "answer at 1010", "second timer"]);
  });

  it("goes on when work that is tracked fails, and leaves its failure to who has asked for it", async () => {
    const clock = new VirtualClock();
    const work = clock.track(new Promise<void>((_resolve, reject) => setImmediate(() => reject(new Error("lost")))));

    await Promise.all([clock.advance(1), expect(work).rejects.toThrow("lost")]);

    expect(clock.monotonic()).toBe(1001);
  });

  it("asks whether all is at rest elsewhere before it moves, until that is so, and runs what has come meanwhile", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const answers = [
      () => false,
      () => {
        clock.setTimer(5, () => log.push(`message at ${clock.monotonic()}`)); // as what comes of a message does
        return true;
      },
    ];
    const end = clock.askBeforeMoving(async () => {
      await new Promise<void>((resolve) => setImmediate(resolve));
      log.push(`asked at ${clock.monotonic()}`);
      return answers.shift()?.() ?? true;
    });

    await clock.advance(10);
    end();
    await clock.advance(10);

    expect(log).toEqual(["asked at 1000", "asked at 1000", "asked at 1000", "message at 1005", "asked at 1005", "asked at 1010"]);
    expect(clock.monotonic()).toBe(1020);
  });

  it("says so when elsewhere it cannot be told, and can be advanced again", async () => {
    const clock = new VirtualClock();
    const end = clock.askBeforeMoving(() => Promise.reject(new Error("gone")));

    await expect(clock.advance(1)).rejects.toThrow("gone");
    end();
    await clock.advance(1);

    expect(clock.monotonic()).toBe(1001);
  });

  it("passes 30 days of timers in moments", async () => {
    const clock = new VirtualClock();
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      clock.setTimer(3_600_000, tick);
    };
    clock.setTimer(3_600_000, tick);

    await clock.advance("30d");

    expect(ticks).toBe(720);
  });

  it("refuses delays that no clock can keep", () => {
    const clock = new VirtualClock();

    expect(() => clock.setTimer(-1, () => {})).toThrow(RangeError);
    expect(() => clock.setTimer(Number.NaN, () => {})).toThrow(RangeError);
  });
});
