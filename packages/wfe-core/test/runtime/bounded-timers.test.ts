import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedTimers } from "../../src/runtime/bounded-timers.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

const HORIZON_MS = 5_000;

function setUp(limit: number) {
  const clock = new VirtualClock();
  const start = clock.now();
  /** What was told, as `[ms, keys]`; no keys for something unknown. */
  const told: [number, readonly string[]][] = [];
  const timers = new BoundedTimers<string>({
    clock,
    limit,
    horizonMs: HORIZON_MS,
    onDue: (keys) => told.push([clock.now() - start, keys]),
    onUnknown: () => told.push([clock.now() - start, []]),
  });
  const schedule = (key: string, ms: number): void => timers.schedule(key, start + ms);
  return { clock, start, told, timers, schedule };
}

describe("BoundedTimers", () => {
  it("tells of the nearest by their keys, and of the others at their time", async () => {
    const { clock, told, timers, schedule } = setUp(4);

    for (const ms of [30, 50, 10, 40, 20]) schedule(`at ${ms}`, ms);
    expect([timers.size, clock.pendingTimers]).toEqual([2, 2]);
    await clock.advance(100);

    expect(told).toEqual([
      [10, ["at 10"]],
      [20, ["at 20"]],
      [30, []],
      [40, []],
      [50, []],
    ]);
    expect([timers.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("keeps no key of an instant at which something unknown is due, however many are due then", async () => {
    const { clock, told, timers, schedule } = setUp(4);
    for (let n = 0; n < 9; n += 1) schedule(`key ${n}`, 10);
    schedule("by itself", 11);

    schedule("by itself", 10);
    expect(timers.size).toBe(0);
    await clock.advance(100);

    expect(told).toEqual([[10, []]]);
  });

  it("has room for keys again when those it had are told of", async () => {
    const { clock, told, schedule } = setUp(2);
    for (const ms of [10, 20, 30]) schedule(`at ${ms}`, ms);
    await clock.advance(10);

    schedule("later", 40);
    await clock.advance(100);

    expect(told).toEqual([
      [10, ["at 10"]],
      [20, []],
      [30, []],
      [40, ["later"]],
    ]);
  });

  it("leaves what is beyond the horizon to others, also what was near before", async () => {
    const { clock, told, schedule } = setUp(2);
    schedule("moved", 10);

    schedule("moved", HORIZON_MS + 1);
    schedule("near", HORIZON_MS);
    await clock.advance(2 * HORIZON_MS);

    expect(told).toEqual([[HORIZON_MS, ["near"]]]);
  });

  it("tells of a past time in a later task, known or not", async () => {
    const { clock, told, schedule } = setUp(1);
    schedule("a", -10);
    schedule("b", -20);

    expect(told).toEqual([]);
    await clock.settle();

    expect(told).toEqual([[0, []]]);
  });

  it("is not early when the wall clock is set back", async () => {
    const { clock, told, schedule } = setUp(2);
    for (const ms of [100, 200, 300]) schedule(`at ${ms}`, ms);

    clock.setWallClock(clock.now() - 60);
    await clock.advance(159);
    expect(told).toEqual([]);
    await clock.advance(1_000);

    expect(told).toEqual([
      [100, ["at 100"]],
      [200, []],
      [300, []],
    ]);
  });

  it("forgets everything that was taken off", async () => {
    const { clock, told, timers, schedule } = setUp(2);
    for (const ms of [10, 20, 30]) schedule(`at ${ms}`, ms);

    expect([timers.cancel("at 10"), timers.cancel("at 10"), timers.cancel("at 30")]).toEqual([true, false, false]);
    timers.clear();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(100);

    expect(told).toEqual([]);
  });

  it("tells of everything at its millisecond, of nothing else, and keeps no more than its limit, whatever happens", async () => {
    const key = fc.integer({ min: 0, max: 30 }).map((n) => `key ${n}`);
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("schedule" as const), key, ms: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("schedule" as const), key, ms: fc.integer({ min: 4_990, max: 5_010 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), key, ms: fc.constant(0) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), key: fc.constant(""), ms: fc.integer({ min: 1, max: 30 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.array(operation, { maxLength: 80 }), async (limit, operations) => {
        const { clock, start, told, timers, schedule } = setUp(limit);
        /** When each key is due, within the horizon. */
        const due = new Map<string, number>();
        /** Every due time that a key has had. */
        const everDue = new Set<number>();
        let looked = 0;
        const check = (): void => {
          const now = clock.now() - start;
          for (const [at, keys] of told.slice(looked)) {
            for (const one of keys) {
              expect([one, due.get(one)]).toEqual([one, at]);
              due.delete(one);
            }
            if (keys.length > 0) continue;
            expect([...everDue]).toContain(at);
            for (const [one, ms] of due) if (ms === at) due.delete(one); // the look finds it
          }
          looked = told.length;
          expect([...due].filter(([, ms]) => ms <= now)).toEqual([]);
          expect(timers.size).toBeLessThanOrEqual(limit);
          expect(clock.pendingTimers).toBeLessThanOrEqual(2);
        };

        for (const one of operations) {
          if (one.do === "advance") await clock.advance(one.ms);
          else if (one.do === "cancel") {
            timers.cancel(one.key);
            due.delete(one.key);
          } else {
            const ms = clock.now() - start + one.ms;
            schedule(one.key, ms);
            due.delete(one.key);
            if (one.ms <= HORIZON_MS) {
              due.set(one.key, ms);
              everDue.add(ms);
            }
          }
          check();
        }
        await clock.advance(2 * HORIZON_MS);
        check();

        expect([due.size, timers.size, clock.pendingTimers]).toEqual([0, 0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
