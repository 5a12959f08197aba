import fc from "fast-check";
import { expect, it } from "vitest";
import { programOf } from "./program-of.ts";
import { trees } from "./random-trees.ts";
import { runProgram } from "./run-program.ts";
import { nodesOf, textOf, type Tree, treeOf } from "./tree.ts";

/** Runs by the test command; `WFE_SIMULATION_PROGRAMS` and `WFE_SIMULATION_SEED` make others. */
const PROGRAMS = Number(process.env["WFE_SIMULATION_PROGRAMS"] ?? 1_000);
const SEED = Number(process.env["WFE_SIMULATION_SEED"] ?? 20_260_101);

/** Workflows whose records have been read wrongly once, with the seed of their run; and one that somebody wants to see again. */
const LINES: readonly (readonly [line: string, seed: number])[] = [
  [
    '{"chain":[{"kind":"saga","block":[{"kind":"parallel","branches":[[{"kind":"body","as":"fn","gives":"value","fails":1,"at":"timeout","ms":5,"undo":{"as":"fn"}}],[{"kind":"recur","ms":5,"times":1,"block":[{"kind":"body","as":"fn","gives":"patch","undo":{"as":"fn"}}]},{"kind":"schedule","ms":5,"block":[{"kind":"body","as":"fn","gives":"value","ms":5}]}]]}],"undo":{"as":"fn"}}],"onError":{"kind":"suspend"},"commands":[{"kind":"suspend","atMs":1}],"eventsAtMs":[],"mendedAtMs":0}',
    327_305,
  ],
  [
    '{"chain":[{"kind":"recur","ms":5,"times":2,"block":[{"kind":"body","as":"fn","gives":"patch","fails":1,"onError":{"kind":"retry","max":0},"undo":{"as":"fn"}},{"kind":"body","as":"fn","gives":"value","ms":5}]},{"kind":"again","times":1,"from":"if","block":[{"kind":"body","as":"fn","gives":"value","at":"timeout","ms":5},{"kind":"body","as":"fn","gives":"value","when":false}]}],"onError":{"kind":"compensate"},"eventsAtMs":[],"mendedAtMs":0}',
    223_163,
  ],
  [
    '{"chain":[{"kind":"parallel","branches":[[{"kind":"saga","block":[{"kind":"body","as":"fn","gives":"value","fails":1,"ms":5,"undo":{"as":"fn","fails":1,"onError":{"kind":"retry","max":2}}}],"undo":{"as":"fn"}}],[{"kind":"activity","fails":1,"onError":{"kind":"terminate"}}],[{"kind":"body","as":"fn","gives":"value","fails":1,"ms":6,"onError":{"kind":"suspend"}}]]}],"onError":{"kind":"retry","max":3},"eventsAtMs":[],"mendedAtMs":0}',
    457_367,
  ],
  ...(process.env["WFE_SIMULATION_TREE"] === undefined ? [] : [[process.env["WFE_SIMULATION_TREE"], SEED] as const]),
];

const KINDS = [
  "activity",
  "again",
  "body",
  "branch",
  "child",
  "decide",
  "delay",
  "each",
  "end",
  "if",
  "outcome",
  "parallel",
  "poll",
  "raise",
  "recur",
  "saga",
  "schedule",
  "skip",
  "wait",
  "while",
];

/** Runs a tree. @throws What is wrong with what is left, and the line that makes it anew. */
async function check(tree: Tree, seed: number): Promise<readonly string[]> {
  const { final, faults } = await runProgram(programOf(tree), seed);
  if (faults.length > 0) throw new Error(`${faults.join("\n")}\nWFE_SIMULATION_SEED=${seed} WFE_SIMULATION_TREE='${textOf(tree)}'`);
  return [...final.records.values()].map(({ status }) => status);
}

it("leaves of every random workflow what the semantics allow", { timeout: 300_000 }, async () => {
  const kinds = new Set<string>();
  const ends = new Set<string>();
  const property = fc.asyncProperty(trees(), fc.nat(1_000_000), async (tree, seed) => {
    for (const status of await check(tree, seed)) ends.add(status);
    for (const { kind } of nodesOf(tree.chain)) kinds.add(kind);
  });

  await fc.assert(property, { numRuns: PROGRAMS, seed: SEED });

  expect([[...kinds].toSorted(), [...ends].toSorted()]).toEqual([KINDS, ["complete", "runnable", "suspended", "terminated"]]);
});

it.each(LINES)("runs a workflow anew from its line: %s", async (line, seed) => {
  await check(treeOf(line), seed);

  expect(textOf(treeOf(line))).toBe(line);
});

it("names the line that makes a failing workflow anew", async () => {
  const tree: Tree = { chain: [{ kind: "body", as: "fn", gives: "value" }], eventsAtMs: [], mendedAtMs: 0 };
  const factory = programOf(tree);

  const { final, program } = await runProgram(factory, 1);

  expect(treeOf(program.name)).toEqual(tree);
  expect([...final.records.keys()]).toEqual(program.workflowIds);
});
