import { WorkflowHostBuilder } from "wfe";
import { CardPayments } from "./card-payments.ts";
import { WORK } from "./expected-steps.ts";
import { Journal } from "./journal.ts";
import { readOrders } from "./order.ts";
import { Oven } from "./oven.ts";
import { ovenDone, pizzaOrder } from "./pizza-order.ts";
import { shopFiles } from "./shop-files.ts";
import { shopStore } from "./shop-store.ts";
import type { WorkerMessage } from "./worker-message.ts";

// The process that is killed: it starts from whatever the one before left in the folder, and makes no arrangements for its own end.
const [folder = "", count = ""] = process.argv.slice(2);
const files = shopFiles(folder);
const orders = readOrders(Number(count));

/** Messages keep their order, so the last one has arrived when its promise resolves. */
function tell(message: WorkerMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

process.on("disconnect", () => process.exit(1)); // the parent is gone
process.on("unhandledRejection", fail);

const host = new WorkflowHostBuilder().useProviders(shopStore(folder).providers()).build();
const journal = new Journal(files.journal);
const payments = new CardPayments(files.payments);
// An order that was announced before, and is announced again after a kill, has the same event id: the second one does nothing.
const oven = new Oven(files.oven, {
  announce: async (orderId, baked) => void (await host.publishEvent(ovenDone, orderId, baked, { id: `baked-${orderId}` })),
  failed: fail,
});
const definition = pizzaOrder({ payments, journal, oven });
host.registerWorkflowDefinition(definition);

const committed = new Set<string>();
let ordersDone = 0;
const events = host.events();
void (async () => {
  for await (const event of events) {
    if (event.type === "stepCompleted" && WORK.has(event.step)) committed.add(`${event.workflowId} ${event.pointerId}`);
  }
})();

await host.start();
oven.resume();

// The ids make the starts idempotent: after a kill, those that exist are left as they are.
await Promise.all(orders.map((order) => host.startWorkflow(definition, order, { id: order.id })));
for (const { id } of orders) {
  for (const { status, stepName, id: pointerId } of await host.getHistory(id)) {
    if (status === "complete" && WORK.has(stepName ?? "")) committed.add(`${id} ${pointerId}`);
  }
}

const report = setInterval(() => void tell({ type: "progress", stepsCommitted: committed.size, ordersDone }), 50);
await Promise.all(
  orders.map(async ({ id }) => {
    await host.waitForWorkflow(definition, id);
    ordersDone += 1;
  }),
);
clearInterval(report);

oven.close();
await host.stop();
journal.close();
payments.close();
await tell({ type: "finished" });
process.exit(0);
