import { expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

const order = new WorkflowBuilder<{ n: number }>().waitFor("go", "k").build("order", 1);

scenarios("names and ids", (open) => {
  it("never mean two instances: a generated name passes over ids that users have given", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(order));
    await host.startWorkflow(order, { n: 1 }, { id: "order-2" });
    const id = await host.startWorkflow(order, { n: 2 });
    await clock.settle();

    const { name } = await host.getWorkflow(id);
    expect(name).toBe("order-3");
    await host.terminateWorkflow(name);
    await clock.settle();

    expect((await host.getWorkflow("order-2")).status).toBe("runnable");
    expect((await host.getWorkflow(id)).status).toBe("terminated");
  });

  it("are refused when another instance has the text as its name or its id", async () => {
    const { host: newHost } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(order));
    await host.startWorkflow(order, { n: 1 }, { id: "x", name: "the first" });

    for (const options of [{ name: "x" }, { id: "the first" }]) {
      await expect(host.startWorkflow(order, { n: 2 }, options)).rejects.toMatchObject({ code: "WFE_WORKFLOW_NAME_TAKEN" });
    }

    expect(await host.countWorkflows()).toBe(1);
  });
});
