// biome-ignore-all format: each mistake is a line, so that its directive stands right above it
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { Condition } from "../../src/models/condition.ts";
import type { Expression } from "../../src/models/expression.ts";
import type { StepJson, WorkflowDefinitionJson } from "../../src/models/workflow-definition-json.ts";

interface Order { total: number; lines: string[] }
const b = new WorkflowBuilder<Order>();
const large: Condition = { path: "total", operator: "greaterThan", value: 100 };

// plain data stands where a condition may, and functions still know their parameters
b.ifDo(large, (x) => x.delay(1), (x) => x.delay(2))
  .when({ all: [large, { not: { path: "lines.0", operator: "exists" } }] })
  .cancelWhen({ any: [{ path: "total", operator: "equals", operand: { path: "lines.1" } }] }, { proceed: true })
  .whileDo({ none: [{ path: "total", operator: "isNull" }, large] }, (x) => x.delay(1))
  .recur("1m", { oneOf: [large] }, (x) => x.delay(1))
  .forEach((data) => data.lines, (x) => x.ifDo({ item: "", operator: "contains", value: "a" }, (y) => y.delay(1)).when({ index: true, operator: "lessThan", value: 3 }))
  .whileDo((data) => data.total > 1, (x) => x.delay(1)).when((data) => data.total > 1).cancelWhen((data) => data.total > 1)
  .recur("1m", (data, ctx) => data.total > ctx.attempt, (x) => x.delay(1));

// an operator that does not exist
// @ts-expect-error
b.ifDo({ path: "total", operator: "isGreater", value: 1 }, (x) => x.delay(1));
// a comparison without an operator
// @ts-expect-error
b.whileDo({ path: "total", value: 1 }, (x) => x.delay(1));
// nothing to compare with
// @ts-expect-error
b.delay(1).when({ path: "total", operator: "equals" });
// both a value and an operand
// @ts-expect-error
b.delay(1).when({ path: "total", operator: "equals", value: 1, operand: { path: "lines" } });
// a value where none is compared
// @ts-expect-error
b.delay(1).when({ path: "total", operator: "exists", value: true });
// values that have no order
// @ts-expect-error
b.delay(1).cancelWhen({ path: "total", operator: "lessThan", value: true });
// two places
// @ts-expect-error
b.delay(1).when({ path: "total", item: "", operator: "isNull" });
// no place
// @ts-expect-error
b.delay(1).when({ operator: "isNull" });
// an index that is none
// @ts-expect-error
b.delay(1).when({ index: 1, operator: "isNull" });
// a combination of what is no list
// @ts-expect-error
b.recur(1, { all: { path: "total", operator: "isNull" } }, (x) => x.delay(1));
// a value for a condition
// @ts-expect-error
b.delay(1).when({ value: true });
// an async condition is still none
// @ts-expect-error
b.delay(1).when(async () => true);
// a bare boolean is none
// @ts-expect-error
b.delay(1).when(true);
// an expression of nothing that is known
// @ts-expect-error
void ({ field: "a" } satisfies Expression);

const definition: WorkflowDefinitionJson = {
  $schema: "https://example.com/schema.json",
  id: "order",
  version: 1,
  graph: {
    defaultErrorBehavior: { kind: "retry", interval: "1s" },
    steps: [
      { id: 0, name: "charge", kind: "step", stepType: "charge", stepForm: "function", expressions: { input: { object: { amount: { path: "total" } } }, when: large }, saveAs: { tx: "tx", done: { value: true } }, next: 1 },
      { id: 1, name: "each", kind: "forEach", expressions: { items: { path: "lines" } }, settings: { parallel: false }, blocks: [{ role: "body", entry: 2 }], next: 3 },
      { id: 2, name: "wait", kind: "waitFor", settings: { eventName: "e" }, expressions: { key: { item: "" } } },
      { id: 3, name: "any", kind: "waitForAny", settings: { events: { a: "a", b: "b" }, keys: { a: "k" } }, expressions: { "key.b": { path: "b" }, timeout: { value: "1m" } }, next: 4 },
      { id: 4, name: "later", kind: "recur", settings: { intervalMs: 5 }, expressions: { until: large }, blocks: [{ role: "body", entry: 5 }], next: 6 },
      { id: 5, name: "pause", kind: "delay", settings: { durationMs: 5 } },
      { id: 6, name: "end", kind: "end" },
    ],
  },
};
void definition;

// a kind that does not exist
// @ts-expect-error
void ({ id: 0, name: "a", kind: "dealy", settings: { durationMs: 1 } } satisfies StepJson);
// a function step cannot be JSON
// @ts-expect-error
void ({ id: 0, name: "a", kind: "inline" } satisfies StepJson);
// a setting that the kind does not have
// @ts-expect-error
void ({ id: 0, name: "a", kind: "delay", settings: { duration: 1 } } satisfies StepJson);
// without what the kind needs
// @ts-expect-error
void ({ id: 0, name: "a", kind: "if", blocks: [{ role: "then", entry: 1 }] } satisfies StepJson);
// a key that no step has
// @ts-expect-error
void ({ id: 0, name: "a", kind: "end", nxt: 1 } satisfies StepJson);
// a role that the kind does not have
// @ts-expect-error
void ({ id: 0, name: "a", kind: "end", expressions: { input: { value: 1 } } } satisfies StepJson);
