// biome-ignore-all format: each mistake is a line, so that its directive stands right above it
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { defineActivity } from "../../src/models/activity.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { defineEvent } from "../../src/models/event.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { StandardSchema } from "../../src/models/standard-schema.ts";
import { defineStep, type StepBody } from "../../src/traits/step-body.ts";
import type { StepExecutionContext } from "../../src/traits/step-execution-context.ts";
import type { TypedHost } from "./typed-host.ts";

interface Order { id: string; total: number; note?: string; lines: { sku: string }[]; state: "new" | "paid" | "sent" }
class Charge implements StepBody<Order> { amount = 0; async run(_ctx: StepExecutionContext<Order>): Promise<ExecutionResult> { return ExecutionResult.next(); } }
class NeedsUser implements StepBody<{ user: string }> { async run(_ctx: StepExecutionContext<{ user: string }>): Promise<ExecutionResult> { return ExecutionResult.next(); } }
class PerLine implements StepBody<unknown, { sku: string }> { async run(_ctx: StepExecutionContext<unknown, { sku: string }>): Promise<ExecutionResult> { return ExecutionResult.next(); } }
class NotAStep { execute(): void {} }
class Review implements StepBody { async run() { return Math.random() > 0.5 ? ExecutionResult.outcome("approved") : ExecutionResult.outcome("rejected"); } }
const pay = defineStep("pay", async (input: { amount: number }) => input.amount);
const ovenTimer = defineEvent<number>("oven");
const resize = defineActivity<{ url: string }, { bytes: number }>("resize");
const b = new WorkflowBuilder<Order>();
const def = b.then(Charge).build("order", 1);
declare const host: TypedHost;

