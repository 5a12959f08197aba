import { describe, expect, it } from "vitest";
import { NonRetryableError } from "../../src/errors/step-errors.ts";
import { selectedBoolean, selectedDate, selectedDuration, selectedList, selectedString } from "../../src/primitives/selected.ts";
import { primitiveContext } from "./primitive-context.ts";

const giving = (value: unknown) => primitiveContext({}, { functions: { f: () => value } });
const fixed = (settings: Readonly<Record<string, string | number>>) => primitiveContext({ settings });
const throwing = primitiveContext(
  {},
  {
    functions: {
      f: () => {
        throw new RangeError("out of range, by the author's own code");
      },
    },
  },
);

describe("a condition", () => {
  it.each([true, false])("gives %s as it is", (value) => {
    expect(selectedBoolean(giving(value), "f")).toBe(value);
  });

  it.each([
    [0, "0"],
    ["yes", '"yes"'],
    [null, "null"],
    [undefined, "undefined"],
    [[], "an array"],
    [{}, "an object"],
  ])("that gives %j fails: its truth is nobody's guess", (value, shown) => {
    expect(() => selectedBoolean(giving(value), "f")).toThrow(new NonRetryableError(`the f of the step "s" gave ${shown} in place of true or false`));
  });
});

describe("a string", () => {
  it("comes from the selector, else from the fixed setting", () => {
    const both = primitiveContext({ settings: { f: "fixed" } }, { functions: { f: () => "selected" } });

    expect([selectedString(both, "f"), selectedString(fixed({ f: "fixed" }), "f"), selectedString(giving(""), "f")]).toEqual([
      "selected",
      "fixed",
      "",
    ]);
  });

  it.each([
    ["a selector gives another type", giving(7), "7"],
    ["a selector gives an array", giving(["7"]), "an array"],
    ["there is neither", primitiveContext({}), "undefined"],
  ])("is refused when %s", (_, context, shown) => {
    expect(() => selectedString(context, "f")).toThrow(new NonRetryableError(`the f of the step "s" gave ${shown} in place of a string`));
  });
});

describe("a list", () => {
  it("is the array that the selector gives, itself", () => {
    const items = [1, "a", null];

    expect(selectedList(giving(items), "f")).toBe(items);
  });

  it.each([
    [undefined, "undefined"],
    ["abc", '"abc"'],
    [{ length: 0 }, "an object"],
    [null, "null"],
  ])("is refused when the selector gives %j", (value, shown) => {
    expect(() => selectedList(giving(value), "f")).toThrow(new NonRetryableError(`the f of the step "s" gave ${shown} in place of an array`));
  });
});

describe("a duration", () => {
  it("comes from the selector in any form, else from the fixed milliseconds, else is none", () => {
    expect([
      selectedDuration(primitiveContext({ settings: { fMs: 1 } }, { functions: { f: () => "1.5s" } }), "f"),
      selectedDuration(giving(0), "f"),
      selectedDuration(fixed({ fMs: 250 }), "f"),
      selectedDuration(fixed({ fMs: "250" }), "f"),
      selectedDuration(primitiveContext({}), "f"),
    ]).toEqual([1500, 0, 250, undefined, undefined]);
  });

  it.each([
    ["-1", -1],
    ["NaN", Number.NaN],
    ['"soon"', "soon"],
    ["undefined", undefined],
    ["null", null],
  ])("that is %s is a fault that no retry mends", (shown, value) => {
    const problem = `must be milliseconds (0 or more) or text like "250ms", "30s", "5m", "2h" or "7d": got ${shown}`;

    expect(() => selectedDuration(giving(value), "f")).toThrow(
      new NonRetryableError(`the f of the step "s" ${problem}`, { cause: new RangeError(`the f of the step "s" ${problem}`) }),
    );
  });

  it("whose selector throws is that error, which a retry may mend", () => {
    expect(() => selectedDuration(throwing, "f")).toThrow(new RangeError("out of range, by the author's own code"));
  });
});

describe("an instant", () => {
  it("comes from the selector, else from the fixed ISO text, else is none", () => {
    expect([
      selectedDate(primitiveContext({ settings: { f: "2020-01-01T00:00:00Z" } }, { functions: { f: () => new Date(5) } }), "f"),
      selectedDate(fixed({ f: "2020-01-01T00:00:00Z" }), "f"),
      selectedDate(giving("2021-01-01T00:00:00Z"), "f"),
      selectedDate(giving(undefined), "f"),
      selectedDate(primitiveContext({}), "f"),
    ]).toEqual([new Date(5), new Date("2020-01-01T00:00:00Z"), new Date("2021-01-01T00:00:00Z"), undefined, undefined]);
  });

  it.each([
    ["an invalid Date", new Date(Number.NaN), "an invalid Date"],
    ["text that is no date", "soon", '"soon"'],
    ["a number", 5, "5"],
    ["null", null, "null"],
  ])("that is %s is refused", (_, value, shown) => {
    expect(() => selectedDate(giving(value), "f")).toThrow(new NonRetryableError(`the f of the step "s" gave ${shown} in place of a valid Date`));
  });
});
