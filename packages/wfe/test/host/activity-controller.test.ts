import { describe, expect, it } from "vitest";
import { ActivityController } from "../../src/host/activity-controller.ts";
import type { ActivityToken, PersistenceProvider } from "../../src/index.ts";
import { instant, sampleChange, sampleSubscription, sampleWorkflow } from "../../src/test-support/index.ts";
import { hostSetting } from "./host-setting.ts";

/** A controller over a store in which an instance "w" offers the activity "work". */
async function setting(persistence: Partial<PersistenceProvider> = {}) {
  const of = await hostSetting({ persistence });
  const store = of.services.persistence;
  await store.createNewWorkflow(sampleWorkflow("w"), instant());
  const offer = sampleSubscription("s", { name: "wfe.activity", key: "s/k", activity: "work", input: '{"n":1}' });
  await store.persistWorkflow(sampleChange("w", "1", { openSubscriptions: [offer] }), instant());
  const changed: string[] = [];
  const controller = new ActivityController(of.services, { assertRunning: () => {}, changed: (id) => void changed.push(id) });
  const claim = async (): Promise<ActivityToken> => (await controller.getPending("work", "worker", { lease: "1m" }))?.token ?? "";
  return { ...of, store, controller, changed, claim };
}

describe("the activities of a process", () => {
  it("hand out what is offered, and take its outcome once, with the instance looked at", async () => {
    const { controller, changed, claim, store } = await setting();
    const token = await claim();
    expect(await claim()).toBe("");

    await controller.success(token, { n: 2 });
    await controller.success(token, { n: 2 });

    expect(changed).toEqual(["w"]);
    expect(await store.getEvent("wfe.activity/s/k")).toMatchObject({ name: "wfe.activity", key: "s/k", delivered: true });
    await expect(controller.success(token, { n: 3 })).rejects.toMatchObject({ code: "WFE_ACTIVITY_TOKEN_INVALID" });
  });

  it("deliver an outcome that was stored before and is not delivered yet, when it is submitted again", async () => {
    let isAway = true;
    const { controller, changed, claim } = await setting({
      deliverEvents: () => (isAway ? Promise.reject(new Error("away")) : Promise.resolve(["w"])),
    });
    const token = await claim();
    await expect(controller.failure(token, { message: "no" })).rejects.toThrow("away");

    isAway = false;
    await controller.failure(token, { message: "no" });

    expect(changed).toEqual(["w"]);
  });

  it("accept an outcome that another process has delivered first", async () => {
    const { controller, changed, claim } = await setting({ deliverEvents: () => Promise.resolve([]) });

    await controller.success(await claim(), undefined);

    expect(changed).toEqual([]);
  });

  it("refuse an outcome whose claim has no end", async () => {
    const { controller, claim, store } = await setting({
      getSubscription: async (id) => {
        const { tokenExpiresAt: _, ...found } = (await store.getFirstOpenSubscription("work", instant(3_600_000))) ?? { id };
        return { ...found, token } as never;
      },
    });
    const token = await claim();

    await expect(controller.success(token, 1)).rejects.toThrow("has expired");
  });
});
