import { expect, it } from "vitest";
import { InMemoryWorkflowRegistry, type LogEntry, WorkflowBuilder, type WorkflowDefinition, WorkflowHostBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Trace {
  seen: string[];
}

const trace = (text: string, data: Trace): void => void data.seen.push(text);

scenarios(
  "a definition that no host knows any more",
  (open) => {
    it("leaves its instances alone, whose events stay in the inbox, until one knows it again", async () => {
      const { client: newClient, store, clock } = await open();
      const warnings: LogEntry[] = [];
      const definition = new WorkflowBuilder<Trace>()
        .waitFor<string>("told", "k")
        .output(trace)
        .delay("1m")
        .waitFor<string>("told", "k")
        .output(trace)
        .build("d", 1);
      const registry = new InMemoryWorkflowRegistry();
      registry.register(definition);
      await using host = new WorkflowHostBuilder()
        .useProviders(store.open())
        .useClock(clock)
        .useRegistry(registry)
        .useLogSink({ write: (entry) => void warnings.push(entry) })
        .build();
      await host.start();
      const client = await newClient();
      const id = await host.startWorkflow(definition, { seen: [] });
      const other = await host.startWorkflow(definition, { seen: [] });
      await clock.settle();

      expect(registry.deregister("d", 1)).toBe(true);
      await client.publishEvent("told", "k", "one");
      await client.publishEvent("told", "k", "two");
      await clock.advance("5m");
      for (const each of [id, other]) {
        expect(await host.getWorkflow(each)).toMatchObject({ status: "runnable", data: { seen: [] } });
        expect(await host.getErrors(each)).toEqual([]);
      }
      await expect(host.startWorkflow("d", 1, { seen: [] })).rejects.toMatchObject({ code: "WFE_DEFINITION_NOT_FOUND" });
      expect(await host.terminateWorkflow(other)).toBe(true);
      registry.register(definition);
      await clock.advance("2m");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["one", "two"] } });
      expect(await host.getWorkflow(other)).toMatchObject({ status: "terminated", data: { seen: [] } });
      // Once, not with each of the hints that have come round.
      expect(warnings).toMatchObject([{ level: "warn", fields: { definition: { id: "d", version: 1, problem: "id" } } }]);
    });

    it("by its graph, though it knows the id and the version, is left to a host that does", async () => {
      const { host: newHost, clock } = await open();
      const graph = (names: readonly string[]): WorkflowDefinition<Trace> => {
        let builder = new WorkflowBuilder<Trace>().thenFn("first", () => "first").output(trace);
        for (const name of names) builder = builder.thenFn(name, () => name).output(trace) as never; // the type of its value, which is not used
        return builder
          .delay("10s")
          .thenFn("last", () => "last")
          .output(trace)
          .build("same", 1);
      };
      const old = await newHost((h) => h.registerWorkflowDefinition(graph([])));
      const id = await old.startWorkflow("same", 1, { seen: [] });
      await clock.advance("1s");
      const current = await newHost((h) => h.registerWorkflowDefinition(graph(["second"])));
      const other = await current.startWorkflow("same", 1, { seen: [] });
      await clock.advance("1s");

      await old.stop();
      expect(await current.suspendWorkflow(id)).toBe(true);
      expect(await current.resumeWorkflow(id)).toBe(true); // which makes this host look at it
      await clock.advance("5m");
      expect(await current.getWorkflow(id)).toMatchObject({ status: "runnable", data: { seen: ["first"] } });
      expect(await current.getWorkflow(other)).toMatchObject({ status: "complete", data: { seen: ["first", "second", "last"] } });
      await old.start();
      await clock.advance("31s");

      expect(await current.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["first", "last"] } });
    });
  },
  { sweeping: true },
);
