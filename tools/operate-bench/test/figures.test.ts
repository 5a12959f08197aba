import { describe, expect, it } from "vitest";
import { figuresOf, ms, table, timed } from "../src/figures.ts";

describe("figures", () => {
  it("are the middle, the slow ones and the slowest, whatever the order", () => {
    const times = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect(figuresOf(times)).toEqual({ median: 51, p95: 96, p99: 100, longest: 100 });
    expect(times[0]).toBe(100);
  });

  it("of no calls are none", () => {
    expect(figuresOf([])).toEqual({ median: Number.NaN, p95: Number.NaN, p99: Number.NaN, longest: Number.NaN });
  });

  it("are taken from so many calls, one after the other, the first five left out", async () => {
    let [calls, underWay, together] = [0, 0, 0];
    await timed(async () => {
      calls += 1;
      underWay += 1;
      together = Math.max(together, underWay);
      await Promise.resolve();
      underWay -= 1;
    }, 7);

    expect({ calls, together }).toEqual({ calls: 12, together: 1 });
  });

  it("are shown with a digit where that says something, in a table of Markdown", () => {
    expect(
      table(
        ["question", "ms"],
        [
          ["a", ms(0.26)],
          ["b", ms(41.6)],
        ],
      ),
    ).toBe("| question | ms |\n| --- | --- |\n| a | 0.3 |\n| b | 42 |");
  });
});
