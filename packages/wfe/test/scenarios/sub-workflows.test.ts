import { expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const child = new WorkflowBuilder<Data>()
  .thenFn("double", (ctx) => 2 * ctx.data.n)
  .saveAs("n")
  .build("child", 1);
const parent = new WorkflowBuilder<Data>()
  .subWorkflow(child, (data) => ({ n: data.n + 1 }))
  .output((result, data) => {
    data.n = result.n;
  })
  .build("parent", 1);
const grandparent = new WorkflowBuilder<Data>()
  .subWorkflow(parent, (data) => ({ n: data.n + 1 }))
  .output((result, data) => {
    data.n = result.n;
  })
  .build("grandparent", 1);

scenarios("a sub-workflow", (open) => {
  it("runs three levels deep, and its data come out", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => {
      for (const definition of [child, parent, grandparent]) h.registerWorkflowDefinition(definition);
    });

    const done = host.runWorkflow(grandparent, { n: 1 });
    await clock.settle();

    expect(await done).toEqual({ n: 6 });
  });

  it("is terminated with its parent, at every level", async () => {
    const { host: newHost, clock } = await open();
    const sleeper = new WorkflowBuilder<Data>().delay("1h").build("child", 1);
    const host = await newHost((h) => {
      for (const definition of [sleeper, parent, grandparent]) h.registerWorkflowDefinition(definition);
    });
    const id = await host.startWorkflow(grandparent, { n: 1 });
    await clock.settle();
    expect(await host.countWorkflows({ status: "runnable" })).toBe(3);

    await host.terminateWorkflow(id);
    await clock.settle();

    expect(await host.countWorkflows({ status: "terminated" })).toBe(3);
  });
});
