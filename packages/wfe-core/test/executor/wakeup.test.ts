import { describe, expect, it } from "vitest";
import { Wakeup } from "../../src/executor/wakeup.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

/** A wait, and whether it is over. */
function waiting(wait: Promise<void>) {
  const state = { over: false };
  void wait.then(() => {
    state.over = true;
  });
  return state;
}

describe("a wait", () => {
  it("ends when it is woken, and its timer is given back", async () => {
    const clock = new VirtualClock();
    const wakeup = new Wakeup(clock);
    const wait = waiting(wakeup.wait(1_000));
    await clock.settle();
    expect(wait.over).toBe(false);

    wakeup.wake();
    await clock.settle();

    expect([wait.over, clock.pendingTimers]).toEqual([true, 0]);
  });

  it("ends by itself after its delay", async () => {
    const clock = new VirtualClock();
    const wait = waiting(new Wakeup(clock).wait(1_000));

    await clock.advance(999);
    expect(wait.over).toBe(false);
    await clock.advance(1);

    expect(wait.over).toBe(true);
  });

  it("without a delay ends only when it is woken", async () => {
    const clock = new VirtualClock();
    const wakeup = new Wakeup(clock);
    const wait = waiting(wakeup.wait());

    await clock.advance("365d");
    expect(wait.over).toBe(false);
    wakeup.wake();
    await clock.settle();

    expect(wait.over).toBe(true);
  });

  it("is over at once for a wake-up that came while nobody waited, and the next is not", async () => {
    const clock = new VirtualClock();
    const wakeup = new Wakeup(clock);
    wakeup.wake();
    wakeup.wake();

    const [first, second] = [waiting(wakeup.wait()), waiting(wakeup.wait())];
    await clock.settle();

    expect([first.over, second.over]).toEqual([true, false]);
  });

  it("that was woken leaves nothing for the next", async () => {
    const clock = new VirtualClock();
    const wakeup = new Wakeup(clock);
    const first = waiting(wakeup.wait(5));
    wakeup.wake();

    const second = waiting(wakeup.wait());
    await clock.advance(5);

    expect([first.over, second.over]).toEqual([true, false]);
  });

  it("whose timer is given back does not end by itself", async () => {
    const clock = new VirtualClock();
    const wakeup = new Wakeup(clock);
    const wait = waiting(wakeup.wait(5));

    wakeup.cancel();
    await clock.advance(5);

    expect([wait.over, clock.pendingTimers]).toEqual([false, 0]);
  });
});
