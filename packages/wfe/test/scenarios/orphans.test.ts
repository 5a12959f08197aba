import { expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

scenarios(
  "the work of an owner that is gone",
  (open) => {
    it("is taken over within two seconds, however seldom the store is swept", async () => {
      const { host: newHost, client: newClient, store, clock } = await open();
      const definition = new WorkflowBuilder<{ n: number }>()
        .thenFn("a", () => 1)
        .saveAs("n")
        .build("w", 1);
      const client = await newClient();
      const { locks } = store.open();
      await locks.start();
      await locks.acquireLock("w-1", { ttl: "10m" });
      const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h", takeOverInterval: "1s", lockTtl: "10m" });
      await client.startWorkflow(definition, { n: 0 }, { id: "w-1" });
      await clock.advance("10s");
      expect(await host.getWorkflow("w-1")).toMatchObject({ status: "runnable", data: { n: 0 } });

      await locks.stop(); // which gives nothing back
      await clock.advance("2s");

      expect(await host.getWorkflow("w-1")).toMatchObject({ status: "complete", data: { n: 1 } });
    });
  },
  { presence: true },
);
