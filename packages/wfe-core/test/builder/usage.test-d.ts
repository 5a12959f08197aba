import { z } from "zod";
import type { Chain } from "../../src/builder/chain.ts";
import type { BranchBuilder } from "../../src/builder/verbs.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { defineActivity } from "../../src/models/activity.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { defineEvent } from "../../src/models/event.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { WorkflowDefinition } from "../../src/models/workflow-definition.ts";
import { defineStep, type StepBody, stepRef } from "../../src/traits/step-body.ts";
import type { StepExecutionContext } from "../../src/traits/step-execution-context.ts";
import type { TypedHost } from "./typed-host.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function type<A>() {
  return <B>(_value: B, ..._same: Equal<A, B> extends true ? [] : [{ expected: A; got: B }]): void => {};
}

declare function pay(amount: number, options: { idempotencyKey: string; signal: AbortSignal }): Promise<string>;
declare function say(name: string): Promise<void>;

// ── 1. pizza ───────────────────────────────────────────────────────────
interface Pizza {
  readonly kind: "margherita" | "marinara";
  toppings: string[];
}
interface PizzaOrder {
  orderId: string;
  name: string;
  total: number;
  delivery: boolean;
  temperature: number;
  pizzas: Pizza[];
  payment: "card" | "cash";
  transactionId?: string | undefined;
  bakedAt?: number;
  ready: string[];
  audit: string[];
}
class ValidateOrder implements StepBody<PizzaOrder> {
  async run(ctx: StepExecutionContext<PizzaOrder>): Promise<ExecutionResult> {
    if (ctx.data.pizzas.length === 0) throw new Error("empty");
    return ExecutionResult.next();
  }
}
class ChargePayment implements StepBody<{ total: number }> {
  amount = 0;
  transactionId?: string;
  async run(ctx: StepExecutionContext<{ total: number }>): Promise<ExecutionResult> {
    this.transactionId = await pay(this.amount || ctx.data.total, { idempotencyKey: ctx.idempotencyKey, signal: ctx.signal });
    return ExecutionResult.next();
  }
}
class RefundPayment implements StepBody {
  transactionId = "";
  async run(): Promise<ExecutionResult> {
    return ExecutionResult.next();
  }
}
class Stretch implements StepBody<PizzaOrder, Pizza> {
  readonly #oven: { heat(): void };
  result = "";
  constructor(oven: { heat(): void }) {
    this.#oven = oven;
  }
  async run(ctx: StepExecutionContext<PizzaOrder, Pizza>): Promise<ExecutionResult> {
    this.#oven.heat();
    this.result = ctx.item.kind;
    return ExecutionResult.next();
  }
}
class Plain implements StepBody {
  run(): ExecutionResult {
    return ExecutionResult.next();
  }
}
class Inspect implements StepBody {
  async run() {
    return Math.random() > 0.5 ? ExecutionResult.outcome("good") : ExecutionResult.outcome("burnt");
  }
}

const addTopping = defineStep("add-topping", async (input: { topping: string; price: number }, ctx) => {
  ctx.log.info("adding", input);
  return { added: input.topping, cost: input.price };
});
const ring = defineStep("ring-bell", async () => {});
const ovenTimer = defineEvent<number>("oven.timer");
const cancelled = defineEvent("order.cancelled", z.object({ reason: z.string() }));

// a fragment asks for as little as it needs, no generics
const audited = (b: BranchBuilder<{ audit: string[] }>): Chain =>
  b.thenFn("audit", (ctx) => ctx.data.audit.length).output((n, data) => data.audit.push(`entry ${n}`));
// a parametrised generic one
const notify =
  (text: string) =>
  <T extends { name: string }>(b: BranchBuilder<T>): Chain =>
    b.thenFn("notify", async (ctx) => {
      await say(`${ctx.data.name}: ${text}`);
    });

