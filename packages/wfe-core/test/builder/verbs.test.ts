import { describe, expect, it } from "vitest";
import { buildWorkflow, WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { defineActivity } from "../../src/models/activity.ts";
import { defineEvent } from "../../src/models/event.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { StandardSchema } from "../../src/models/standard-schema.ts";
import type { WorkflowDefinition } from "../../src/models/workflow-definition.ts";
import { defineStep, type StepBody, stepRef } from "../../src/traits/step-body.ts";

interface Data {
  id: string;
  n: number;
  list: string[];
}
class Plain implements StepBody {
  run(): ExecutionResult {
    return ExecutionResult.next();
  }
}
class Keyed extends Plain {
  static readonly stepType: string = "keyed-step";
}
const fn = (): void => {};
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const stepsOf = (definition: WorkflowDefinition<Data>) => definition.graph.steps;
const inline = (id: number, name: string, more: object = {}) => ({ id, name, kind: "inline", functions: { run: `${id}.run` }, ...more });
const baked = defineEvent<number>("baked");

describe("steps with a body", () => {
  it("then records a class under its name", () => {
    const definition = w().then(Plain).build("w", 1);

    expect(stepsOf(definition)).toEqual([
      { id: 0, name: "Plain", kind: "step", stepType: "Plain", stepForm: "class", functions: { body: "0.body" } },
    ]);
    expect(definition.functions).toEqual(new Map<string, unknown>([["0.body", Plain]]));
  });

  it("startWith is then, and a static stepType is the key", () => {
    const definition = w().startWith(Keyed).build("w", 1);

    expect(stepsOf(definition)).toEqual([
      { id: 0, name: "keyed-step", kind: "step", stepType: "keyed-step", stepForm: "class", functions: { body: "0.body" } },
    ]);
  });

  it("then records a function step with the selector of its input", () => {
    const add = defineStep("add", (n: number) => n + 1);
    const input = (data: Readonly<Data>): number => data.n;
    const definition = w().then(add, input).build("w", 1);

    expect(stepsOf(definition)).toEqual([
      { id: 0, name: "add", kind: "step", stepType: "add", stepForm: "function", functions: { body: "0.body" }, inputs: ["0.input.0"] },
    ]);
    expect(definition.functions).toEqual(
      new Map<string, unknown>([
        ["0.body", add],
        ["0.input.0", input],
      ]),
    );
  });

  it("then records a function step that takes no input", () => {
    const definition = w()
      .then(defineStep("ring", async () => {}))
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      { id: 0, name: "ring", kind: "step", stepType: "ring", stepForm: "function", functions: { body: "0.body" } },
    ]);
  });

  it("then records a step reference without a body", () => {
    const definition = w().then(stepRef<Plain>("far-away")).build("w", 1);

    expect(stepsOf(definition)).toEqual([{ id: 0, name: "far-away", kind: "step", stepType: "far-away", stepForm: "class" }]);
    expect(definition.functions.size).toBe(0);
  });

  it("thenFn records a function, and steps are linked in order", () => {
    const definition = w().thenFn("a", fn).thenFn("b", fn).thenFn("c", fn).build("w", 1);

    expect(stepsOf(definition)).toEqual([inline(0, "a", { next: 1 }), inline(1, "b", { next: 2 }), inline(2, "c")]);
    expect(definition.functions.get("1.run")).toBe(fn);
  });
});

