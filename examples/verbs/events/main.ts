import { defineEvent, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// An order waits for its payment, then for the first word of either the carrier or the customer.

const paid = defineEvent<{ cents: number }>("paid");
const handedOver = defineEvent<{ tracking: string }>("handed-over");
const calledOff = defineEvent<string>("called-off");

interface Order {
  id: string;
  patienceMs: number;
  cents: number;
  state: string;
}

function say(order: { readonly id: string }, text: string): void {
  console.log(`${order.id}: ${text}`);
}

const order = new WorkflowBuilder<Order>()
  .initialData(({ id, patienceMs }: Pick<Order, "id" | "patienceMs">): Order => ({ id, patienceMs, cents: 0, state: "new" }))
  // The key says whose event it is: this order gets those that are published for its id.
  .waitFor(paid, (data) => data.id, { timeout: (data) => data.patienceMs })
  .output(({ cents }, data) => {
    data.cents = cents;
  })
  .onTimeout((b) =>
    b
      .thenFn("give up", (ctx) => {
        say(ctx.data, "no payment in time");
        return "expired";
      })
      .saveAs("state")
      .endWorkflow(),
  )
  .thenFn("thank", (ctx) => say(ctx.data, `paid ${ctx.data.cents} cents`))
  .waitForAny({
    carrier: { event: handedOver, key: (data) => data.id },
    customer: { event: calledOff, key: (data) => data.id },
  })
  .output((came, data) => {
    // A union: the label tells which payload it is.
    data.state = came.first === "carrier" ? `on its way as ${came.data.tracking}` : `called off: ${came.data}`;
  })
  .build("order", 1);

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
host.registerWorkflowDefinition(order);
await host.start();

const day = 24 * 60 * 60 * 1_000;
const first = await host.startWorkflow(order, { id: "order-1", patienceMs: day });
const second = await host.startWorkflow(order, { id: "order-2", patienceMs: day });

// The bank tells twice; the id of the event makes the second time a repeat that does nothing.
for (const cents of [1_999, 1_999]) await host.publishEvent(paid, "order-1", { cents }, { id: "transfer-77" });
await host.publishEvent(handedOver, "order-1", { tracking: "T-1" });
say({ id: "order-1" }, (await host.waitForWorkflow(first)).data.state);

// Before the order waits for it, and before it has been paid: an event waits too.
await host.publishEvent(calledOff, "order-2", "found it cheaper");
await host.publishEvent(paid, "order-2", { cents: 500 });
say({ id: "order-2" }, (await host.waitForWorkflow(second)).data.state);

// Nobody pays.
const third = await host.startWorkflow(order, { id: "order-3", patienceMs: 20 });
say({ id: "order-3" }, (await host.waitForWorkflow(third)).data.state);
