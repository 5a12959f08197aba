import { beforeEach, describe, expect, it } from "vitest";
import { PersistenceError, type QueueType } from "wfe-core";
import { VirtualClock } from "wfe-core/test-support";
import { QueueSignals } from "../src/queue-signals.ts";
import type { QueueAnswer, QueueDelivery, QueueTurn } from "../src/queue-store.ts";

type Turn = Pick<QueueTurn, "changes" | "takes">;
const delivery = (id: string): QueueDelivery => ({ id, token: "t", lateMs: 0 });

describe("QueueSignals", () => {
  let clock: VirtualClock;
  /** Turns that were made, with the time since the start of the test. */
  let made: { readonly at: number; readonly turn: Turn }[];
  let answer: (turn: Turn) => Partial<QueueAnswer> | Promise<Partial<QueueAnswer>>;

  beforeEach(() => {
    clock = new VirtualClock({ monotonicStart: 0 });
    made = [];
    answer = () => ({});
  });

  function signals(options: { readonly pollIntervalMs?: number; readonly isTold?: boolean } = {}): QueueSignals {
    return new QueueSignals({
      clock,
      pollIntervalMs: 5_000,
      isTold: true,
      ...options,
      turn: async (turn) => {
        made.push({ at: clock.monotonic(), turn });
        const found = await answer(turn);
        return (type) => ({ taken: [], dueInMs: undefined, ...(type === "workflow" ? found : {}) });
      },
    });
  }

  interface Wait {
    readonly given: string[][];
    readonly failures: unknown[];
    readonly end: () => void;
  }

  function wait(on: QueueSignals, { limit = 1, once = false, type = "workflow" as QueueType } = {}): Wait {
    const given: string[][] = [];
    const failures: unknown[] = [];
    const end = on.wait(type, {
      limit,
      once,
      give: (deliveries) => void given.push(deliveries.map(({ id }) => id)),
      fail: (error) => void failures.push(error),
    });
    return { given, failures, end };
  }

  const times = (): readonly number[] => made.map(({ at }) => at);

  /** A turn whose answer is held back. */
  function held(): (found: Partial<QueueAnswer> | Error) => void {
    let release: (found: Partial<QueueAnswer> | Error) => void = () => {};
    const found = new Promise<Partial<QueueAnswer>>((resolve, reject) => {
      release = (value) => (value instanceof Error ? reject(value) : resolve(value));
    });
    let isFirst = true;
    answer = () => {
      if (!isFirst) return {};
      isFirst = false;
      return found;
    };
    return release;
  }

  it("looks at once, makes sure a moment later, and then looks as seldom as the poll says, where it is told", async () => {
    const waiting = wait(signals());
    await clock.advance("20s");
    waiting.end();
    await clock.advance("20s");

    expect(times()).toEqual([0, 50, 5_000, 10_000, 15_000, 20_000]);
    expect(waiting.given).toEqual([[]]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("looks with growing pauses where it is not told, and often again after something came", async () => {
    const on = signals({ isTold: false, pollIntervalMs: 100 });
    const first = wait(on, { limit: 1 });
    await clock.advance(450);
    expect(times()).toEqual([0, 10, 25, 48, 83, 136, 216, 316, 416]);

    answer = () => ({ taken: [delivery("x")] });
    await clock.advance(66);
    answer = () => ({});
    expect(first.given).toEqual([["x"]]);
    made.length = 0;
    wait(on, { limit: 1 });
    await clock.advance(40);

    expect(times()).toEqual([516, 526, 541]);
  });

  it("looks when the next entry comes due", async () => {
    answer = () => ({ dueInMs: clock.monotonic() < 1_234 ? 1_234 - clock.monotonic() : undefined });
    wait(signals());
    await clock.advance("2s");

    expect(times()).toEqual([0, 50, 1_234, 1_284]);
  });

  it("looks again soon, then with growing pauses, for what is due and held by another", async () => {
    answer = () => ({ dueInMs: clock.monotonic() < 83 ? -5 : undefined });
    wait(signals());
    await clock.advance(1_000);

    expect(times()).toEqual([0, 10, 25, 48, 83, 133]);
  });

  it("looks once more after what was told while a look was under way, however often", async () => {
    const on = signals();
    const release = held();
    wait(on);
    await clock.settle();
    for (let turn = 0; turn < 10; turn += 1) on.look(["workflow", "event"]);
    await clock.settle();
    expect(made.length).toBe(1);

    release({});
    await clock.settle();

    expect(made.length).toBe(2);
  });

  it("sends changes with a look for those who wait, and alone when nobody does", async () => {
    const on = signals();
    await Promise.all([on.change({ kind: "put", type: "workflow", id: "a", delayMs: 0 }), clock.settle()]);
    wait(on, { limit: 3, type: "event" });
    wait(on, { limit: 4, type: "event" });
    await Promise.all([on.change({ kind: "put", type: "event", id: "b", delayMs: 0 }), clock.settle()]);

    expect(made.map(({ turn }) => ({ puts: turn.changes.length, takes: turn.takes }))).toEqual([
      { puts: 1, takes: [] },
      { puts: 1, takes: [{ type: "event", limit: 7 }] },
    ]);
  });

  it("makes no turn for who has left before it", async () => {
    const waiting = wait(signals());
    waiting.end();
    waiting.end();
    await clock.settle();

    expect(waiting.given).toEqual([[]]);
    expect(made).toEqual([]);
  });

  it("lets who ends a wait have what is on its way", async () => {
    const release = held();
    const waiting = wait(signals());
    await clock.settle();
    waiting.end();
    await clock.settle();
    expect(waiting.given).toEqual([]);

    release({ taken: [delivery("x")] });
    await clock.settle();

    expect(waiting.given).toEqual([["x"]]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("prefers who stays to who is about to leave", async () => {
    const on = signals();
    const release = held();
    const [leaving, staying] = [wait(on), wait(on)];
    await clock.settle();
    leaving.end();

    release({ taken: [delivery("x")] });
    await clock.settle();

    expect([leaving.given, staying.given]).toEqual([[[]], [["x"]]]);
  });

  it("lets nobody wait for a server that does not answer, and puts back what then comes", async () => {
    const release = held();
    const waiting = wait(signals());
    await clock.settle();
    waiting.end();
    await clock.advance("1s");
    expect(waiting.given).toEqual([[]]);

    release({ taken: [delivery("x")] });
    await clock.settle();

    expect(made.at(-1)?.turn).toEqual({ changes: [{ kind: "retry", type: "workflow", delivery: delivery("x"), delayMs: 0 }], takes: [] });
  });

  it("gives what comes for who has left to who waits next", async () => {
    const on = signals();
    const release = held();
    const waiting = wait(on);
    await clock.settle();
    waiting.end();
    await clock.advance("1s");
    const next = wait(on);

    release({ taken: [delivery("x")] });
    await clock.settle();

    expect(next.given).toEqual([["x"]]);
    expect(made.length).toBe(1);
  });

  it("answers who asks once after one look", async () => {
    const on = signals();
    const asking = wait(on, { once: true });
    await clock.settle();

    expect(asking.given).toEqual([[]]);
    expect(made.length).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("fails those for whom it looked, answers those who are leaving, and looks for those who have come since", async () => {
    const on = signals();
    const release = held();
    const [failed, leaving] = [wait(on), wait(on)];
    await clock.settle();
    leaving.end();
    const next = wait(on);
    const error = new PersistenceError("WFE_STORE_UNREACHABLE", "gone");

    release(error);
    await clock.settle();

    expect([failed, leaving, next].map(({ given, failures }) => ({ given, failures }))).toEqual([
      { given: [], failures: [error] },
      { given: [[]], failures: [] },
      { given: [], failures: [] },
    ]);
    expect(made.length).toBe(2);
  });

  it("forgets a put-back that fails: the entry comes back by itself", async () => {
    const on = signals();
    const release = held();
    const waiting = wait(on);
    await clock.settle();
    waiting.end();
    await clock.advance("1s");
    const first = answer;
    answer = (turn) => {
      if (turn.changes.length > 0) throw new PersistenceError("WFE_STORE_UNREACHABLE", "gone");
      return first(turn);
    };

    release({ taken: [delivery("x")] });
    await clock.settle();

    expect(made.length).toBe(2);
  });

  it("is settled when nothing is under way, or has been for a second", async () => {
    const on = signals();
    await on.settled();
    const release = held();
    const changing = on.change({ kind: "put", type: "workflow", id: "a", delayMs: 0 });
    await clock.settle();
    let isSettled = false;
    const settled = on.settled().then(() => {
      isSettled = true;
    });
    await clock.advance(999);
    expect(isSettled).toBe(false);

    await clock.advance(1);
    await settled;
    release({});
    await changing;
    await on.settled();

    expect(clock.pendingTimers).toBe(0);
  });
});
