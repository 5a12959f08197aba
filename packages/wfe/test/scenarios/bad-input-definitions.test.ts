import { describe, expect, it } from "vitest";
import { DefinitionError, isWfeError, WorkflowBuilder } from "../../src/index.ts";

/** A builder as JavaScript sees it: any verb with anything. */
interface Untyped {
  readonly [verb: string]: (...args: readonly unknown[]) => Untyped;
}

const w = (): Untyped => new WorkflowBuilder() as unknown as Untyped;
const block = (b: Untyped): unknown => b["thenFn"]?.("inside", () => {});
const empty = (b: Untyped): unknown => b;
const nothings = [undefined, null, 5, {}, [], "x"];
const VERBS = [
  "then",
  "startWith",
  "thenFn",
  "waitFor",
  "waitForAny",
  "activity",
  "pollEndpoint",
  "subWorkflow",
  "schedule",
  "recur",
  "ifDo",
  "whileDo",
  "forEach",
  "parallel",
  "decide",
  "saga",
  "use",
  "goTo",
];
const SETTINGS = [
  "onError",
  "when",
  "cancelWhen",
  "children",
  "input",
  "output",
  "compensateWith",
  "compensateWithFn",
  "compensateWithSequence",
  "onOutcome",
];
/** An error of the language, from inside. */
const FROM_INSIDE = /Cannot |is not a function|is not iterable|undefined \(/;

function refusalOf(build: () => unknown): unknown {
  try {
    return new Error(`accepted: ${JSON.stringify(build())}`);
  } catch (error) {
    return error;
  }
}

function expectRefused(build: () => unknown): void {
  const error = refusalOf(build);
  expect(String(error)).not.toMatch(FROM_INSIDE);
  expect(error instanceof TypeError || error instanceof RangeError || isWfeError(error, "WFE_DEFINITION_INVALID"), String(error)).toBe(true);
}

describe("a verb that is given anything, as it comes from JavaScript", () => {
  it.each(VERBS)("%s says what is wrong", (verb) => {
    for (const value of nothings) expectRefused(() => w()[verb]?.(value)["build"]?.("w", 1));
  });

  it.each(SETTINGS)("the setting %s says what is wrong", (setting) => {
    for (const value of nothings)
      expectRefused(() =>
        w()
          ["thenFn"]?.("a", () => {})
          [setting]?.(value)
          ["build"]?.("w", 1),
      );
  });

  it("delay, timeout, waits and activities take durations, dates and names alone", () => {
    for (const value of [undefined, null, -1, Number.NaN, {}, "soon", "-5s"]) {
      expectRefused(() => w()["delay"]?.(value)["build"]?.("w", 1));
      expectRefused(() =>
        w()
          ["thenFn"]?.("a", () => {})
          ["timeout"]?.(value)
          ["build"]?.("w", 1),
      );
    }
    for (const timeout of [null, -1, {}, "soon"]) {
      expectRefused(() => w()["waitFor"]?.("e", "k", { timeout })["build"]?.("w", 1));
      expectRefused(() =>
        w()
          ["waitForAny"]?.({ a: { event: "e", key: "k" } }, { timeout })
          ["build"]?.("w", 1),
      );
      expectRefused(() =>
        w()
          ["activity"]?.("a", () => 1, { timeout })
          ["build"]?.("w", 1),
      );
    }
    for (const effectiveDate of [null, 5, "2030-01-01", new Date(Number.NaN)])
      expectRefused(() => w()["waitFor"]?.("e", "k", { effectiveDate })["build"]?.("w", 1));
    for (const value of [undefined, null, 5, {}, "x", { event: "" }, { event: {} }])
      expectRefused(() => w()["waitForAny"]?.({ a: value })["build"]?.("w", 1));
    for (const key of [undefined, null, 5, {}]) expectRefused(() => w()["waitFor"]?.("e", key)["build"]?.("w", 1));
    for (const name of ["", " ", { name: "" }, {}]) {
      expectRefused(() =>
        w()
          ["activity"]?.(name, () => 1)
          ["build"]?.("w", 1),
      );
      expectRefused(() => w()["waitFor"]?.(name, "k")["build"]?.("w", 1));
    }
  });

  it("saveAs takes a key of data alone", () => {
    for (const key of [undefined, null, {}, Symbol("s"), "__proto__"])
      expect(() =>
        w()
          ["thenFn"]?.("a", () => 1)
          ["saveAs"]?.(key)
          ["build"]?.("w", 1),
      ).toThrow("which is no key of data");
  });
});

describe("a definition", () => {
  it("is refused with all its faults when a branch is empty, a goTo leads nowhere, an id is there twice", () => {
    const faulty = (): unknown =>
      w()
        ["ifDo"]?.(() => true, empty)
        ["parallel"]?.((p: Untyped) => p["branch"]?.(empty)["branch"]?.(block))
        ["thenFn"]?.("a", () => {})
        ["id"]?.("same")
        ["thenFn"]?.("b", () => {})
        ["id"]?.("same")
        ["goTo"]?.("nowhere")
        ["build"]?.("w", 1);

    const error = refusalOf(faulty);

    expect(error).toBeInstanceOf(DefinitionError);
    expect((error as DefinitionError).faults).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/block then .* has no steps|block "then"/),
        expect.stringContaining('goes to "nowhere", but no step has that id'),
        expect.stringContaining('"same"'),
      ]),
    );
  });

  it.each([
    [undefined, 1],
    ["", 1],
    [" ", 1],
    [5, 1],
    ["w", 0],
    ["w", 1.5],
    ["w", "1"],
    ["w", undefined],
  ])("needs an id and a version: %j, %j", (id, version) => {
    expect(
      refusalOf(() =>
        w()
          ["thenFn"]?.("a", () => {})
          ["build"]?.(id, version),
      ),
    ).toMatchObject({ code: "WFE_DEFINITION_INVALID" });
  });
});
