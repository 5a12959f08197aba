import { expect, it } from "vitest";
import { defineActivity, type PersistenceProvider, type Providers, WorkflowBuilder, type WorkflowHost } from "../../src/index.ts";
import { losingQueue } from "../faults/setting.ts";
import { meeting, replacing } from "../replacing.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const work = defineActivity<number, number>("work");
const definition = new WorkflowBuilder<Data>()
  .activity(work, (data) => data.n, { timeout: "10m" })
  .output((result, data) => void (data.n = result))
  .build("w", 1);

const claim = async (host: WorkflowHost, lease: "1m" | "1h" = "1h"): Promise<string> =>
  (await host.getPendingActivity(work, "worker", { lease }))?.token ?? "";

/** A store in which something happens just before the first call of a method. */
function before<K extends keyof PersistenceProvider>(providers: Providers, method: K, act: () => Promise<unknown>): Providers {
  const { persistence } = providers;
  let hasMet = false;
  const call = (persistence[method] as (...args: readonly unknown[]) => Promise<unknown>).bind(persistence);
  const meets = async (...args: readonly unknown[]): Promise<unknown> => {
    if (!hasMet) {
      hasMet = true;
      await act();
    }
    return call(...args);
  };
  return { ...providers, persistence: replacing(persistence, { [method]: meets } as Partial<PersistenceProvider>) };
}

const outcomes = async (all: readonly Promise<unknown>[]): Promise<readonly string[]> =>
  (await Promise.allSettled(all)).map((result) => (result.status === "fulfilled" ? "accepted" : (result.reason as { code: string }).code));