// 1 a field the step does not have
// @ts-expect-error
b.then(Charge).input((step, data) => { step.amout = data.total; });
// 2 a field the data does not have
// @ts-expect-error
b.then(Charge).output((step, data) => { data.totl = step.amount; });
// 3 the wrong type into the data
// @ts-expect-error
b.then(Charge).output((step, data) => { data.id = step.amount; });
// 4 data written in an input mapping
// @ts-expect-error
b.then(Charge).input((_step, data) => { data.total = 1; });
// 5 ctx.data written
// @ts-expect-error
b.thenFn("x", (ctx) => { ctx.data.total = 1; });
// 6 an async mapping
// @ts-expect-error
b.then(Charge).output(async (step, data) => { data.total = step.amount; });
// 7 an async condition
// @ts-expect-error
b.ifDo(async (data) => data.total > 1, (x) => x.then(Charge));
// 8 a step written for other data
// @ts-expect-error
b.then(NeedsUser);
// 9 a step that needs an item, outside forEach
// @ts-expect-error
b.then(PerLine);
// 10 forEach over a wrong kind of item
// @ts-expect-error
b.forEach((d) => [d.total], (x) => x.then(PerLine));
// 11 a class that is no step
// @ts-expect-error
b.then(NotAStep);
// 12 an instance in place of the class
// @ts-expect-error
b.then(new Charge());
// 13 an empty branch
// @ts-expect-error
b.ifDo((d) => d.total > 1, (x) => x);
// 14 a block that forgets to return its chain
// @ts-expect-error
b.whileDo((d) => d.total > 1, (x) => { x.then(Charge); });
// 15 parallel without a branch
// @ts-expect-error
b.parallel((p) => p);
// 16 decide forgets a case
// @ts-expect-error
b.decide((d) => d.state, (d) => d.case("new", (x) => x.then(Charge)).case("paid", (x) => x.then(Charge)));
// 17 decide with an impossible case
// @ts-expect-error
b.decide((d) => d.state, (d) => d.case("nwe", (x) => x.then(Charge)).otherwise((x) => x.then(Charge)));
// 18 an outcome the step never gives
// @ts-expect-error
b.then(Review).onOutcome("aproved", (x) => x.then(Charge));
// 19 a function step without, or with a wrong, input
// @ts-expect-error
b.then(pay);
// @ts-expect-error
b.then(pay, (d) => ({ amount: d.id }));
// 20 durations
// @ts-expect-error
b.delay("5 minutes");
// @ts-expect-error
ErrorBehavior.retry({ interval: "1sec" });
// 21 await builder
// @ts-expect-error
await b.then(Charge); // oxlint-disable-line typescript/await-thenable -- the mistake itself
// 22 data that JSON cannot hold
// @ts-expect-error
new WorkflowBuilder<{ order: { lines: { at: Date }[] } }>();
// @ts-expect-error
new WorkflowBuilder<{ seen: Set<string> }>();
// 23 a step that returns what cannot be stored
// @ts-expect-error
b.thenFn("x", async () => ({ at: new Date() }));
// @ts-expect-error
defineStep("x", async () => ({ seen: new Map<string, string>() }));
// 24 wrong start data; unstorable start data; missing version
// @ts-expect-error
await host.startWorkflow(def, { id: "1", totl: 3 });
// @ts-expect-error
await host.startWorkflow("order", 1, { at: new Date() });
// @ts-expect-error
await host.startWorkflow("order", { id: "1" });
// 25 wrong event payload; activity result; child input
// @ts-expect-error
await host.publishEvent(ovenTimer, "1", "hot");
// @ts-expect-error
await host.publishEvent("free", "1", { at: new Date() });
const work = await host.getPendingActivity(resize, "w", { lease: "1m" });
// @ts-expect-error
if (work) await host.submitActivitySuccess(work.token, { bytes: "3" });
// @ts-expect-error
b.subWorkflow(def, (d) => ({ id: d.id }));
declare const labelSchema: StandardSchema<unknown, { text: string }>;
// @ts-expect-error
b.subWorkflow("labels", (d) => d.id, { outputSchema: labelSchema }).output((label) => label.tracking);
// @ts-expect-error
b.subWorkflow("labels", (d) => d.id, { outputSchema: { text: "string" } });
// @ts-expect-error
b.subWorkflow(def, (d) => d, { version: 2 });
// 26 a value saved where it does not fit
// @ts-expect-error
b.waitFor(ovenTimer, (d) => d.id).saveAs("id");
// @ts-expect-error
b.waitFor(ovenTimer, (d) => d.id).saveAs("bakedAt");
// 27 settings where they make no sense
// @ts-expect-error
b.delay("1s").input(() => {});
// @ts-expect-error
b.waitFor(ovenTimer, (d) => d.id).timeout("1m");
// @ts-expect-error
b.parallel((p) => p.branch((x) => x.then(Charge))).compensateWith(Charge);
// 28 steps after the end
// @ts-expect-error
b.then(Charge).endWorkflow().then(Charge);
// 29 build inside a branch; build of an empty workflow
// @ts-expect-error
b.ifDo((d) => d.total > 1, (x) => x.then(Charge).build("x", 1));
// @ts-expect-error
b.build("x", 1);
// 30 an async block
// @ts-expect-error
b.saga(async (x) => x.then(Charge));
// 31 output patch with a wrong key
// @ts-expect-error
b.thenFn("x", () => ExecutionResult.next({ output: { totl: 1 } }));
// 32 a missing key selector; a key that is no string
// @ts-expect-error
b.waitFor("oven");
// @ts-expect-error
b.waitFor("oven", (d) => d.total);
// 33 a factory of the wrong step
// @ts-expect-error
host.registerStepFactory(Charge, () => new NeedsUser());
// 34 a class whose run gives nothing is a step; one that gives a value is none, and it has no outcomes
class Nothing implements StepBody<Order> { async run(_ctx: StepExecutionContext<Order>): Promise<void> {} }
class Sometimes implements StepBody { run() { return Math.random() > 0.5 ? ExecutionResult.outcome("late") : undefined; } }
class GivesANumber { async run(): Promise<number> { return 1; } }
class GivesANumberAtOnce { run(): number { return 1; } }
b.then(Nothing).compensateWith(Nothing).then(Sometimes).onOutcome("late", (x) => x.then(Nothing));
// @ts-expect-error
b.then(GivesANumber);
// @ts-expect-error
b.then(GivesANumberAtOnce);
// @ts-expect-error
b.then(Nothing).onOutcome("late", (x) => x.then(Charge));
// @ts-expect-error
b.then(Sometimes).onOutcome("early", (x) => x.then(Charge));
// 35 a schema and initial data that do not fit each other
declare const amountSchema: StandardSchema<{ amount: string }, { amount: number }>;
const checked = new WorkflowBuilder<{ total: number }>().inputSchema(amountSchema);
// @ts-expect-error the output is not the data, and nothing makes the data of it
checked.thenFn("x", () => {});
// @ts-expect-error nor does the whole workflow build
checked.build("x", 1);
// @ts-expect-error initialData takes something else than the schema gives
checked.initialData((input: { sum: number }) => ({ total: input.sum }));
// @ts-expect-error initialData makes something else than the data
checked.initialData((input) => ({ sum: input.amount }));
// @ts-expect-error the schema gives something else than initialData takes
new WorkflowBuilder<{ total: number }>().initialData((input: { sum: number }) => ({ total: input.sum })).inputSchema(amountSchema);
// @ts-expect-error the input is what the schema takes, not what it gives
await host.startWorkflow(checked.initialData(({ amount }) => ({ total: amount })).thenFn("x", () => {}).build("x", 1), { amount: 1 });
// @ts-expect-error initialData of other data than the schema of the data gives
WorkflowBuilder.fromSchema(amountSchema).initialData((input: { sum: number }) => ({ amount: input.sum }));
