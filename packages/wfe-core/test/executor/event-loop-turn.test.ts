import { expect, it } from "vitest";
import { EventLoopTurn } from "../../src/executor/event-loop-turn.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";

/** After which of so many commits the event loop has its turn, each with so many new pointers. */
function turns(commits: number, numbers: number, first = 1): readonly number[] {
  const turn = new EventLoopTurn(new VirtualClock());
  return Array.from({ length: commits }, (_, index) => index + 1).filter((commit) => turn.committed(first + (commit - 1) * numbers) !== undefined);
}

it("comes after so many commits, whatever the instance has behind it", () => {
  expect(turns(40, 1)).toEqual([16, 32]);
  expect(turns(40, 1, 1_000_000)).toEqual([16, 32]);
});

it("comes sooner where commits have many pointers", () => {
  expect(turns(9, 500)).toEqual([3, 5, 7, 9]);
  expect(turns(5, 2_000)).toEqual([2, 3, 4, 5]);
});

it("is over when the clock has given it", async () => {
  const clock = new VirtualClock();
  const turn = new EventLoopTurn(clock);
  void turn.committed(0);
  let isOver = false;

  const given = turn.committed(1_000)?.then(() => {
    isOver = true;
  });
  expect(given).toBeDefined();
  await Promise.resolve();
  expect(isOver).toBe(false);
  await clock.settle();

  expect(isOver).toBe(true);
});
