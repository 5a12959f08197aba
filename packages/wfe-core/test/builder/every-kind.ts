import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { WorkflowDefinitionJson } from "../../src/models/workflow-definition-json.ts";
import type { StepDefinition } from "../../src/models/step-definition.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";

/** A definition in JSON with every kind of step that it can have, every role, every operator and every setting. */
export const everyKind: WorkflowDefinitionJson = {
  $schema: "../../workflow-definition.schema.json",
  id: "every-kind",
  version: 3,
  description: "for the tests",
  graph: {
    defaultErrorBehavior: { kind: "retry", interval: "1s", maxRetries: "unlimited", backoff: 2, maxInterval: 60_000, jitter: 0.5 },
    steps: [
      {
        id: 0,
        name: "a function",
        kind: "step",
        stepType: "charge",
        stepForm: "function",
        externalId: "start",
        expressions: {
          input: { object: { amount: { path: "order.total" }, tags: { list: [{ value: null }, { index: true }, { item: "" }] } } },
          when: {
            all: [
              { path: "", operator: "exists" },
              { any: [{ path: "a.0", operator: "equals", value: { deep: [1] } }] },
              { none: [{ item: "b", operator: "contains", operand: { item: "c" } }] },
              { oneOf: [{ index: true, operator: "greaterThanOrEqual", value: 1 }] },
              { not: { path: "d", operator: "isNotNull" } },
            ],
          },
          cancelWhen: { path: "stop", operator: "lessThan", operand: { path: "limit" } },
        },
        proceedOnCancel: true,
        saveAs: { tx: "", "list.-": "tx.id", "order.state": { value: "charged" } },
        errorBehavior: { kind: "retry", interval: 5, onExhausted: "terminate" },
        timeoutMs: 1000,
        config: { any: ["thing"] },
        blocks: [{ role: "children", entry: 2 }],
        compensationStep: 3,
        next: 1,
      },
      { id: 1, name: "outcome", kind: "outcome", blocks: [{ role: "outcome", entry: 4, value: "good" }], next: 5 },
      { id: 2, name: "each child", kind: "step", stepType: "Child", stepForm: "class", expressions: { input: { object: { n: { path: "n" } } } } },
      { id: 3, name: "refund", kind: "step", stepType: "refund", stepForm: "function", errorBehavior: { kind: "suspend" } },
      { id: 4, name: "back", kind: "goTo", settings: { target: "start" } },
      {
        id: 5,
        name: "if",
        kind: "if",
        expressions: { condition: { path: "n", operator: "notEquals", value: null } },
        blocks: [
          { role: "then", entry: 6 },
          { role: "otherwise", entry: 7 },
        ],
        next: 8,
      },
      { id: 6, name: "pause", kind: "delay", settings: { durationMs: 5 } },
      { id: 7, name: "selected pause", kind: "delay", expressions: { duration: { path: "pause" } } },
      {
        id: 8,
        name: "while",
        kind: "while",
        expressions: { condition: { path: "n", operator: "lessThanOrEqual", value: "b" } },
        blocks: [{ role: "body", entry: 9 }],
        next: 10,
      },
      {
        id: 9,
        name: "for each",
        kind: "forEach",
        expressions: { items: { path: "lines" } },
        settings: { parallel: false },
        blocks: [{ role: "body", entry: 11 }],
      },
      {
        id: 10,
        name: "parallel",
        kind: "parallel",
        blocks: [
          { role: "branch", name: "one", entry: 12 },
          { role: "branch", entry: 13 },
        ],
        next: 14,
      },
      {
        id: 11,
        name: "wait",
        kind: "waitFor",
        settings: { eventName: "paid", key: "", timeoutMs: 5, effectiveDate: "2026-01-01T00:00:00+01:00" },
        saveAs: { paid: "" },
        next: 15,
      },
      {
        id: 12,
        name: "selected wait",
        kind: "waitFor",
        settings: { eventName: "paid" },
        expressions: { key: { path: "id" }, timeout: { value: "1h" }, effectiveDate: { path: "since" } },
      },
      {
        id: 13,
        name: "any",
        kind: "waitForAny",
        settings: { events: { a: "x", b: "y" }, keys: { a: "k" }, timeoutMs: 5, effectiveDate: "2026-01-01T00:00:00Z" },
        expressions: { "key.b": { item: "id" } },
      },
      {
        id: 14,
        name: "decide",
        kind: "decide",
        expressions: { on: { path: "state" } },
        blocks: [
          { role: "case", value: { new: true }, entry: 16 },
          { role: "otherwise", entry: 17 },
        ],
        next: 18,
      },
      { id: 15, name: "wait: timeout", kind: "timeout", blocks: [{ role: "timeout", entry: 19 }] },
      { id: 16, name: "stop", kind: "end" },
      {
        id: 17,
        name: "activity",
        kind: "activity",
        settings: { activity: "resize", timeoutMs: 1 },
        expressions: { input: { value: {} } },
        compensationStep: 20,
        saveAs: { size: "bytes" },
      },
      { id: 18, name: "saga", kind: "saga", blocks: [{ role: "body", entry: 21 }], compensationStep: 22, next: 23 },
      {
        id: 19,
        name: "selected activity",
        kind: "activity",
        settings: { activity: "resize" },
        expressions: { input: { path: "" }, timeout: { path: "t" } },
      },
      { id: 20, name: "shrink", kind: "step", stepType: "shrink", stepForm: "function" },
      {
        id: 21,
        name: "child",
        kind: "subWorkflow",
        settings: { definitionId: "child", version: 2 },
        expressions: { input: { object: {} } },
        saveAs: { child: "" },
        timeoutMs: 0,
      },
      { id: 22, name: "undo", kind: "step", stepType: "undo", stepForm: "function" },
      { id: 23, name: "later", kind: "schedule", settings: { durationMs: 5 }, blocks: [{ role: "body", entry: 24 }], next: 25 },
      {
        id: 24,
        name: "poll",
        kind: "pollEndpoint",
        settings: { config: { url: "https://example.com", method: "GET", interval: "1s", timeout: 5000, until: { status: 200 } } },
        saveAs: { answer: "body" },
        next: 26,
      },
      {
        id: 25,
        name: "again",
        kind: "recur",
        settings: { intervalMs: 5 },
        expressions: { until: { path: "done", operator: "isNull" } },
        blocks: [{ role: "body", entry: 27 }],
        next: 28,
      },
      { id: 26, name: "selected poll", kind: "pollEndpoint", expressions: { config: { path: "poll" } } },
      { id: 27, name: "selected later", kind: "schedule", expressions: { duration: { path: "later" } }, blocks: [{ role: "body", entry: 29 }] },
      {
        id: 28,
        name: "selected again",
        kind: "recur",
        expressions: { until: { path: "done", operator: "notExists" }, interval: { path: "every" } },
        blocks: [{ role: "body", entry: 30 }],
      },
      { id: 29, name: "in later", kind: "end" },
      { id: 30, name: "in again", kind: "end" },
    ],
  },
};

