import { describe, expect, it } from "vitest";
import { parseCommand, UsageError } from "../src/command-line.ts";
import { ENGINES } from "../src/engines.ts";
import { WORKLOADS } from "../src/measured/work.ts";

describe("parseCommand", () => {
  it("measures everything three times when nothing is said", () => {
    expect(parseCommand([])).toEqual({ engines: ENGINES, workloads: WORKLOADS, size: "full", repetitions: 3 });
  });

  it("has a quick look at three workloads", () => {
    expect(parseCommand(["--", "--quick"])).toEqual({ engines: ENGINES, workloads: ["w1", "w2", "w4"], size: "quick", repetitions: 1 });
  });

  it("takes engines by their names, and by what all their stores have in common", () => {
    const names = (words: string): readonly string[] | undefined => parseCommand(["--engines", words])?.engines.map(({ name }) => name);

    expect(names("wfe-sqlite")).toEqual(["wfe-sqlite"]);
    expect(names("openworkflow,wfe-postgres")).toEqual(["wfe-postgres", "openworkflow-postgres", "openworkflow-sqlite"]);
  });

  it("keeps the order of workloads, in small letters or capitals", () => {
    expect(parseCommand(["--workloads", "history,W1", "--repetitions", "7", "--output", "here"])).toMatchObject({
      workloads: ["w1", "history"],
      repetitions: 7,
      output: "here",
    });
  });

  it.each([
    [["--engines", "nobody"], '"nobody"'],
    [["--workloads", "w1,w9"], '"w9"'],
    [["--repetitions", "0"], '"0"'],
    [["--quick", "--smoke"], "give one"],
    [["--fast"], "--fast"],
  ])("refuses %j and says what is wrong", (words, said) => {
    expect(() => parseCommand(words)).toThrow(UsageError);
    expect(() => parseCommand(words)).toThrow(said);
  });

  it("is undefined when help is asked for", () => {
    expect(parseCommand(["--help"])).toBeUndefined();
  });
});