export const pizza: WorkflowDefinition<PizzaOrder> = new WorkflowBuilder<PizzaOrder>()
  .description("one order")
  .defaultErrorBehavior(ErrorBehavior.suspend())
  .startWith(ValidateOrder)
  .name("Validate")
  .then(ChargePayment)
  .name("Charge")
  .id("charge")
  .input((step, data) => {
    step.amount = data.total;
  })
  .output((step, data) => {
    data.transactionId = step.transactionId;
  })
  .compensateWith(RefundPayment, (c) =>
    c.input((step, data) => {
      step.transactionId = data.transactionId ?? "";
    }),
  )
  .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 3, backoff: 2, maxInterval: "1m", jitter: 0.2 }))
  .timeout("30s")
  .parallel((p) => p.branch((b) => b.startWith(Plain).then(Plain)).branch("cheese", (b) => b.waitFor(ovenTimer, (d) => d.orderId)))
  .forEach(
    (data) => data.pizzas,
    (b) =>
      b
        .then(Stretch)
        .output((step, data, ctx) => {
          data.ready.push(step.result);
          type<Pizza["kind"]>()(ctx.item.kind);
        })
        .forEach(
          (_data, ctx) => ctx.item.toppings,
          (b2) =>
            b2
              .then(addTopping, (data, ctx) => ({ topping: ctx.item, price: data.total }))
              .output((r, data) => {
                data.total += r.cost;
              }),
        ),
    { parallel: true },
  )
  .waitFor(ovenTimer, (data) => data.orderId, { timeout: "1h" })
  .output((at, data) => {
    type<number>()(at);
    data.bakedAt = at;
  })
  .onTimeout((b) => b.then(ring).endWorkflow())
  .waitFor(ovenTimer, (data) => data.orderId)
  .saveAs("bakedAt")
  .waitForAny({ baked: { event: ovenTimer, key: (d) => d.orderId }, off: { event: cancelled, key: (d) => d.orderId } })
  .output((got, data) => {
    if (got.first === "off") data.audit.push(got.data.reason);
    else type<number>()(got.data);
  })
  .then(Inspect)
  .onOutcome("burnt", (b) => b.then(Plain))
  .whileDo(
    (data) => data.temperature > 150,
    (b) =>
      b
        .delay("1m")
        .thenFn("cool", (ctx) => ctx.data.temperature - 10)
        .output((t, d) => (d.temperature = t)),
  )
  .decide(
    (data) => data.payment,
    (d) => d.case("card", (b) => b.then(ring)).case("cash", (b) => b.then(Plain)),
  )
  .decide(
    (data) => data.name,
    (d) => d.case("Ann", (b) => b.then(ring)).otherwise((b) => b.then(Plain)),
  )
  .ifDo(
    (data) => data.delivery,
    (b) =>
      b.then(stepRef<ChargePayment>("dispatch")).input((s) => {
        s.amount = 1;
      }),
    (b) => b.then(ring),
  )
  .use(audited)
  .use(notify("done"))
  .schedule("5m", (b) => b.then(Plain))
  .recur(
    "1d",
    (data) => data.ready.length > 3,
    (b) => b.then(Plain),
  )
  .pollEndpoint({ url: "https://x/{orderId}", interval: "10s", timeout: "1h", until: { status: 200 } })
  .output((r, d) => {
    d.audit.push(String(r.status));
  })
  .thenFn("announce", async (ctx) => {
    await say(ctx.data.name);
  })
  .endWorkflow()
  .build("pizza", 1);

// ── 2. order saga with a child workflow and an activity ──────────────────
const orderSchema = z.object({
  orderId: z.string(),
  amount: z.number().default(10),
  invoice: z.string().optional(),
  reserved: z.boolean().default(false),
});
const resize = defineActivity<{ url: string }, { bytes: number }>("resize");
const labelSchema = z.object({ text: z.string() });
const shipping: WorkflowDefinition<{ to: string; tracking?: string }> = new WorkflowBuilder<{ to: string; tracking?: string }>()
  .thenFn("label", async () => "TRACK-1")
  .saveAs("tracking")
  .build("shipping", 1);

