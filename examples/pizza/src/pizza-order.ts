import { setTimeout as sleep } from "node:timers/promises";
import {
  type Chain,
  type BranchBuilder,
  defineEvent,
  ErrorBehavior,
  type EventDefinition,
  type StepExecutionContext,
  WorkflowBuilder,
  type WorkflowDefinition,
} from "wfe";
import type { CardPayments } from "./card-payments.ts";
import { type Journal, labelOf } from "./journal.ts";
import { type Order, type Pizza, priceOf } from "./order.ts";
import type { Baked, Oven } from "./oven.ts";

/** What the workflow knows of an order: the order, and what its steps have found out. */
export interface PizzaOrder extends Order {
  cents: number;
  paymentId: string;
  degrees: number;
  /** One mark per committed result. A result that was processed twice would show here twice. */
  done: string[];
}

/** The oven's report; its key is the order's id. */
export const ovenDone: EventDefinition<Baked> = defineEvent<Baked>("oven.done");

/** What the steps work with. */
export interface Shop {
  readonly payments: CardPayments;
  readonly oven: Pick<Oven, "put">;
  readonly journal: Journal;
}

/** From a paid order to pizzas in the customer's hands. */
export function pizzaOrder(shop: Shop): WorkflowDefinition<PizzaOrder, Order> {
  const work = (ms: number) => async (ctx: StepExecutionContext) => {
    shop.journal.write(ctx);
    await sleep(ms, undefined, { signal: ctx.signal });
    return labelOf(ctx.step.name, ctx.index);
  };
  const mark = (label: string, data: { done: string[] }) => data.done.push(label);

  const drinks = (b: BranchBuilder<PizzaOrder>): Chain => b.thenFn("drinks", work(60)).output(mark);
  const pizza = (b: BranchBuilder<PizzaOrder, Pizza>): Chain =>
    b
      .thenFn("stretch", work(80))
      .output(mark)
      .thenFn("top", async (ctx) => {
        shop.journal.write(ctx);
        await sleep(20 * ctx.item.toppings.length, undefined, { signal: ctx.signal });
        return labelOf("top", ctx.index);
      })
      .output(mark);

  return new WorkflowBuilder<PizzaOrder>()
    .description("one order of a pizza shop")
    .initialData((order: Order): PizzaOrder => ({ ...order, cents: 0, paymentId: "", degrees: 0, done: [] }))
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: 100, maxRetries: 5, backoff: 2 }))
    .thenFn("price", (ctx) => {
      shop.journal.write(ctx);
      return priceOf(ctx.data);
    })
    .output((cents, data) => {
      data.cents = cents;
      mark("price", data);
    })
    .thenFn("charge", (ctx) => {
      shop.journal.write(ctx);
      const { id, cents, card } = ctx.data;
      // The key is the same when the step runs again, after a failure or after a kill: the card is charged once.
      return shop.payments.charge({
        orderId: id,
        cents,
        token: card.token,
        attempt: ctx.attempt,
        idempotencyKey: ctx.idempotencyKey,
        signal: ctx.signal,
      });
    })
    .output((paymentId, data) => {
      data.paymentId = paymentId;
      mark("charge", data);
    })
    .onError(ErrorBehavior.retry({ interval: 100, maxRetries: 5, backoff: 2, maxInterval: "1s", jitter: 0.2 }))
    .timeout("10s")
    .parallel((p) =>
      p
        .branch("base", (b) => b.thenFn("dough", work(100)).output(mark).thenFn("sauce", work(60)).output(mark))
        .branch("counter", (b) =>
          b
            .thenFn("toppings", work(80))
            .output(mark)
            .ifDo((data) => data.drinks.length > 0, drinks),
        ),
    )
    .forEach((data) => data.pizzas, pizza, { parallel: true })
    .thenFn("into the oven", (ctx) => {
      shop.journal.write(ctx);
      shop.oven.put(ctx.data.id);
    })
    .output((_, data) => mark("into the oven", data))
    .waitFor(ovenDone, (data) => data.id, { timeout: "1h" })
    .name("baked")
    .output((baked, data) => {
      data.degrees = baked.degrees;
      mark("baked", data);
    })
    .forEach(
      (data) => data.pizzas,
      (b) => b.thenFn("box", work(40)).output(mark),
      { parallel: false },
    )
    .ifDo(
      (data) => data.handover.kind === "delivery",
      (b) => b.thenFn("dispatch", work(80)).output(mark).thenFn("deliver", work(240)).output(mark),
      (b) => b.thenFn("call the customer", work(80)).output(mark),
    )
    .thenFn("receipt", work(40))
    .output(mark)
    .build("pizza-order", 1);
}
