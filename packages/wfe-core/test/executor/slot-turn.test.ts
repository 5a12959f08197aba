import { describe, expect, it } from "vitest";
import { SlotTurn } from "../../src/executor/slot-turn.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

/** A turn while others wait, or not. */
function setting(others = true) {
  const clock = new VirtualClock();
  const state = { others };
  const turn = new SlotTurn(clock, () => state.others);
  const commit = (times: number): void => {
    for (let n = 0; n < times; n += 1) turn.committed();
  };
  return { clock, state, turn, commit };
}

describe("a turn", () => {
  it("is over after 100 commits when others wait", () => {
    const { turn, commit } = setting();

    commit(99);
    expect([turn.isOver, turn.remainingMs(1)]).toEqual([false, undefined]);
    commit(1);

    expect([turn.isOver, turn.remainingMs(1)]).toEqual([true, 1_000]);
  });

  it("that is over is not looked at again where no body runs", () => {
    const { turn, commit } = setting();

    commit(100);

    expect([turn.isOver, turn.remainingMs(0)]).toEqual([true, undefined]);
  });

  it("is over with the first commit after more than a second when others wait", async () => {
    const { clock, turn, commit } = setting();

    await clock.advance(1_000);
    commit(1);
    expect(turn.isOver).toBe(false);
    await clock.advance(1);
    commit(1);

    expect(turn.isOver).toBe(true);
  });

  it("lasts as long as nobody waits", async () => {
    const { clock, state, turn, commit } = setting(false);

    await clock.advance("1h");
    commit(1_000);
    expect(turn.isOver).toBe(false);
    state.others = true;
    commit(1);

    expect(turn.isOver).toBe(true);
  });

  it("that is over begins anew when bodies run on for a second", async () => {
    const { clock, turn, commit } = setting();
    commit(100);

    await clock.advance(999);
    commit(1);
    turn.look(1);
    expect([turn.isOver, turn.remainingMs(1)]).toEqual([true, 1]);
    await clock.advance(1);
    turn.look(0);
    expect(turn.isOver).toBe(true);
    turn.look(1);
    expect([turn.isOver, turn.remainingMs(1)]).toEqual([false, undefined]);
    commit(99);
    expect(turn.isOver).toBe(false);
    commit(1);

    expect(turn.isOver).toBe(true);
  });

  it("that is not over goes on, however many bodies run", () => {
    const { turn, commit } = setting();
    commit(99);

    turn.look(5);
    commit(1);

    expect(turn.isOver).toBe(true);
  });
});
