import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/runtime/system-clock.ts";
import { systemEntropy } from "../../src/runtime/system-entropy.ts";

afterEach(() => void vi.useRealTimers());

describe("systemClock", () => {
  it("tells the time of the machine", () => {
    vi.useFakeTimers({ now: 1_234 });

    expect(systemClock.now()).toBe(1_234);
    const before = systemClock.monotonic();
    vi.advanceTimersByTime(5);
    expect(systemClock.monotonic() - before).toBe(5);
  });

  it("fires a timer once, after its delay and not before", () => {
    vi.useFakeTimers();
    const fired = vi.fn();

    systemClock.setTimer(100, fired);
    vi.advanceTimersByTime(99);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);

    expect(fired).toHaveBeenCalledOnce();
  });

  it("waits out delays beyond the longest timer of the platform", () => {
    vi.useFakeTimers();
    const fired = vi.fn();
    const days = 24 * 3_600_000;

    systemClock.setTimer(60 * days, fired);
    vi.advanceTimersByTime(60 * days - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);

    expect(fired).toHaveBeenCalledOnce();
  });

  it("does not fire what was cancelled, however often", () => {
    vi.useFakeTimers();
    const fired = vi.fn();
    const timer = systemClock.setTimer(60 * 24 * 3_600_000, fired);
    vi.advanceTimersByTime(30 * 24 * 3_600_000);

    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(60 * 24 * 3_600_000);

    expect(fired).not.toHaveBeenCalled();
  });

  it("defers to a later task, after what the event loop has at hand", async () => {
    const order: string[] = [];

    const deferred = new Promise<void>((resolve) => systemClock.defer(() => resolve(void order.push("deferred"))));
    void Promise.resolve().then(() => order.push("micro-task"));
    order.push("now");
    await deferred;

    expect(order).toEqual(["now", "micro-task", "deferred"]);
  });
});

describe("systemEntropy", () => {
  it("gives numbers from 0 to 1, and ids that never come again", () => {
    const numbers = Array.from({ length: 100 }, () => systemEntropy.random());
    const ids = Array.from({ length: 100 }, () => systemEntropy.id());

    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(new Set(ids).size).toBe(100);
    expect(ids.every((id) => /^[\w-]{1,64}$/.test(id))).toBe(true);
  });

  it("gives ids that never come again, many of one pool of random bytes", () => {
    const ids = Array.from({ length: 10_000 }, () => systemEntropy.id());

    expect(new Set(ids).size).toBe(10_000);
  });

  it("gives ids that begin with the time: those made later stand behind", async () => {
    const first = systemEntropy.id();
    const at = Date.now();
    while (Date.now() - at < 2) await Promise.resolve(); // their time has no part of a millisecond
    const second = systemEntropy.id();

    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(second > first).toBe(true);
    expect(Math.abs(Number.parseInt(first.replace("-", "").slice(0, 12), 16) - at)).toBeLessThan(1_000);
  });
});
