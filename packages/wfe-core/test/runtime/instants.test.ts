import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Instants } from "../../src/runtime/instants.ts";

// Before the epoch, too, and on both sides of words and seconds.
const instant = fc.oneof(fc.integer({ min: -2_100, max: 3_100 }), fc.constantFrom(-1, 0, 31, 32, 63, 999, 1_000, 1_031, 1_999));
const operation = fc.oneof(
  fc.record({ do: fc.constant("add" as const), ms: instant }),
  fc.record({ do: fc.constant("takeUntil" as const), ms: instant }),
  fc.record({ do: fc.constant("clear" as const), ms: instant }),
);

describe("Instants", () => {
  it("is the same as a set that is sorted, whatever is added and taken", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), fc.array(instant, { maxLength: 10 }), (operations, asked) => {
        const instants = new Instants();
        let model = new Set<number>();

        for (const { do: what, ms } of operations) {
          if (what === "add") {
            instants.add(ms);
            model.add(ms);
          } else if (what === "takeUntil") {
            instants.takeUntil(ms);
            model = new Set([...model].filter((one) => one > ms));
          } else if (model.size > 20) {
            instants.clear();
            model.clear();
          }
          expect(instants.first).toBe(model.size === 0 ? undefined : Math.min(...model));
        }

        expect(asked.map((ms) => instants.has(ms))).toEqual(asked.map((ms) => model.has(ms)));
      }),
      { numRuns: 500 },
    );
  });

  it("gives every millisecond of a second, in order", () => {
    const instants = new Instants();
    for (let ms = 1_999; ms >= 1_000; ms -= 1) instants.add(ms);

    const given: (number | undefined)[] = [];
    for (let { first } = instants; first !== undefined; { first } = instants) {
      given.push(first);
      instants.takeUntil(first);
    }

    expect(given).toEqual(Array.from({ length: 1_000 }, (_, n) => 1_000 + n));
  });
});
