import { expect, it } from "vitest";
import { ErrorBehavior, EventNotFoundError, WorkflowBuilder, WorkflowHostBuilder, WorkflowNotFoundError } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const waits = new WorkflowBuilder<Count>()
  .waitFor("go", (data) => `key ${data.n}`)
  .output((payload, data) => void (data.n = payload as number))
  .build("waits", 1);

scenarios(
  "a client",
  (open) => {
    it("starts workflows, publishes, waits for the end and gives data, without running a step itself", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const client = await newClient();
      const id = await client.startWorkflow(waits, { n: 1 }, { reference: "r" });
      await clock.advance("1h");
      expect(await client.getHistory(id)).toMatchObject([{ status: "pending" }]);
      await newHost((h) => h.registerWorkflowDefinition(waits));

      const end = client.waitForWorkflow(id);
      const run = client.runWorkflow(waits, { n: 2 });
      await clock.settle();
      await client.publishEvent("go", "key 1", 10);
      await client.publishEvent("go", "key 2", 20);
      await clock.advance("1s");

      expect(await end).toMatchObject({ id, status: "complete", data: { n: 10 }, reference: "r" });
      expect(await run).toEqual({ n: 20 });
    });

    it("needs a definition registered to start by id and version", async () => {
      const { client: newClient } = await open();
      const client = await newClient();

      await expect(client.startWorkflow("waits", 1, { n: 1 })).rejects.toMatchObject({ code: "WFE_DEFINITION_NOT_FOUND" });
    });

    it("suspends, resumes and terminates instances that a host runs", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(waits));
      const client = await newClient();
      const id = await host.startWorkflow(waits, { n: 1 });
      await clock.settle();

      expect(await client.suspendWorkflow(id)).toBe(true);
      expect(await client.suspendWorkflow(id)).toBe(false);
      await client.publishEvent("go", "key 1", 5);
      await clock.advance("1m");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { n: 1 } });
      expect(await client.resumeWorkflow(id)).toBe(true);
      expect(await client.resumeWorkflow(id)).toBe(false);
      await clock.advance("1s");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 5 } });
      expect(await client.terminateWorkflow(id)).toBe(false);

      const other = await host.startWorkflow(waits, { n: 2 });
      await clock.settle();
      expect(await client.terminateWorkflow(other)).toBe(true);
      await clock.settle();
      expect(await host.getWorkflow(other)).toMatchObject({ status: "terminated" });
    });

    it("terminates an instance whose data it cannot decode, and those who wait for its end hear of that", async () => {
      const { host: newHost, store, clock } = await open();
      const sealed = {
        encode: (value: unknown) => `sealed ${JSON.stringify(value)}`,
        decode: (text: string) => JSON.parse(text.slice(7)) as unknown,
      };
      const observer = new WorkflowBuilder<{ end: unknown }>()
        .waitFor("wfe.workflow.completed", "sealed")
        .output((end, data) => void (data.end = end))
        .build("observer", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(observer));
      const sealing = new WorkflowHostBuilder().useProviders(store.open()).useClock(clock).withOptions({ codec: sealed }).buildClient();
      await sealing.start();
      await sealing.startWorkflow(waits, { n: 1 }, { id: "sealed" });
      const id = await host.startWorkflow(observer, { end: null });
      await clock.settle();

      expect(await host.terminateWorkflow("sealed")).toBe(true);
      await clock.settle();

      expect((await host.getWorkflow(id)).data).toEqual({ end: { status: "terminated" } });
      await sealing.stop();
    });

    it("aborts the body that a host runs when it terminates the instance", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      let reason: unknown;
      const definition = new WorkflowBuilder<Count>()
        .thenFn("hang", async (ctx) => {
          await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
          reason = (ctx.signal.reason as { reason: string }).reason;
        })
        .build("hang", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const client = await newClient();
      const id = await host.startWorkflow(definition, { n: 1 });
      await clock.settle();

      await client.terminateWorkflow(id);
      await clock.advance("10s"); // a third of the lease: the host reads of it when it renews, at the latest

      expect(reason).toBe("terminated");
      expect(await client.getHistory(id)).toMatchObject([{ status: "cancelled" }]);
    });

    it("lists, counts and pages, the newest first", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      await newHost((h) => h.registerWorkflowDefinition(waits));
      const client = await newClient();
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) {
        ids.push(await client.startWorkflow(waits, { n }, n % 2 === 0 ? { reference: "even" } : {}));
        await clock.advance("1s");
      }
      await client.terminateWorkflow(ids[0] ?? "");

      const pages: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await client.listWorkflows({}, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        pages.push(page.items.map(({ id }) => id));
        cursor = page.cursor;
      } while (cursor !== undefined);

      expect(pages.flat()).toEqual([...ids].reverse());
      expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
      expect(await client.countWorkflows()).toBe(5);
      expect(await client.countWorkflows({ status: "terminated" })).toBe(1);
      expect(await client.countWorkflows({ reference: "even" })).toBe(3);
      expect(await client.countWorkflows({ data: { n: 3 } })).toBe(1);
      expect((await client.listWorkflows({ status: ["runnable"], reference: "even" })).items.map(({ data }) => data)).toEqual([{ n: 4 }, { n: 2 }]);
    });

    it("gives errors, history and events, and says what is not there", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const definition = new WorkflowBuilder<Count>()
        .thenFn("one", () => 1)
        .thenFn("two", () => {
          throw new Error("declined");
        })
        .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
        .build("w", 1);
      await newHost((h) => h.registerWorkflowDefinition(definition));
      const client = await newClient();
      const id = await client.startWorkflow(definition, { n: 0 }, { name: "named" });
      await clock.advance("5s");

      expect(await client.getErrors("named")).toMatchObject([
        { workflowId: id, step: "two", attempt: 1, code: "WFE_STEP_FAILED", message: "declined" },
        { workflowId: id, step: "two", attempt: 2, code: "WFE_STEP_FAILED", message: "declined" },
      ]);
      expect((await client.getHistory("named")).map(({ stepName, status, attempt }) => [stepName, status, attempt])).toEqual([
        ["one", "complete", 1],
        ["two", "failed", 2],
      ]);
      const time = new Date(clock.now());
      const event = await client.publishEvent("told", "", { a: [1] }, { id: "e", time });
      expect(event).toBe("e");
      expect(await client.publishEvent("told", "", { a: [2] }, { id: "e" })).toBe("e");
      await clock.advance("1s");
      expect(await client.getEvent("e")).toMatchObject({ id: "e", name: "told", key: "", time, data: { a: [1] }, delivered: true });
      for (const verb of [client.getErrors("x"), client.getHistory("x"), client.getWorkflow("x"), client.suspendWorkflow("x")])
        await expect(verb).rejects.toBeInstanceOf(WorkflowNotFoundError);
      await expect(client.getEvent("x")).rejects.toBeInstanceOf(EventNotFoundError);
      await expect(client.getEvent("x")).rejects.toMatchObject({ code: "WFE_EVENT_NOT_FOUND", eventId: "x" });
    });

    it("purges, and refuses its verbs when it is stopped", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost((h) => h.registerWorkflowDefinition(waits));
      const client = await newClient();
      await host.terminateWorkflow(await host.startWorkflow(waits, { n: 1 }));
      await clock.advance("1m");

      expect(await client.purgeWorkflows({ status: "terminated", olderThan: "30s" })).toBe(1);
      expect(await client.countWorkflows()).toBe(0);
      await client.stop();
      await client.stop();
      await expect(client.countWorkflows()).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" });
      await client.start();
      expect(await client.countWorkflows()).toBe(0);
    });
  },
  { sweeping: true },
);