const order = WorkflowBuilder.fromSchema(orderSchema)
  .saga((s) =>
    s
      .thenFn("reserve", async (ctx) => ({ ok: ctx.data.amount > 0 }))
      .output((r, d) => {
        d.reserved = r.ok;
      })
      .compensateWithFn("release", async (ctx) => {
        void ctx.data.orderId;
      })
      .onError(ErrorBehavior.compensate())
      .thenFn("charge", async (ctx) => pay(ctx.data.amount, ctx))
      .output((id, d) => {
        d.invoice = id;
      })
      .compensateWith(RefundPayment, (c) =>
        c
          .input((st, d) => {
            st.transactionId = d.invoice ?? "";
          })
          .onError(ErrorBehavior.retry({ interval: 500, maxRetries: "unlimited" })),
      ),
  )
  .compensateWithFn("tell", async () => {})
  .onError(ErrorBehavior.terminate())
  .activity(resize, (d) => ({ url: d.orderId }), { timeout: "1h" })
  .output((r, d) => {
    d.amount += r.bytes;
  })
  .subWorkflow(shipping, (d) => ({ to: d.orderId }))
  .output((child, d) => {
    d.invoice = child.tracking;
  })
  .subWorkflow(shipping, (d) => ({ to: d.orderId }), { outputSchema: labelSchema })
  .output((label, d) => {
    d.invoice = label.text.toUpperCase();
  })
  .subWorkflow("labels", (d) => d.orderId, { version: 2, outputSchema: labelSchema })
  .output((label, d) => {
    d.invoice = label.text;
  })
  .subWorkflow("counts", (d) => d.orderId, 2)
  .build("order", 2);
// data type: defaults filled; input type: defaults optional
type<WorkflowDefinition<z.output<typeof orderSchema>, z.input<typeof orderSchema>>>()(order);

// ── 3. human approval ─────────────────────────────────────────────────────
interface Approval {
  id: string;
  amount: number;
  decision?: "approved" | "rejected";
  escalated: boolean;
}
const decided = defineEvent<"approved" | "rejected">("approval.decided");
const ask = (b: BranchBuilder<Approval>) => b.waitFor(decided, (d) => d.id, { timeout: "3d" }).saveAs("decision");
export const approval: WorkflowDefinition<Approval> = new WorkflowBuilder<Approval>()
  .thenFn("mail", async (ctx) => {
    await say(ctx.data.id);
  })
  .use((b) =>
    ask(b).onTimeout((t) =>
      t
        .thenFn("escalate", () => true)
        .output((yes, d) => {
          d.escalated = yes;
        })
        .use(ask),
    ),
  )
  .ifDo(
    (d) => d.decision === "approved",
    (b) => b.thenFn("pay", () => {}),
    (b) => b.endWorkflow(),
  )
  .build("approval", 1);

// ── 4. CI pipeline ────────────────────────────────────────────────────────
interface Job {
  name: string;
  image: string;
  needs: string[];
}
interface Build {
  sha: string;
  jobs: Job[];
  results: { [job: string]: "passed" | "failed" };
  state: "ok" | "broken" | "skipped";
}
export const ci: WorkflowDefinition<Build> = new WorkflowBuilder<Build>()
  .thenFn("checkout", async (ctx) => ctx.data.sha)
  .id("checkout")
  .timeout("10m")
  .when((d) => d.state !== "skipped")
  .cancelWhen((d) => d.state === "skipped", { proceed: true })
  .forEach(
    (d) => d.jobs,
    (b) =>
      b
        .thenFn("run", async (ctx) => ({ job: ctx.item.name, passed: ctx.item.image !== "" }))
        .output((r, d) => {
          d.results[r.job] = r.passed ? "passed" : "failed";
        })
        .onError(ErrorBehavior.retry({ interval: "5s", onExhausted: "terminate" }))
        .ifDo(
          (d, ctx) => d.results[ctx.item.name] === "failed",
          (f) => f.thenFn("collect logs", async (ctx) => ctx.item.name),
        ),
  )
  .thenFn("route", (ctx) => (ctx.data.state === "ok" ? ExecutionResult.outcome("deploy") : ExecutionResult.outcome("report")))
  .onOutcome("deploy", (b) => b.thenFn("deploy", () => {}))
  .onOutcome("report", (b) => b.thenFn("report", () => ExecutionResult.next({ output: { state: "broken" } })))
  .decide(
    (d) => d.state,
    (d) => d.case("ok", (b) => b.thenFn("tag", () => {})).otherwise((b) => b.goTo("checkout")),
  )
  .build("ci", 1);

