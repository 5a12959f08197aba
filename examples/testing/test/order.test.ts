import { expect, it } from "vitest";
import { createTestHost } from "wfe/test-support";
import { order, packed } from "../order.ts";

it("ships what is packed, and asks for a review two weeks later", async () => {
  await using host = await createTestHost({ definitions: [order], mocks: { charge: () => "ch_1", ship: () => ({ tracking: "T1" }) } });
  const id = await host.startWorkflow(order, { id: "o1", cents: 900 });

  await host.waitForSubscription(packed, "o1");
  await host.publishEvent(packed, "o1", { parcels: 1 });
  await host.runUntilIdle();
  await host.assertSteps(id, { charge: "complete", ship: "complete", "ask for a review": [] });

  await host.advance("14d");
  await host.assertSteps(id, { "ask for a review": "complete" });
  expect((await host.getWorkflow(id)).data).toEqual({ id: "o1", cents: 900, chargeId: "ch_1", tracking: "T1" });
});

it("charges again after a minute, twice, and then leaves it to people", async () => {
  await using host = await createTestHost({ definitions: [order], mocks: { ship: () => ({ tracking: "T1" }) } });
  const charge = host.mockStep("charge", () => {
    throw new Error("the bank is closed");
  });
  const id = await host.startWorkflow(order, { id: "o2", cents: 900 });

  await host.advance("59s");
  expect(charge.calls).toHaveLength(1);
  await host.advance("1h");

  expect(charge.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  await host.assertStatus(id, "suspended");
});
