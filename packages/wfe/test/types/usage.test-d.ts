// biome-ignore-all format: each mistake is a line, so that its directive stands right above it
import {
  type AnyDefinition,
  defineActivity,
  defineEvent,
  defineStep,
  ExecutionResult,
  type JsonValue,
  type StandaloneClient,
  type StandardSchema,
  type StepBody,
  type StepExecutionContext,
  stepRef,
  WorkflowBuilder,
  type WorkflowClient,
  type WorkflowDefinition,
  type WorkflowDefinitionJson,
  type WorkflowHost,
} from "../../src/index.ts";

// What the type tests of the builder say of a host that exists for the compiler alone, said of the real ones.

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function type<A>() {
  return <B>(_value: B, ..._same: Equal<A, B> extends true ? [] : [{ expected: A; got: B }]): void => {};
}

interface Order { id: string; total: number; lines: { sku: string }[] }
class Charge implements StepBody<Order> { amount = 0; async run(_ctx: StepExecutionContext<Order>): Promise<ExecutionResult> { return ExecutionResult.next(); } }
class NeedsUser implements StepBody<{ user: string }> { async run(_ctx: StepExecutionContext<{ user: string }>): Promise<ExecutionResult> { return ExecutionResult.next(); } }
class Wired implements StepBody<Order> {
  readonly #terminal: { charge(): void };
  constructor(terminal: { charge(): void }) { this.#terminal = terminal; }
  async run(): Promise<void> { this.#terminal.charge(); }
}
class NotAStep { execute(): void {} }
const ring = defineStep("ring", async () => {});
const ovenTimer = defineEvent<number>("oven");
declare const orderSchema: StandardSchema<{ id: string; total?: number }, Order>;
const plain: WorkflowDefinition<Order> = new WorkflowBuilder<Order>().then(Charge).then(Wired).build("order", 1);
const checked = WorkflowBuilder.fromSchema(orderSchema).then(Charge).build("checked", 1);
const filled = new WorkflowBuilder<Order>().initialData((input: { id: string }) => ({ id: input.id, total: 0, lines: [] })).then(Charge).build("filled", 1);

export async function registers(open: () => WorkflowHost): Promise<void> {
  await using host = open();
  type<WorkflowHost>()(host);
  host.registerWorkflowDefinition(plain);
  host.registerWorkflowDefinition(checked);
  host.registerWorkflowDefinition(filled);
  host.registerWorkflowDefinition(plain as AnyDefinition);
  // @ts-expect-error a chain that is not built
  host.registerWorkflowDefinition(new WorkflowBuilder<Order>().then(Charge));
  host.registerStep(Charge);
  host.registerStep(ring);
  host.registerStep(Wired); // constructed by a factory: only `start` can say that there is none
  // @ts-expect-error no step
  host.registerStep(NotAStep);
  host.registerStepFactory(Wired, () => new Wired({ charge() {} }));
  host.registerStepFactory("charge", () => new Charge());
  host.registerStepFactory(stepRef<Charge>("charge"), () => new Charge());
  // @ts-expect-error a factory of the wrong step
  host.registerStepFactory(Wired, () => new NeedsUser());
  // @ts-expect-error a factory of the wrong step
  host.registerStepFactory(stepRef<Charge>("charge"), () => new NeedsUser());
  // @ts-expect-error a factory of no step
  host.registerStepFactory("charge", () => new NotAStep());
  const greet = host.registerWorkflow("greet", 1, (b: WorkflowBuilder<{ name: string }>) => b.thenFn("hi", async (ctx) => ctx.data.name));
  type<WorkflowDefinition<{ name: string }>>()(greet);
  // @ts-expect-error no step
  host.registerWorkflow("empty", 1, (b: WorkflowBuilder<{ name: string }>) => b);
  // @ts-expect-error an async function
  host.registerWorkflow("async", 1, async (b: WorkflowBuilder<{ name: string }>) => b.thenFn("hi", () => {}));
  await host.start();
  for await (const e of host.events({ signal: AbortSignal.abort() }))
    if (e.type === "error") void e.error.code;
    else if (e.type === "stepStarted") void e.attempt;
  const failures = host.events({ workflowId: "x", types: ["error", "stepRetrying"] });
  type<number>()(failures.gaps);
  for await (const e of failures) {
    type<"error" | "stepRetrying">()(e.type);
    if (e.type !== "error") type<string>()(e.step);
  }
  for await (const e of host.events({ types: ["stepStarted"] })) type<number>()(e.attempt);
  // @ts-expect-error only some of the types have a step
  for await (const e of host.events({ types: ["stepStarted", "completed"] })) void e.attempt;
  // @ts-expect-error no type of lifecycle events
  host.events({ types: ["finished"] });
  // @ts-expect-error no option
  host.events({ type: "error" });
  await host.stop({ timeout: "30s" });
  // @ts-expect-error no duration
  await host.stop({ timeout: "30 seconds" });
}

async function drives(host: WorkflowHost | StandaloneClient): Promise<void> {
  const id = await host.startWorkflow(checked, { id: "1" }, { startAt: new Date() }); // defaults may be left out
  const done = await host.waitForWorkflow(id, { timeout: "1m" });
  if (done.status === "complete") type<number>()(done.data.total);
  type<Readonly<Order>>()((await host.getWorkflow(id)).data);
  const stored: string = id;
  type<Readonly<Order>>()((await host.waitForWorkflow(checked, stored)).data);
  type<Readonly<unknown>>()((await host.waitForWorkflow("any string")).data);
  await host.startWorkflow(filled, { id: "1" });
  const loose = await host.startWorkflow("order", 1, { id: "1" });
  type<Readonly<unknown>>()((await host.waitForWorkflow(loose)).data);
  type<Order>()(await host.runWorkflow(plain, { id: "1", total: 1, lines: [] }));
  type<string>()(await host.publishEvent(ovenTimer, "1", 5, { time: new Date() }));
  await host.publishEvent("free", "1", { a: [1, null] });
  type<JsonValue | undefined>()((await host.getEvent("e")).data);

  // wrong start data; unstorable start data; missing version
  // @ts-expect-error
  await host.startWorkflow(plain, { id: "1", totl: 3 });
  // @ts-expect-error
  await host.startWorkflow(checked, { total: 3 });
  // @ts-expect-error what initialData gives is not what it takes
  await host.startWorkflow(filled, { id: 1 });
  // @ts-expect-error
  await host.startWorkflow("order", 1, { at: new Date() });
  // @ts-expect-error
  await host.startWorkflow("order", { id: "1" });
  // @ts-expect-error
  await host.runWorkflow(plain, { id: "1" });
  // wrong event payload
  // @ts-expect-error
  await host.publishEvent(ovenTimer, "1", "hot");
  // @ts-expect-error
  await host.publishEvent("free", "1", { at: new Date() });
  // a definition without the id of an instance; data that is not there
  // @ts-expect-error
  await host.waitForWorkflow(plain);
  // @ts-expect-error
  void (await host.waitForWorkflow(id)).data.totl;
  // @ts-expect-error
  await host.waitForWorkflow(id, { timeout: "1 minute" });
  // @ts-expect-error frozen
  (await host.getWorkflow(id)).data.total = 1;
}

export async function client(open: () => StandaloneClient): Promise<void> {
  await using one = open();
  await one.start();
  await drives(one);
  type<true>()(true as StandaloneClient extends WorkflowClient ? (WorkflowHost extends WorkflowClient ? true : false) : false);
  // @ts-expect-error a client runs no steps
  one.registerStep(Charge);
  await one.stop();
}

// ---- definitions in JSON: what is parsed is taken, and the slips of a literal do not compile
declare const text: string;
declare const host: WorkflowHost;
host.registerWorkflowDefinition(JSON.parse(text) as WorkflowDefinitionJson);
host.registerWorkflowDefinition({ id: "w", version: 1, graph: { steps: [{ id: 0, name: "a", kind: "delay", settings: { durationMs: 1 }, expressions: { when: { path: "n", operator: "isNull" } } }] } });
// @ts-expect-error a kind that does not exist
host.registerWorkflowDefinition({ id: "w", version: 1, graph: { steps: [{ id: 0, name: "a", kind: "dealy", settings: { durationMs: 1 } }] } });
// @ts-expect-error a setting that the kind does not have
host.registerWorkflowDefinition({ id: "w", version: 1, graph: { steps: [{ id: 0, name: "a", kind: "delay", settings: { duration: 1 } }] } });
// @ts-expect-error a key that no step has
host.registerWorkflowDefinition({ id: "w", version: 1, graph: { steps: [{ id: 0, name: "a", kind: "end", nxt: 1 }] } });
// @ts-expect-error an operator that does not exist
host.registerWorkflowDefinition({ id: "w", version: 1, graph: { steps: [{ id: 0, name: "a", kind: "end", expressions: { when: { path: "n", operator: "eq", value: 1 } } }] } });
// @ts-expect-error a step that is a function
host.registerWorkflowDefinition({ id: "w", version: 1, graph: { steps: [{ id: 0, name: "a", kind: "inline", functions: { run: "0.run" } }] } });
// @ts-expect-error without a version
host.registerWorkflowDefinition({ id: "w", graph: { steps: [{ id: 0, name: "a", kind: "end" }] } });

// Activities, from a host and from a client alike.
const resize = defineActivity<{ url: string }, { bytes: number }>("resize");
export async function work(of: WorkflowHost | StandaloneClient): Promise<void> {
  const pending = await of.getPendingActivity(resize, "w", { lease: "1m", wait: "1s" });
  if (pending === undefined) return;
  type<string>()(pending.input.url);
  type<boolean>()(await of.extendActivity(pending.token, "1m"));
  await of.submitActivitySuccess(pending.token, { bytes: 3 });
  // @ts-expect-error another result than the activity's
  await of.submitActivitySuccess(pending.token, { bytes: "3" });
  await of.submitActivityFailure(pending.token, new Error("no"));
  await of.submitActivityFailure(pending.token, { message: "no", data: { at: 1 }, retryable: false });
  // @ts-expect-error a failure has a message
  await of.submitActivityFailure(pending.token, { data: 1 });
  // @ts-expect-error a claim has an end
  await of.getPendingActivity(resize, "w", {});
  await of.releaseActivity(pending.token);
  type<boolean>()(await of.retryWorkflow("id"));
  const oldId = await of.startWorkflow(plain, { id: "o", total: 1, lines: [] });
  const plan = await of.migrateWorkflow(oldId, plain, { steps: { a: "b", c: 3 }, data: (data) => ({ ...data }), dryRun: true });
  type<boolean>()(plan.migrated);
  // @ts-expect-error the new data are not those of the version
  await of.migrateWorkflow(oldId, plain, { data: () => ({ other: 1 }) });
  await of.migrateWorkflow("id", 2, { data: () => ({ other: 1 }) });
}