describe("waits", () => {
  it("waitFor records event, key, limit and effective date as fixed settings", () => {
    const at = new Date("2026-01-02T03:04:05.678Z");
    const definition = w().waitFor(baked, "main", { timeout: "1h", effectiveDate: at }).build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "waitFor baked",
        kind: "waitFor",
        settings: { eventName: "baked", key: "main", timeoutMs: 3_600_000, effectiveDate: "2026-01-02T03:04:05.678Z" },
      },
    ]);
  });

  it("waitFor records key, limit and effective date as functions", () => {
    const key = (data: Readonly<Data>): string => data.id;
    const definition = w()
      .waitFor("free", key, { timeout: () => 5, effectiveDate: () => new Date(0) })
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "waitFor free",
        kind: "waitFor",
        functions: { key: "0.key", timeout: "0.timeout", effectiveDate: "0.effectiveDate" },
        settings: { eventName: "free" },
      },
    ]);
    expect(definition.functions.get("0.key")).toBe(key);
  });

  it("onTimeout puts a step of kind timeout directly behind the wait", () => {
    const definition = w()
      .waitFor(baked, (data) => data.id, { timeout: 5 })
      .onTimeout((b) => b.thenFn("late", fn))
      .saveAs("n")
      .thenFn("after", fn)
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "waitFor baked",
        kind: "waitFor",
        next: 1,
        functions: { key: "0.key" },
        outputs: ["0.output.0"],
        settings: { eventName: "baked", timeoutMs: 5 },
      },
      { id: 1, name: "waitFor baked: timeout", kind: "timeout", next: 3, blocks: [{ entry: 2, role: "timeout" }] },
      inline(2, "late"),
      inline(3, "after"),
    ]);
  });

  it("waitForAny records one event and key per label", () => {
    const definition = w()
      .waitForAny({ done: { event: baked, key: (data) => data.id }, off: { event: "cancelled", key: "all" } }, { timeout: (data) => data.n })
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "waitForAny baked, cancelled",
        kind: "waitForAny",
        functions: { "key.done": "0.key.done", timeout: "0.timeout" },
        settings: { events: { done: "baked", off: "cancelled" }, keys: { off: "all" } },
      },
    ]);
  });

  it("activity records its name, input and limit", () => {
    const resize = defineActivity<{ url: string }, { bytes: number }>("resize");
    const definition = w()
      .activity(resize, (data) => ({ url: data.id }), { timeout: "2s" })
      .activity("free", (data) => data.n)
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "activity resize",
        kind: "activity",
        next: 1,
        functions: { input: "0.input" },
        settings: { activity: "resize", timeoutMs: 2000 },
      },
      { id: 1, name: "activity free", kind: "activity", functions: { input: "1.input" }, settings: { activity: "free" } },
    ]);
  });

  it("pollEndpoint records its settings with durations in milliseconds, or a function", () => {
    const definition = w()
      .pollEndpoint({ url: "https://x/{id}", method: "POST", body: { a: [1] }, interval: "10s", timeout: "1h", until: { status: 200 } })
      .pollEndpoint(() => ({ url: "https://y", interval: 1, timeout: 2, until: { bodyContains: "ok" } }))
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "pollEndpoint",
        kind: "pollEndpoint",
        next: 1,
        settings: {
          config: { url: "https://x/{id}", method: "POST", body: { a: [1] }, interval: 10_000, timeout: 3_600_000, until: { status: 200 } },
        },
      },
      { id: 1, name: "pollEndpoint", kind: "pollEndpoint", functions: { config: "1.config" } },
    ]);
  });

  it("subWorkflow records the child by id, with a version where one is known", () => {
    const child = w().thenFn("x", fn).build("child", 3);
    const definition = w()
      .subWorkflow(child, (data) => data)
      .subWorkflow("other", (data) => data)
      .subWorkflow("other", (data) => data, 2)
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "subWorkflow child",
        kind: "subWorkflow",
        next: 1,
        functions: { input: "0.input" },
        settings: { definitionId: "child", version: 3 },
      },
      { id: 1, name: "subWorkflow other", kind: "subWorkflow", next: 2, functions: { input: "1.input" }, settings: { definitionId: "other" } },
      { id: 2, name: "subWorkflow other", kind: "subWorkflow", functions: { input: "2.input" }, settings: { definitionId: "other", version: 2 } },
    ]);
  });
});

