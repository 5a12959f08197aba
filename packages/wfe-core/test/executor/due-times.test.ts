import { describe, expect, it } from "vitest";
import { DueTimes } from "../../src/executor/due-times.ts";

describe("due times", () => {
  it("are taken in their order, up to an instant", () => {
    const times = new DueTimes();
    times.add(30, "c");
    times.add(10, "a");
    times.add(20, "b");
    const holds = (): boolean => true;

    expect([times.take(20, holds), times.take(20, holds), times.take(20, holds), times.next(holds)]).toEqual(["a", "b", undefined, 30]);
  });

  it("that hold no longer are passed over", () => {
    const times = new DueTimes();
    times.add(10, "moved");
    times.add(20, "moved");
    times.add(15, "gone");
    const holds = (id: string, dueMs: number): boolean => id === "moved" && dueMs === 20;

    expect([times.next(holds), times.take(100, holds), times.next(holds), times.take(100, holds)]).toEqual([20, "moved", undefined, undefined]);
  });
});
