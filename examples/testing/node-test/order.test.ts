import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestHost } from "wfe/test-support";
import { order, packed, Ship } from "../order.ts";

void test("an order goes its way with a courier that is not the real one", async () => {
  await using host = await createTestHost({
    definitions: [order],
    mocks: { charge: () => "ch_1" },
    setUp: (made) => made.registerStepFactory(Ship, () => new Ship({ send: async (orderId) => `parcel of ${orderId}` })),
  });
  const id = await host.startWorkflow(order, { id: "o3", cents: 900 });
  await host.publishEvent(packed, "o3", { parcels: 1 });

  const { data } = await host.runToEnd(id);

  assert.equal(data.tracking, "parcel of o3");
  assert.equal(host.clock.now() - Date.UTC(2026, 0, 1), 14 * 86_400_000);
});

void test("an order waits until it is packed", async () => {
  await using host = await createTestHost({ definitions: [order], mocks: { charge: () => "ch_1", ship: () => ({ tracking: "T1" }) } });
  const id = await host.startWorkflow(order, { id: "o4", cents: 900 });

  await assert.rejects(host.runToEnd(id, { within: "30d" }), /waits for the event "packed" with the key "o4"/);
});