describe("the schema of what a sub-workflow gives", () => {
  const schema: StandardSchema = { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } };

  it("stands among the functions, and may come with a version", () => {
    const child = w().thenFn("x", fn).build("child", 3);

    const definition = w()
      .subWorkflow(child, (data) => data, { outputSchema: schema })
      .subWorkflow("other", (data) => data, { version: 2, outputSchema: schema })
      .subWorkflow("other", (data) => data, { version: 2 })
      .build("w", 1);

    expect(stepsOf(definition).map(({ functions, settings }) => [functions, settings])).toEqual([
      [
        { input: "0.input", outputSchema: "0.outputSchema" },
        { definitionId: "child", version: 3 },
      ],
      [
        { input: "1.input", outputSchema: "1.outputSchema" },
        { definitionId: "other", version: 2 },
      ],
      [{ input: "2.input" }, { definitionId: "other", version: 2 }],
    ]);
    expect(definition.functions.get("1.outputSchema")).toBe(schema);
  });

  it.each([[{ text: "string" }], [fn], [null]])("is refused when it is none: %j", (outputSchema) => {
    const build = (): unknown =>
      w()
        .subWorkflow("c", fn, { outputSchema: outputSchema as never })
        .build("w", 1);

    expect(build).toThrow("as its outputSchema, which is no Standard Schema (standardschema.dev)");
  });
});

describe("time", () => {
  it("delay records a fixed or selected duration", () => {
    const definition = w()
      .delay("1.5s")
      .delay((data) => data.n)
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      { id: 0, name: "delay", kind: "delay", next: 1, settings: { durationMs: 1500 } },
      { id: 1, name: "delay", kind: "delay", functions: { duration: "1.duration" } },
    ]);
  });

  it("schedule and recur record their block, and the flow goes on behind them", () => {
    const definition = w()
      .schedule("5m", (b) => b.thenFn("later", fn))
      .recur(
        () => "1d",
        (data) => data.n > 3,
        (b) => b.thenFn("again", fn),
      )
      .recur(
        10,
        () => true,
        (b) => b.thenFn("more", fn),
      )
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      { id: 0, name: "schedule", kind: "schedule", next: 2, settings: { durationMs: 300_000 }, blocks: [{ entry: 1, role: "body" }] },
      inline(1, "later"),
      {
        id: 2,
        name: "recur",
        kind: "recur",
        next: 4,
        functions: { interval: "2.interval", until: "2.until" },
        blocks: [{ entry: 3, role: "body" }],
      },
      inline(3, "again"),
      { id: 4, name: "recur", kind: "recur", functions: { until: "4.until" }, settings: { intervalMs: 10 }, blocks: [{ entry: 5, role: "body" }] },
      inline(5, "more"),
    ]);
  });
});

