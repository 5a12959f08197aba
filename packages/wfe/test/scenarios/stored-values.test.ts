import { expect, it } from "vitest";
import { defineStep, ErrorBehavior, ExecutionResult, type StepBody, type StepBuilder, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
  deep: unknown[];
}

class Point {
  readonly x = 1;
}

const cycle: unknown[] = [];
cycle.push({ again: cycle });

/** Each with what the message says of it. */
const values: readonly (readonly [string, unknown, string])[] = [
  ["a cycle", cycle, "is nested more than 200 deep, or contains itself"],
  ["a bigint", 7n, "is a bigint"],
  ["a function", () => 1, "is a function"],
  ["a symbol", Symbol("s"), "is a symbol"],
  ["a Date", new Date(0), "is a Date"],
  ["a Map", new Map([["a", 1]]), "is a Map"],
  ["a Set", new Set([1]), "is a Set"],
  ["bytes", new Uint8Array(2), "is binary data"],
  ["NaN", Number.NaN, "is NaN"],
  ["Infinity", Number.POSITIVE_INFINITY, "is Infinity"],
  ["an instance of a class", new Point(), "is an instance of Point"],
  ["a promise", Promise.resolve(1), "is a promise"],
  ["an error", new Error("x"), "is an instance of Error"],
  ["undefined", undefined, "is undefined"],
  ["an object with a symbol as a key", { [Symbol("s")]: 1 }, "has a symbol as a key"],
];

type Made = StepBuilder<Data, undefined, Data>;
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

/** Each place where a step gives something to be stored, with what the message calls it. */
const places: readonly (readonly [string, string, (value: never) => Made])[] = [
  ["what a function returns", "the value of the step", (value) => w().thenFn("gives", () => value)],
  ["what a function step returns", "the value of the step", (value) => w().then(defineStep("gives", () => value))],
  [
    "an output mapping",
    "the data",
    (value) =>
      w()
        .thenFn("gives", () => 1)
        .output((_, data) => void Object.assign(data, value)),
  ],
  ["the output of a result", "the output", (value) => w().thenFn("gives", () => ExecutionResult.next({ output: value }))],
  ["the output of an outcome", "the output", (value) => w().thenFn("gives", () => ExecutionResult.outcome(1, { output: value }))],
  ["an outcome", "the outcome", (value) => w().thenFn("gives", () => ExecutionResult.outcome(value))],
  ["persisted state", "the persistence data", (value) => w().thenFn("gives", () => ExecutionResult.persist(value))],
  ["the state of a sleep", "the persistence data", (value) => w().thenFn("gives", () => ExecutionResult.sleep("1s", value))],
  [
    "the state of a branch",
    "the persistence data",
    (value) =>
      w()
        .thenFn("gives", () => ExecutionResult.branch([1], value))
        .children((b) => b.thenFn("child", () => {})),
  ],
  [
    "a value of a branch",
    "a branch value",
    (value) =>
      w()
        .thenFn("gives", () => ExecutionResult.branch([value]))
        .children((b) => b.thenFn("child", () => {})),
  ],
];

scenarios("a value that cannot be stored", (open) => {
  it.each(values)("fails the step that gives it without a retry, naming its path, wherever it is given: %s", async (_, value, problem) => {
    const { host: newHost, warnings, clock } = await open();
    const definitions = places.map(([, , build], index) =>
      build({ n: 5, deep: ["fine", value] } as never)
        .onError(ErrorBehavior.retry({ interval: 0, maxRetries: 2 }))
        .thenFn("after", () => {})
        .build(`w${index}`, 1),
    );
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));

    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, { n: 0, deep: [] })));
    await clock.settle();

    for (const [index, id] of ids.entries()) {
      const [place, what] = places[index] ?? [];
      const message = expect.stringMatching(new RegExp(`^${what} cannot be stored: (\\[0\\]\\.)?deep\\[1\\].* ${problem}`)) as string;
      const error = { code: "WFE_VALUE_NOT_STORABLE", message };
      expect(await host.getErrors(id), place).toMatchObject([{ step: "gives", attempt: 1, ...error }]);
      expect(await host.getWorkflow(id), place).toMatchObject({ status: "suspended", data: { n: 0, deep: [] }, error });
      expect(await host.getHistory(id), place).toMatchObject([{ stepName: "gives", status: "failed" }]);
    }
    expect(warnings).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["a Date", new Date(0)],
    ["undefined", undefined],
    ["an instance of a class", new Point()],
  ])("fails a forEach, a parallel and a sequential one, whose list has it, before any iteration: %s", async (_, value) => {
    const { host: newHost, clock } = await open();
    const ran: unknown[] = [];
    const definitions = [true, false].map((parallel) =>
      w()
        .forEach(
          () => [1, value] as number[],
          (b) => b.thenFn("each", (ctx) => void ran.push(ctx.item)),
          { parallel },
        )
        .build(`w${parallel}`, 1),
    );
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));

    for (const definition of definitions) {
      const id = await host.startWorkflow(definition, { n: 0, deep: [] });
      await clock.settle();
      expect(await host.getErrors(id)).toMatchObject([{ step: "forEach", attempt: 1, code: "WFE_VALUE_NOT_STORABLE" }]);
      expect(await host.getHistory(id)).toMatchObject([{ stepName: "forEach", status: "failed" }]);
    }

    expect(ran).toEqual([]);
  });

  it("may stand in a step's own fields, which are not stored", async () => {
    const { host: newHost, clock } = await open();
    class Keeps implements StepBody<Data> {
      readonly at = new Date(5);
      readonly cycle = cycle;
      run = (): ExecutionResult => ExecutionResult.next();
    }
    const definition = w()
      .then(Keeps)
      .output((step, data) => void (data.n = step.at.getTime()))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { n: 0, deep: [] });
    await clock.settle();

    expect(await done).toEqual({ n: 5, deep: [] });
  });
});

scenarios("a value that can be stored", (open) => {
  it("comes back as it was, without properties that are undefined, and is no longer the step's own", async () => {
    const { host: newHost, clock } = await open();
    const given = {
      text: "a\u0000 \ud800 🙂",
      numbers: [0, -1.5, 1e300, Number.MAX_SAFE_INTEGER],
      nothing: null,
      absent: undefined,
      nested: { yes: true, empty: {}, list: [[], [null]] },
      bare: Object.assign(Object.create(null) as object, { a: 1 }),
    };
    const seen: unknown[] = [];
    const definition = w()
      .thenFn("gives", () => given as never)
      .output((value, data) => void data.deep.push(value))
      .thenFn("reads", (ctx) => {
        given.nested.yes = false;
        seen.push(ctx.data);
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { n: 0, deep: [] });
    await clock.settle();

    const { absent: _, ...stored } = { ...given, nested: { ...given.nested, yes: true }, bare: { a: 1 } };
    expect((await done).deep).toStrictEqual([stored]);
    expect(seen).toStrictEqual([{ n: 0, deep: [stored] }]);
  });
});