/** What the builder makes of everything that needs no function. */
export const builtWithoutFunctions: AnyDefinition = new WorkflowBuilder<{ n: number }>()
  .delay("1s")
  .when({ path: "n", operator: "greaterThan", value: 1 })
  .cancelWhen({ not: { path: "n", operator: "isNull" } })
  .ifDo(
    { path: "n", operator: "equals", value: 1 },
    (b) => b.waitFor("e", "k", { timeout: "1d" }).onTimeout((t) => t.endWorkflow()),
    (b) => b.parallel((p) => p.branch("left", (x) => x.delay(0)).branch((x) => x.delay(5))),
  )
  .id("decision")
  .whileDo({ any: [] }, (b) => b.waitForAny({ a: { event: "x", key: "k" } }, { effectiveDate: new Date(0) }))
  .recur("1m", { path: "n", operator: "exists" }, (b) => b.schedule("1h", (x) => x.delay(1)))
  .saga((b) => b.pollEndpoint({ url: "https://example.com", interval: 1, timeout: 5, until: { bodyContains: "x" } }))
  .goTo("decision")
  .build("built", 1) as AnyDefinition;

/** The JSON of a definition, with an expression of no meaning wherever it has a function. */
export function withoutFunctions({ id, version, description, graph }: AnyDefinition): unknown {
  const roleOf = (role: string): unknown =>
    ["condition", "until", "when", "cancelWhen"].includes(role) ? { path: "x", operator: "exists" } : { path: "x" };
  const steps = graph.steps.map(({ functions, inputs, outputs, ...step }: StepDefinition) => {
    const roles = Object.keys(functions ?? {}).filter((role) => role !== "run" && role !== "body");
    const expressions: Record<string, unknown> = { ...step.expressions, ...Object.fromEntries(roles.map((role) => [role, roleOf(role)])) };
    if (inputs !== undefined) expressions["input"] = step.stepForm === "class" ? { object: { x: { path: "x" } } } : { path: "x" };
    return {
      ...step,
      ...(step.kind === "inline" ? { kind: "step", stepType: "inline", stepForm: "function" } : {}),
      ...(Object.keys(expressions).length === 0 ? {} : { expressions }),
      ...(outputs === undefined ? {} : { saveAs: { x: "x" } }),
    };
  });
  return { id, version, ...(description === undefined ? {} : { description }), graph: { ...graph, steps } };
}