describe("containers", () => {
  it("ifDo records a condition and one or two blocks", () => {
    const definition = w()
      .ifDo(
        (data) => data.n > 1,
        (b) => b.thenFn("yes", fn),
        (b) => b.thenFn("no", fn),
      )
      .ifDo(
        () => true,
        (b) => b.thenFn("only", fn),
      )
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "ifDo",
        kind: "if",
        next: 3,
        functions: { condition: "0.condition" },
        blocks: [
          { entry: 1, role: "then" },
          { entry: 2, role: "otherwise" },
        ],
      },
      inline(1, "yes"),
      inline(2, "no"),
      { id: 3, name: "ifDo", kind: "if", functions: { condition: "3.condition" }, blocks: [{ entry: 4, role: "then" }] },
      inline(4, "only"),
    ]);
  });

  it("whileDo records a condition and a body", () => {
    const definition = w()
      .whileDo(
        (data) => data.n > 1,
        (b) => b.thenFn("down", fn),
      )
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      { id: 0, name: "whileDo", kind: "while", functions: { condition: "0.condition" }, blocks: [{ entry: 1, role: "body" }] },
      inline(1, "down"),
    ]);
  });

  it("forEach is parallel unless it says otherwise", () => {
    const definition = w()
      .forEach(
        (data) => data.list,
        (b) => b.thenFn("each", fn),
      )
      .forEach(
        (data) => data.list,
        (b) => b.thenFn("one by one", fn),
        { parallel: false },
      )
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "forEach",
        kind: "forEach",
        next: 2,
        functions: { items: "0.items" },
        settings: { parallel: true },
        blocks: [{ entry: 1, role: "body" }],
      },
      inline(1, "each"),
      {
        id: 2,
        name: "forEach",
        kind: "forEach",
        functions: { items: "2.items" },
        settings: { parallel: false },
        blocks: [{ entry: 3, role: "body" }],
      },
      inline(3, "one by one"),
    ]);
  });

  it("parallel records its branches, with names where given", () => {
    const definition = w()
      .parallel((p) => p.branch((b) => b.thenFn("a", fn)).branch("cheese", (b) => b.thenFn("b", fn).thenFn("c", fn)))
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "parallel",
        kind: "parallel",
        blocks: [
          { entry: 1, role: "branch" },
          { entry: 2, role: "branch", name: "cheese" },
        ],
      },
      inline(1, "a"),
      inline(2, "b", { next: 3 }),
      inline(3, "c"),
    ]);
  });

  it("decide records its cases with their values, and otherwise", () => {
    const definition = w()
      .decide(
        (data) => data.id,
        (d) =>
          d
            .case("x", (b) => b.thenFn("a", fn))
            .case("y", (b) => b.thenFn("b", fn))
            .otherwise((b) => b.thenFn("c", fn)),
      )
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      {
        id: 0,
        name: "decide",
        kind: "decide",
        functions: { on: "0.on" },
        blocks: [
          { entry: 1, role: "case", value: "x" },
          { entry: 2, role: "case", value: "y" },
          { entry: 3, role: "otherwise" },
        ],
      },
      inline(1, "a"),
      inline(2, "b"),
      inline(3, "c"),
    ]);
  });

  it("saga records its body and its own compensator, which stands in no chain", () => {
    const definition = w()
      .saga((s) => s.thenFn("a", fn))
      .compensateWithFn("undo all", fn)
      .thenFn("after", fn)
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      { id: 0, name: "saga", kind: "saga", next: 3, blocks: [{ entry: 1, role: "body" }], compensationStep: 2 },
      inline(1, "a"),
      inline(2, "undo all"),
      inline(3, "after"),
    ]);
  });
});

describe("ends", () => {
  it("goTo records its target, and nothing follows", () => {
    const definition = w()
      .thenFn("a", fn)
      .id("start")
      .ifDo(
        () => true,
        (b) => b.goTo("start"),
      )
      .build("w", 1);

    expect(stepsOf(definition)).toEqual([
      inline(0, "a", { externalId: "start", next: 1 }),
      { id: 1, name: "ifDo", kind: "if", functions: { condition: "1.condition" }, blocks: [{ entry: 2, role: "then" }] },
      { id: 2, name: "goTo start", kind: "goTo", settings: { target: "start" } },
    ]);
  });

  it("endWorkflow ends the chain", () => {
    expect(stepsOf(w().thenFn("a", fn).endWorkflow().build("w", 1))).toEqual([
      inline(0, "a", { next: 1 }),
      { id: 1, name: "endWorkflow", kind: "end" },
    ]);
    expect(stepsOf(w().endWorkflow().build("w", 1))).toEqual([{ id: 0, name: "endWorkflow", kind: "end" }]);
  });
});