// fields that later steps fill, without one `?`
export const filled: WorkflowDefinition<{ id: string; tx: string }, { id: string }> = new WorkflowBuilder<{ id: string; tx: string }>()
  .initialData((input: { id: string }) => ({ ...input, tx: "" }))
  .thenFn("tx", () => "t")
  .saveAs("tx")
  .build("filled", 1);

// a schema of the input, and initial data made of what it gives: in either order
const amounts = z.object({ amount: z.string().transform(Number), tag: z.string().default("none") });
type<WorkflowDefinition<{ total: number; tx: string }, z.input<typeof amounts>>>()(
  new WorkflowBuilder<{ total: number; tx: string }>()
    .inputSchema(amounts)
    .description("goes on")
    .initialData((input) => {
      type<z.output<typeof amounts>>()(input);
      return { total: input.amount, tx: input.tag };
    })
    .defaultErrorBehavior(ErrorBehavior.suspend())
    .thenFn("tx", () => "t")
    .saveAs("tx")
    .build("summed", 1),
);
type<WorkflowDefinition<{ total: number }, z.input<typeof amounts>>>()(
  new WorkflowBuilder<{ total: number }>()
    .initialData((input: { amount: number }) => ({ total: input.amount }))
    .inputSchema(amounts)
    .thenFn("a", () => {})
    .build("summed", 2),
);
// the output is the data already, or more than it, and may still be refined
type<WorkflowDefinition<{ amount: number }, z.input<typeof amounts>>>()(
  new WorkflowBuilder<{ amount: number }>()
    .inputSchema(amounts)
    .initialData((input) => ({ amount: input.tag.length }))
    .thenFn("a", () => {})
    .build("more", 1),
);
type<WorkflowDefinition<{ amount: number; tag: string }, z.input<typeof amounts>>>()(
  new WorkflowBuilder<{ amount: number; tag: string }>()
    .inputSchema(amounts)
    .thenFn("a", () => {})
    .build("same", 1),
);
type<WorkflowDefinition<{ amount: number; tag: string }, z.input<typeof amounts>>>()(
  WorkflowBuilder.fromSchema(amounts)
    .initialData((input) => ({ ...input, amount: input.amount + 1 }))
    .thenFn("a", () => {})
    .build("refined", 1),
);

// ── host ──────────────────────────────────────────────────────────────────
export async function main(open: () => TypedHost): Promise<void> {
  await using host = open();
  host.registerWorkflowDefinition(pizza);
  host.registerWorkflowDefinition(order);
  host.registerStepFactory(Stretch, () => new Stretch({ heat() {} }));
  host.registerStepFactory("charge", () => new ChargePayment());
  const greet = host.registerWorkflow("greet", 1, (b: WorkflowBuilder<{ name: string }>) => b.thenFn("hi", async (ctx) => say(ctx.data.name)));
  await host.start();
  const greetId = await host.startWorkflow(greet, { name: "Ann" }, { startAt: new Date() });
  type<string>()((await host.waitForWorkflow(greetId)).data.name);
  const id = await host.startWorkflow(order, { orderId: "1" }); // defaults may be left out
  const done = await host.waitForWorkflow(id, { timeout: "1m" });
  if (done.status === "complete") type<number>()(done.data.amount);
  const stored: string = id;
  type<boolean>()((await host.waitForWorkflow(order, stored)).data.reserved);
  const loose = await host.startWorkflow("pizza", 1, { orderId: "1" });
  await host.waitForWorkflow(loose);
  await host.waitForWorkflow("any string");
  const data = await host.runWorkflow(shipping, { to: "x" });
  type<string | undefined>()(data.tracking);
  await host.publishEvent(ovenTimer, "1", 5, { time: new Date() });
  await host.publishEvent("free", "1", { a: [1, null] });
  const work = await host.getPendingActivity(resize, "w1", { lease: "1m", wait: 500 });
  if (work) {
    type<string>()(work.input.url);
    await host.submitActivitySuccess(work.token, { bytes: 3 });
    await host.releaseActivity(work.token);
  }
  for await (const e of host.events())
    if (e.type === "error") void e.error.code;
    else if (e.type === "stepStarted") void e.attempt;
  await host.stop({ timeout: "30s" });
}
