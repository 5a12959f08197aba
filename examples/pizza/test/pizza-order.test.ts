import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type WorkflowHost, WorkflowHostBuilder } from "wfe";
import { InMemoryLockProvider, InMemoryPersistenceProvider, InMemoryQueueProvider } from "wfe/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptsThatFail, CardPayments, type Payment } from "../src/card-payments.ts";
import { BAKED, expectedSteps } from "../src/expected-steps.ts";
import { Journal, type JournalEntry } from "../src/journal.ts";
import { type Order, priceOf, readOrders } from "../src/order.ts";
import { ovenDone, pizzaOrder } from "../src/pizza-order.ts";
import { readRecords } from "../src/record-file.ts";
import { type ShopFiles, shopFiles } from "../src/shop-files.ts";

describe("the workflow of an order", () => {
  const all = readOrders();
  let folder: string;
  let files: ShopFiles;
  let host: WorkflowHost;
  let journal: Journal;
  let payments: CardPayments;
  let put: (orderId: string) => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "wfe-pizza-test-"));
    files = shopFiles(folder);
    journal = new Journal(files.journal);
    payments = new CardPayments(files.payments);
    put = (orderId) => void host.publishEvent(ovenDone, orderId, { oven: 1, degrees: 400 });
    host = new WorkflowHostBuilder()
      .useProviders({ persistence: new InMemoryPersistenceProvider(), locks: new InMemoryLockProvider(), queue: new InMemoryQueueProvider() })
      .build();
    await host.start();
  });

  afterEach(async () => {
    await host.stop();
    journal.close();
    payments.close();
    await rm(folder, { recursive: true, force: true });
  });

  const definition = () => pizzaOrder({ journal, payments, oven: { put: (orderId) => put(orderId) } });
  const run = async (order: Order) => {
    const workflow = definition();
    host.registerWorkflowDefinition(workflow);
    return await host.runWorkflow(workflow, order, { id: order.id });
  };
  const first = (what: (order: Order) => boolean): Order => {
    const order = all.find(what);
    if (order === undefined) throw new Error("no such order in orders.json");
    return order;
  };

  it("takes a delivery with drinks through every step, each once", async () => {
    const order = first(({ handover, drinks, pizzas }) => handover.kind === "delivery" && drinks.length > 0 && pizzas.length > 1);

    const data = await run(order);

    expect(data.done.toSorted()).toEqual(expectedSteps(order).toSorted());
    expect(data).toMatchObject({ cents: priceOf(order), paymentId: "pay_000001", degrees: 400 });
  });

  it("calls the customer instead of a courier when the order is picked up, and pours nothing when no drink was ordered", async () => {
    const order = first(({ handover, drinks }) => handover.kind === "pickup" && drinks.length === 0);

    const { done } = await run(order);

    expect(done.slice(-2)).toEqual(["call the customer", "receipt"]);
    expect(done).not.toContain("dispatch");
    expect(done).not.toContain("drinks");
  });

  it("boxes the pizzas one after the other, after the oven has reported", async () => {
    const order = first(({ pizzas }) => pizzas.length === 4);

    const { done } = await run(order);

    const boxes = ["box #1", "box #2", "box #3", "box #4"];
    expect(done.filter((label) => label === BAKED || label.startsWith("box"))).toEqual([BAKED, ...boxes]);
  });

  it("waits for its own oven report, not for another order's", async () => {
    const order = first(({ pizzas }) => pizzas.length === 1);
    put = (orderId) => {
      void host.publishEvent(ovenDone, "order-9999", { oven: 2, degrees: 1 });
      void host.publishEvent(ovenDone, orderId, { oven: 1, degrees: 401 });
    };

    expect(await run(order)).toMatchObject({ degrees: 401 });
  });

  it("charges again after a failure with the same idempotency key, and is charged once", async () => {
    const order = first(({ card }) => attemptsThatFail(card.token) === 2);

    await run(order);

    const charges = readRecords<JournalEntry>(files.journal).filter(({ label }) => label === "charge");
    expect(charges.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(charges.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(readRecords<Payment>(files.payments)).toEqual([
      { id: "pay_000001", key: charges[0]?.idempotencyKey, orderId: order.id, cents: priceOf(order) },
    ]);
    expect(await host.getErrors(order.id)).toHaveLength(2);
  });
});