describe("the workflow itself", () => {
  it("carries its id, version, description, default behavior, schema and initial data", () => {
    const schema = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value: value as Data }) } } as const;
    const init = (input: { id: string }): Data => ({ ...input, n: 0, list: [] });
    const definition = w()
      .description("does it")
      .defaultErrorBehavior({ kind: "retry", interval: "2s", maxRetries: "unlimited" })
      .inputSchema(schema)
      .initialData(init)
      .thenFn("a", fn)
      .build("w", 7);

    expect(definition).toEqual({
      id: "w",
      version: 7,
      description: "does it",
      fingerprint: definition.fingerprint,
      graph: { steps: [inline(0, "a")], defaultErrorBehavior: { kind: "retry", interval: 2000, maxRetries: "unlimited" } },
      functions: new Map<string, unknown>([
        ["initialData", init],
        ["inputSchema", schema],
        ["0.run", fn],
      ]),
    });
  });

  it("checks the input with the schema and makes the data of what that gives, whichever is said first", async () => {
    const schema: StandardSchema<{ amount: string }, { amount: number }> = {
      "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: { amount: Number((value as { amount: string }).amount) } }) },
    };
    const init = (input: { amount: number }): Data => ({ id: "1", n: input.amount + 1, list: [] });
    const definitions: readonly WorkflowDefinition<Data, { amount: string }>[] = [
      w().inputSchema(schema).initialData(init).thenFn("a", fn).build("w", 1),
      w().initialData(init).inputSchema(schema).thenFn("a", fn).build("w", 1),
    ];

    for (const { functions } of definitions) {
      const found = functions.get("inputSchema") as typeof schema;
      const checked = await found["~standard"].validate({ amount: "41" });
      expect(checked.issues === undefined && (functions.get("initialData") as typeof init)(checked.value)).toEqual({ id: "1", n: 42, list: [] });
    }
    expect(definitions[0]).toEqual(definitions[1]);
  });

  it("fromSchema takes the schema along", () => {
    const schema = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value: value as { a: number } }) } } as const;
    const definition = WorkflowBuilder.fromSchema(schema).thenFn("a", fn).build("w", 1);

    expect(definition.functions.get("inputSchema")).toBe(schema);
  });

  it("is deeply frozen", () => {
    const definition = w()
      .thenFn("a", fn)
      .config({ deep: { list: [1] } })
      .build("w", 1);
    const config = definition.graph.steps[0]?.config as { deep: { list: number[] } };

    expect(Object.isFrozen(definition)).toBe(true);
    expect(Object.isFrozen(definition.graph.steps)).toBe(true);
    expect(() => config.deep.list.push(2)).toThrow(TypeError);
    expect(() => (definition.functions as Map<string, unknown>).set("0.run", 1)).toThrow("the functions of a definition cannot be changed");
    expect(() => (definition.functions as Map<string, unknown>).clear()).toThrow(TypeError);
  });

  it("is plain JSON but for its functions", () => {
    const { graph } = w().thenFn("a", fn).config({ x: undefined, y: null }).build("w", 1);

    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
  });

  it("can be built twice, and is not touched by what its builder is told afterwards", () => {
    const chain = w().thenFn("a", fn);
    const first = chain.build("w", 1);
    chain.name("renamed");
    const second = chain.build("w", 2);

    expect(first.graph.steps).toEqual([inline(0, "a")]);
    expect(second.graph.steps).toEqual([inline(0, "renamed")]);
  });

  it("buildWorkflow builds what a function makes of an empty builder", () => {
    const definition = buildWorkflow("w", 1, (b: WorkflowBuilder<Data>) => b.thenFn("a", fn));

    expect(stepsOf(definition)).toEqual([inline(0, "a")]);
  });

  it("takes 50,000 branches", () => {
    const definition = w()
      .parallel((p) => {
        let branches = p.branch((b) => b.thenFn("first", fn));
        for (let index = 1; index < 50_000; index += 1) branches = branches.branch((b) => b.thenFn("x", fn));
        return branches;
      })
      .build("w", 1);

    expect(definition.graph.steps).toHaveLength(50_001);
  });

  it("may be hundreds of steps long", () => {
    let chain = w().thenFn("step 0", fn);
    for (let index = 1; index < 2000; index += 1) chain = chain.thenFn(`step ${index}`, fn);

    expect(chain.build("w", 1).graph.steps[1999]).toEqual(inline(1999, "step 1999"));
  });
});
