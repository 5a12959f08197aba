import { expect, it } from "vitest";
import {
  defineStep,
  ExecutionResult,
  type StepBody,
  type StepExecutionContext,
  WorkflowBuilder,
  type WorkflowDefinitionJson,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

/** A definition out of a text, as it comes from a file or another program. */
const parsed = (definition: WorkflowDefinitionJson): WorkflowDefinitionJson => JSON.parse(JSON.stringify(definition)) as WorkflowDefinitionJson;
const json = (steps: WorkflowDefinitionJson["graph"]["steps"], more: Partial<WorkflowDefinitionJson["graph"]> = {}): WorkflowDefinitionJson =>
  parsed({ id: "w", version: 1, graph: { steps, ...more } });

const price = defineStep("price", (input: { sku: string; count: number }) => ({ sku: input.sku, sum: input.count * 10 }));
const next = defineStep("next", (n: number) => n + 1);
const one = defineStep("one", () => 1);

/** Writes its text down, and fails as often as it is told to. */
class Label implements StepBody {
  static readonly stepType = "label";
  static failures = 0;
  text = "";
  copies: number | null = 1;
  printed: string[] = [];
  run(_ctx: StepExecutionContext): ExecutionResult {
    if (Label.failures > 0) {
      Label.failures -= 1;
      throw new Error("out of paper");
    }
    this.printed = Array.from({ length: this.copies ?? 1 }, () => this.text);
    return this.text === "fragile" ? ExecutionResult.outcome("careful") : ExecutionResult.next();
  }
}

const order = json([
  {
    id: 0,
    name: "each line",
    kind: "forEach",
    settings: { parallel: false },
    expressions: { items: { path: "lines" } },
    blocks: [{ role: "body", entry: 1 }],
    next: 2,
  },
  {
    id: 1,
    name: "price",
    kind: "step",
    stepType: "price",
    stepForm: "function",
    expressions: {
      input: { object: { sku: { item: "sku" }, count: { item: "count" } } },
      when: { all: [{ item: "count", operator: "greaterThan", value: 0 }, { not: { item: "gift", operator: "equals", value: true } }] },
    },
    saveAs: { "priced.-": "", last: { object: { index: { index: true }, sku: { item: "sku" } } } },
  },
  {
    id: 2,
    name: "count",
    kind: "while",
    expressions: { condition: { path: "n", operator: "lessThan", operand: { path: "limit" } } },
    blocks: [{ role: "body", entry: 3 }],
    next: 4,
  },
  { id: 3, name: "next", kind: "step", stepType: "next", stepForm: "function", expressions: { input: { path: "n" } }, saveAs: { n: "" } },
  {
    id: 4,
    name: "route",
    kind: "decide",
    expressions: { on: { path: "customer.kind" } },
    blocks: [
      { role: "case", value: "gold", entry: 5 },
      { role: "otherwise", entry: 6 },
    ],
    next: 7,
  },
  {
    id: 5,
    name: "fragile",
    kind: "step",
    stepType: "label",
    stepForm: "class",
    expressions: { input: { object: { text: { value: "fragile" }, copies: { path: "customer.copies" } } } },
    saveAs: { "labels.gold": "printed" },
    next: 8,
  },
  { id: 6, name: "wait", kind: "delay", expressions: { duration: { path: "pause" } } },
  {
    id: 7,
    name: "parts",
    kind: "parallel",
    blocks: [
      { role: "branch", name: "paid", entry: 10 },
      { role: "branch", name: "late", entry: 11 },
    ],
    next: 14,
  },
  { id: 8, name: "fragile: outcome", kind: "outcome", blocks: [{ role: "outcome", value: "careful", entry: 9 }] },
  { id: 9, name: "careful", kind: "step", stepType: "one", stepForm: "function", saveAs: { careful: { value: true } } },
  {
    id: 10,
    name: "paid",
    kind: "waitFor",
    settings: { eventName: "paid" },
    expressions: { key: { path: "customer.id" } },
    saveAs: { paid: "amount" },
  },
  {
    id: 11,
    name: "late",
    kind: "waitFor",
    settings: { eventName: "never", key: "k" },
    expressions: { timeout: { value: "1h" }, effectiveDate: { path: "since" } },
    next: 12,
  },
  { id: 12, name: "late: timeout", kind: "timeout", blocks: [{ role: "timeout", entry: 13 }] },
  { id: 13, name: "reminded", kind: "step", stepType: "one", stepForm: "function", saveAs: { reminders: "" } },
  {
    id: 14,
    name: "big",
    kind: "if",
    expressions: {
      condition: {
        any: [
          { path: "priced.1", operator: "exists" },
          { path: "force", operator: "isNotNull" },
        ],
      },
    },
    blocks: [
      { role: "then", entry: 15 },
      { role: "otherwise", entry: 16 },
    ],
  },
  { id: 15, name: "big order", kind: "step", stepType: "one", stepForm: "function", saveAs: { size: { value: "big" } } },
  { id: 16, name: "small order", kind: "end" },
]);

scenarios("a definition in JSON", (open) => {
  it("runs loops, branches, iterations, waits and steps with mappings, without a function of its own", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => {
      for (const step of [price, next, one]) h.registerStep(step);
      h.registerStep(Label);
      h.registerWorkflowDefinition(order);
    });
    const input = {
      lines: [
        { sku: "a", count: 2 },
        { sku: "b", count: 0 },
        { sku: "c", count: 1, gift: true },
        { sku: "d", count: 3 },
      ],
      priced: [],
      n: 0,
      limit: 3,
      customer: { id: "c-1", kind: "gold", copies: 2 },
      since: "2026-01-01T00:00:00Z",
    };

    const id = await host.startWorkflow("w", 1, input, { id: "x" });
    await clock.settle();
    await host.publishEvent("paid", "c-1", { amount: 50 });
    await clock.advance("2h");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete" });
    expect((await host.getWorkflow(id)).data).toEqual({
      ...input,
      priced: [
        { sku: "a", sum: 20 },
        { sku: "d", sum: 30 },
      ],
      last: { index: 3, sku: "d" },
      n: 3,
      labels: { gold: ["fragile", "fragile"] },
      careful: true,
      paid: 50,
      reminders: 1,
      size: "big",
    });
    const skipped = (await host.getHistory(id)).filter(({ status }) => status === "skipped");
    expect(skipped.map(({ index }) => index)).toEqual([1, 2]);
  });

  it("takes the other ways too: a selected delay, no outcome, a path that leads nowhere", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => {
      for (const step of [price, next, one]) h.registerStep(step);
      h.registerStep(Label);
      h.registerWorkflowDefinition(order);
    });

    const id = await host.startWorkflow("w", 1, { lines: [], n: 5, limit: 3, customer: { id: "c-2" }, pause: "30m", since: "2026-01-01T00:00:00Z" });
    await clock.settle();
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toContainEqual(["wait", "sleeping"]);
    await clock.advance("30m");
    await host.publishEvent("paid", "c-2", 7);
    await clock.advance("2h");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 5, paid: null, reminders: 1 } });
    expect(await host.getWorkflow(id)).not.toHaveProperty("data.size");
  });

  it("goes on after a failure: tried again by its error behavior, and resumed when that is used up", async () => {
    const { host: newHost, clock } = await open();
    const definition = json(
      [
        {
          id: 0,
          name: "label",
          kind: "step",
          stepType: "label",
          stepForm: "class",
          expressions: { input: { object: { text: { path: "text" } } } },
          saveAs: { labels: "printed" },
          next: 1,
        },
        { id: 1, name: "count", kind: "step", stepType: "next", stepForm: "function", expressions: { input: { path: "n" } }, saveAs: { n: "" } },
      ],
      { defaultErrorBehavior: { kind: "retry", interval: "1m", maxRetries: 1 } },
    );
    const host = await newHost((h) => {
      h.registerStep(Label);
      h.registerStep(next);
      h.registerWorkflowDefinition(definition);
    });
    Label.failures = 2;

    const id = await host.startWorkflow("w", 1, { text: "t", n: 1 });
    await clock.settle();
    await clock.advance("1m");
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "out of paper" }, data: { text: "t", n: 1 } });
    expect(await host.resumeWorkflow(id)).toBe(true);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { text: "t", n: 2, labels: ["t"] } });
    expect(await host.getErrors(id)).toHaveLength(2);
  });

  it("fails a step whose condition has no answer, and says where", async () => {
    const { host: newHost, clock } = await open();
    const definition = json([
      {
        id: 0,
        name: "big",
        kind: "end",
        expressions: { when: { path: "total", operator: "greaterThan", value: 10 } },
        errorBehavior: { kind: "suspend" },
      },
    ]);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow("w", 1, { total: "20" });
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "suspended",
      error: {
        code: "WFE_STEP_FAILED",
        message: 'the when of the step "big": the value at "total" is a text, compared with a number: greaterThan orders two numbers or two texts',
      },
    });
  });

  it("goes on with another host that has the same definition, and the same one again does nothing", async () => {
    const { host: newHost, clock } = await open();
    const definition = json([
      { id: 0, name: "pause", kind: "delay", settings: { durationMs: 60_000 }, next: 1 },
      { id: 1, name: "count", kind: "step", stepType: "next", stepForm: "function", expressions: { input: { path: "n" } }, saveAs: { n: "" } },
    ]);
    const setUp = (h: Awaited<ReturnType<typeof newHost>>): void => {
      h.registerStep(next);
      h.registerWorkflowDefinition(parsed(definition));
      h.registerWorkflowDefinition(parsed(definition));
    };
    const first = await newHost(setUp);
    const id = await first.startWorkflow("w", 1, { n: 1 });
    await clock.settle();
    await first.stop();

    const second = await newHost(setUp);
    await clock.advance("2m");
    await clock.settle();

    expect(await second.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
  });

  it("is one with the definition of a builder that has the same graph, and refused beside another", async () => {
    const { build } = await open();
    const built = new WorkflowBuilder<{ n: number }>().delay("1s").when({ path: "n", operator: "isNull" }).build("w", 1);
    const host = build((h) => h.registerWorkflowDefinition(built));

    host.registerWorkflowDefinition(json([{ id: 0, name: "another name", kind: "delay", settings: { durationMs: 5 } }]));

    expect(() => host.registerWorkflowDefinition(json([{ id: 0, name: "end", kind: "end" }]))).toThrow(
      expect.objectContaining({ code: "WFE_DEFINITION_EXISTS" }),
    );
  });

  it("is refused with all its faults before anything is registered", async () => {
    const { build } = await open();
    const host = build();
    const wrong = { id: "w", version: 0, graph: { steps: [{ id: 0, name: "a", kind: "if", expressions: { condition: { path: "n" } } }] } };

    expect(() => host.registerWorkflowDefinition(wrong as never)).toThrow(
      expect.objectContaining({
        code: "WFE_DEFINITION_INVALID",
        faults: [
          "the version must be a whole number, 1 or more: got 0",
          'step 0 "a" has no block "then"',
          expect.stringContaining('step 0 "a" has expressions.condition.operator, which is none of equals'),
        ],
      }),
    );
  });

  it("is refused at the start when a step is not registered: WFE_STEP_NOT_REGISTERED", async () => {
    const { build } = await open();
    const host = build((h) => {
      h.registerStep(price);
      h.registerStep(Label);
      h.registerWorkflowDefinition(order);
    });

    await expect(host.start()).rejects.toMatchObject({ code: "WFE_STEP_NOT_REGISTERED", message: expect.stringMatching(/next.*one/s) });
  });

  it("starts no body at once whose condition is still to be asked", async () => {
    const { host: newHost, clock } = await open();
    const definition = json([
      {
        id: 0,
        name: "one",
        kind: "step",
        stepType: "one",
        stepForm: "function",
        expressions: { when: { path: "n", operator: "exists" } },
        saveAs: { n: "" },
      },
    ]);
    const host = await newHost((h) => {
      h.registerStep(one);
      h.registerWorkflowDefinition(definition);
    });

    const id = await host.startWorkflow("w", 1, {});
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: {} });
    expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["skipped"]);
  });
});
