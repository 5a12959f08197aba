import { expect, it } from "vitest";
import { defineActivity, type PendingActivity, WorkflowBuilder } from "../../src/index.ts";
import { losingQueue } from "../faults/setting.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const work = defineActivity<number, number>("work");
const definition = new WorkflowBuilder<Data>()
  .activity(work, (data) => data.n)
  .saveAs("n")
  .build("w", 1);

type Found = PendingActivity<number, number> | undefined;

/** What a promise has come to, if it has. */
function followed<T>(promise: Promise<T>): { settled: boolean; value?: T; error?: unknown } {
  const state: { settled: boolean; value?: T; error?: unknown } = { settled: false };
  promise.then(
    (value) => Object.assign(state, { settled: true, value }),
    (error: unknown) => Object.assign(state, { settled: true, error }),
  );
  return state;
}

scenarios(
  "a worker that waits for an activity",
  (open) => {
    it("has it at once when its own host offers it", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const waiting = followed<Found>(host.getPendingActivity(work, "worker", { lease: "1m", wait: "1h" }));
      await clock.advance("1m");
      expect(waiting.settled).toBe(false);

      await host.startWorkflow(definition, { n: 7 });
      await clock.settle();

      expect(waiting.value?.input).toBe(7);
    });

    it("has it within a second when another host offers it, when a claim ends and when it is given back", async () => {
      const { host: newHost, build, clock, store } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const providers = store.open();
      const elsewhere = build(undefined, {}, { ...providers, queue: losingQueue(providers.queue) });
      await elsewhere.start();
      const waits = (): ReturnType<typeof followed<Found>> =>
        followed<Found>(elsewhere.getPendingActivity(work, "worker", { lease: "1m", wait: "1h" }));

      let waiting = waits();
      await clock.advance("5m");
      await host.startWorkflow(definition, { n: 7 });
      await clock.advance("1s");
      expect(waiting.value?.input).toBe(7);

      waiting = waits();
      await clock.advance(58_000);
      expect(waiting.settled).toBe(false);
      await clock.advance("3s"); // the minute of the first is over
      expect(waiting.value?.input).toBe(7);
      const token = waiting.value?.token ?? "";

      waiting = waits();
      await clock.advance("5s");
      await host.releaseActivity(token);
      await clock.advance("1s");
      expect(waiting.value?.input).toBe(7);
    });

    it("gives up when its time is over, and not before", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const waiting = followed<Found>(host.getPendingActivity(work, "worker", { lease: "1m", wait: "90s" }));

      await clock.advance(89_999);
      expect(waiting.settled).toBe(false);
      await clock.advance(1);

      expect(waiting).toEqual({ settled: true, value: undefined });
    });

    it("is one of two: each activity goes to one of them", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const other = await newHost();
      const waiting = [host, host, other].map((one) => followed<Found>(one.getPendingActivity(work, "worker", { lease: "1h", wait: "1h" })));
      await clock.settle();

      await host.startWorkflow(definition, { n: 1 });
      await clock.advance("2s");
      expect(waiting.filter(({ settled }) => settled)).toHaveLength(1);
      await Promise.all([host.startWorkflow(definition, { n: 2 }), host.startWorkflow(definition, { n: 3 })]);
      await clock.advance("2s");

      expect(new Set(waiting.map(({ value }) => value?.input))).toEqual(new Set([1, 2, 3]));
    });

    it("is told at once when its host stops, or its client, and may wait again after the next start", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const client = await newClient();
      const waiting = [host, client].map((one) => followed<Found>(one.getPendingActivity(work, "worker", { lease: "1m", wait: "1h" })));
      await clock.settle();

      await Promise.all([host.stop(), client.stop()]);
      await clock.settle();
      expect(waiting.map(({ error }) => error)).toMatchObject([{ code: "WFE_HOST_NOT_RUNNING" }, { code: "WFE_HOST_NOT_RUNNING" }]);
      await expect(Promise.resolve().then(async () => host.getPendingActivity(work, "worker", { lease: "1m" }))).rejects.toMatchObject({
        code: "WFE_HOST_NOT_RUNNING",
      });
      await Promise.all([host.start(), client.start()]);
      const again = followed<Found>(client.getPendingActivity(work, "worker", { lease: "1m", wait: "1h" }));
      await host.startWorkflow(definition, { n: 7 });
      await clock.advance("1s");

      expect(again.value?.input).toBe(7);
    });

    it("may be a client without steps: it claims, extends, gives back, fails and finishes", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const client = await newClient();
      const id = await host.startWorkflow(definition, { n: 7 });
      await clock.settle();

      const first = await client.getPendingActivity(work, "worker", { lease: "1m" });
      expect(await client.extendActivity(first?.token ?? "", "1h")).toBe(true);
      await client.releaseActivity(first?.token ?? "");
      const second = await client.getPendingActivity(work, "worker", { lease: "1m" });
      await client.submitActivityFailure(second?.token ?? "", { message: "once" });
      await clock.advance("61s");
      const third = await client.getPendingActivity(work, "worker", { lease: "1m" });
      await client.submitActivitySuccess(third?.token ?? "", 8);
      await clock.advance("2s");

      expect(await client.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 8 } });
    });
  },
  { sweeping: true },
);