scenarios(
  "racing workers",
  (open) => {
    it("that claim one offer: one gets it, also where the other has seen it free", async () => {
      const { host: newHost, build, store, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const taken: string[] = [];
      const slow = build(
        undefined,
        {},
        before(store.open(), "setSubscriptionToken", async () => taken.push(await claim(host))),
      );
      await slow.start();
      await host.startWorkflow(definition, { n: 1 });
      await clock.settle();

      const late = await claim(slow);
      const many = await Promise.all(Array.from({ length: 5 }, async () => claim(host)));

      expect(taken[0]).not.toBe("");
      expect([late, ...many]).toEqual(["", "", "", "", "", ""]);
    });

    it("that claim two offers at the same time get one each, in order", async () => {
      const { host: newHost, build, store, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const first: unknown[] = [];
      const slow = build(
        undefined,
        {},
        before(store.open(), "setSubscriptionToken", async () => first.push((await host.getPendingActivity(work, "w", { lease: "1h" }))?.input)),
      );
      await slow.start();
      for (const n of [1, 2]) {
        await host.startWorkflow(definition, { n });
        await clock.settle();
      }

      const second = await slow.getPendingActivity(work, "w", { lease: "1h" });

      expect([...first, second?.input]).toEqual([1, 2]);
    });

    it("an outcome that is accepted just before the commit of the limit counts, and the limit does not", async () => {
      const { host: newHost, build, store, clock } = await open();
      const providers = store.open();
      const other = await newHost();
      const answers: Promise<void>[] = [];
      let token = "";
      const host = build(
        (h) => h.registerWorkflowDefinition(definition),
        {},
        meeting(
          providers,
          ({ closeSubscriptions }) => closeSubscriptions.length > 0,
          "before",
          async () => {
            answers.push(other.submitActivitySuccess(token, 5));
            await Promise.allSettled(answers);
          },
        ),
      );
      await host.start();
      const id = await host.startWorkflow(definition, { n: 1 });
      await clock.settle();
      token = await claim(other);

      await clock.advance("11m");

      expect(await outcomes(answers)).toEqual(["accepted"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 5 } });
      expect(await host.getErrors(id)).toEqual([]);
    });

    it.each(["createEvent", "deliverEvents"] as const)("an outcome whose offer is timed out before its %s is refused", async (method) => {
      const { host: newHost, build, store, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h" });
      const providers = store.open();
      const slow = build(
        undefined,
        { sweepInterval: "1h" },
        before({ ...providers, queue: losingQueue(providers.queue) }, method, () => clock.advance("11m")),
      );
      const id = await host.startWorkflow(definition, { n: 1 });
      await clock.settle();
      const token = await claim(host);
      // Only the submit is to meet the barrier, not the work of its host.
      await slow.start().catch(() => undefined);

      const submitted = slow.submitActivitySuccess(token, 5);

      expect(await outcomes([submitted])).toEqual(["WFE_ACTIVITY_TOKEN_INVALID"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_TIMEOUT" } });
    });

    it("an outcome that another delivers first, and whose step ends before its own delivery, is accepted", async () => {
      const { host: newHost, build, store, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h" });
      const id = await host.startWorkflow(definition, { n: 1 });
      await clock.settle();
      const token = await claim(host);
      const providers = store.open();
      const slow = build(
        undefined,
        { sweepInterval: "1h" },
        before({ ...providers, queue: losingQueue(providers.queue) }, "deliverEvents", async () => {
          await host.submitActivitySuccess(token, 5);
          await clock.settle();
        }),
      );
      await slow.start();

      const submitted = slow.submitActivitySuccess(token, 5);

      expect(await outcomes([submitted])).toEqual(["accepted"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 5 } });
    });

    it("the holder of an expired claim and a new one at the same time: the new one's outcome counts", async () => {
      const { host: newHost, clock } = await open();
      const hosts = [await newHost((h) => h.registerWorkflowDefinition(definition)), await newHost()] as const;
      const id = await hosts[0].startWorkflow(definition, { n: 1 });
      await clock.settle();
      const expired = await claim(hosts[0], "1m");
      await clock.advance("1m");
      const current = await claim(hosts[1], "1m");

      const submits = Promise.all([
        outcomes([hosts[0].submitActivitySuccess(expired, 1), hosts[1].submitActivitySuccess(current, 2)]),
        outcomes([hosts[1].submitActivityFailure(expired, { message: "no" })]),
      ]);
      await clock.advance("1s");

      expect(await submits).toEqual([["WFE_ACTIVITY_TOKEN_INVALID", "accepted"], ["WFE_ACTIVITY_TOKEN_INVALID"]]);
      expect(await hosts[0].getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
    });

    it("a claim that expires while its outcome is stored, and another claim's outcome first: one counts, the other is refused", async () => {
      const { host: newHost, build, store, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const others: Promise<void>[] = [];
      const slow = build(
        undefined,
        {},
        before(store.open(), "createEvent", async () => {
          await clock.advance("1m");
          others.push(host.submitActivitySuccess(await claim(host), 2));
          await Promise.allSettled(others);
        }),
      );
      await slow.start();
      const id = await host.startWorkflow(definition, { n: 1 });
      await clock.settle();
      const token = await claim(slow, "1m");

      const late = await outcomes([slow.submitActivitySuccess(token, 1)]);

      expect([...late, ...(await outcomes(others))]).toEqual(["WFE_ACTIVITY_TOKEN_INVALID", "accepted"]);
      await clock.settle();
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
    });

    it("success and failure of one claim at the same time: one of the two counts", async () => {
      const { host: newHost, clock } = await open();
      const hosts = [await newHost((h) => h.registerWorkflowDefinition(definition)), await newHost()] as const;
      const id = await hosts[0].startWorkflow(definition, { n: 1 });
      await clock.settle();
      const token = await claim(hosts[0]);

      const submits = outcomes([
        hosts[0].submitActivityFailure(token, { message: "no", retryable: false }),
        hosts[1].submitActivitySuccess(token, 2),
      ]);
      await clock.advance("1s");

      const [failure, success] = await submits;
      expect(new Set([failure, success])).toEqual(new Set(["WFE_ACTIVITY_TOKEN_INVALID", "accepted"]));
      expect((await hosts[0].getWorkflow(id)).status).toBe(success === "accepted" ? "complete" : "suspended");
    });

    it("an outcome that was stored by a process which died before it was delivered counts, and is delivered by the sweep", async () => {
      const { host: newHost, build, store, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const dying = build(
        undefined,
        {},
        before(store.open(), "deliverEvents", () => Promise.reject(new Error("gone"))),
      );
      const id = await host.startWorkflow(definition, { n: 1 });
      await clock.settle();
      const token = await claim(host);
      await dying.start();

      await expect(dying.submitActivitySuccess(token, 5)).rejects.toThrow("gone");
      await clock.advance("2s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 5 } });
      await host.submitActivitySuccess(token, 5);
    });
  },
  { sweeping: true },
);
