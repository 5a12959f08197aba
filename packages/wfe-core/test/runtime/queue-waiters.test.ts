import { describe, expect, it } from "vitest";
import { type QueueWaiter, QueueWaiters } from "../../src/runtime/queue-waiters.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

interface Delivery {
  readonly id: string;
}

const deliveriesOf = (...ids: readonly string[]): readonly Delivery[] => ids.map((id) => ({ id }));

class Waiter implements QueueWaiter<Delivery> {
  readonly got: (readonly string[])[] = [];
  readonly failures: unknown[] = [];
  readonly limit: number;
  readonly once: boolean;

  constructor(limit = 1, once = false) {
    this.limit = limit;
    this.once = once;
  }

  readonly give = (deliveries: readonly Delivery[]): void => void this.got.push(deliveries.map(({ id }) => id));
  readonly fail = (error: unknown): void => void this.failures.push(error);
}

function waitersOn(clock: VirtualClock): { readonly waiters: QueueWaiters<Delivery>; readonly empties: () => number } {
  let empties = 0;
  return { waiters: new QueueWaiters<Delivery>(clock, () => (empties += 1)), empties: () => empties };
}

describe("those who wait for a queue on Redis", () => {
  it("get what a look brings, longest wait first, those who leave last", () => {
    const { waiters, empties } = waitersOn(new VirtualClock());
    const [first, leaving, third] = [new Waiter(2), new Waiter(1), new Waiter(1, true)];
    waiters.add(first);
    const leave = waiters.add(leaving);
    waiters.add(third);

    const limit = waiters.see();
    leave();
    leave();
    const left = waiters.give(deliveriesOf("a", "b", "c", "d", "e"));

    expect(limit).toBe(4);
    expect([first, third, leaving].map(({ got }) => got)).toEqual([[["a", "b"]], [["c"]], [["d"]]]);
    expect(left).toEqual(deliveriesOf("e"));
    expect(empties()).toBe(1);
  });

  it("end with nothing when the look brings nothing, if they ask once or are to leave; others stay", () => {
    const { waiters } = waitersOn(new VirtualClock());
    const [once, leaving, staying, unseen] = [new Waiter(1, true), new Waiter(), new Waiter(), new Waiter(1, true)];
    waiters.add(once);
    const leave = waiters.add(leaving);
    waiters.add(staying);
    waiters.see();
    waiters.add(unseen);
    leave();

    waiters.give([]);

    expect([once, leaving, staying, unseen].map(({ got }) => got)).toEqual([[[]], [[]], [], []]);
    expect(waiters.size).toBe(2);
  });

  it("leave at once when no look is under way, and after a second when its answer does not come", async () => {
    const clock = new VirtualClock();
    const { waiters } = waitersOn(clock);
    const [early, late] = [new Waiter(), new Waiter()];
    waiters.add(early)();
    const leave = waiters.add(late);
    waiters.see();
    leave();

    await clock.advance(999);
    expect(late.got).toEqual([]);
    await clock.advance(1);

    expect([early.got, late.got]).toEqual([[[]], [[]]]);
    expect(waiters.give(deliveriesOf("x"))).toEqual(deliveriesOf("x"));
  });

  it("hear of the failure of the look that was for them; those who leave hear of nothing", () => {
    const { waiters } = waitersOn(new VirtualClock());
    const [seen, leaving, unseen] = [new Waiter(), new Waiter(), new Waiter()];
    waiters.add(seen);
    const leave = waiters.add(leaving);
    waiters.see();
    waiters.add(unseen);
    leave();
    const error = new Error("lost");

    waiters.fail(error);

    expect([seen, leaving, unseen].map(({ got, failures }) => ({ got, failures }))).toEqual([
      { got: [], failures: [error] },
      { got: [[]], failures: [] },
      { got: [], failures: [] },
    ]);
  });
});
