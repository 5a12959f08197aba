import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  child: string;
  n: number;
  seen: string;
}

const start: Data = { child: "", n: 0, seen: "" };
const child = new WorkflowBuilder<{ n: number }>()
  .waitFor("go", "k")
  .saveAs("n" as never)
  .build("child", 1);
const engineEvents = ["wfe.activity", "wfe.poll", "wfe.", "wfe.something"];

scenarios("the engine's own events", (open) => {
  it.each(engineEvents)("cannot be waited for: %s is a fault of the definition", (name) => {
    const fault = `waits for ${JSON.stringify(name)}, which is an event of the engine's own`;

    expect(() => new WorkflowBuilder<Data>().waitFor(name, "k").build("w", 1)).toThrow(fault);
    expect(() => new WorkflowBuilder<Data>().waitForAny({ a: { event: "go", key: "k" }, b: { event: name, key: "k" } }).build("w", 1)).toThrow(fault);
  });

  it.each(engineEvents)("cannot be waited for by a step: %s fails it, without a retry", async (name) => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .thenFn("waits", () => ExecutionResult.waitForEvent(name, "{}"))
      .onError(ErrorBehavior.retry({ interval: 0, maxRetries: 2 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    expect(await host.getErrors(id)).toMatchObject([
      { attempt: 1, message: `the step "waits" waits for "${name}", which is an event of the engine's own` },
    ]);
    expect(await host.getHistory(id)).toMatchObject([{ status: "failed" }]);
  });

  it.each(["before", "after"] as const)("but for the end of an instance: a parent that waits for it besides (%s) hears of it, too", async (when) => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .parallel((p) =>
        p
          .branch((b) => b.subWorkflow(child, () => ({ n: 0 })).output((data, all) => void (all.n = data.n)))
          .branch((b) =>
            b
              .waitFor<string>("its id", "k")
              .saveAs("child")
              .waitFor<{ status: string }>("wfe.workflow.completed", (data) => data.child)
              .output((end, data) => void (data.seen = end.status)),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => [definition, child].forEach((one) => h.registerWorkflowDefinition(one as typeof definition)));
    const id = await host.startWorkflow(definition, start);
    await clock.settle();
    const childId = (await host.listWorkflows({ definitionId: "child" })).items[0]?.id ?? "";

    if (when === "before") await host.publishEvent("its id", "k", childId);
    await clock.settle();
    await host.suspendWorkflow(id);
    await host.publishEvent("go", "k", 7);
    await clock.settle();
    if (when === "after") await host.publishEvent("its id", "k", childId);
    await host.resumeWorkflow(id);
    await clock.settle();

    // Whoever begins to wait when the end has been used already waits for another one; the engine's own wait has lost nothing.
    const instance = await host.getWorkflow(id);
    expect(instance.data).toMatchObject({ n: 7, ...(when === "before" ? { seen: "complete" } : {}) });
    if (when === "before") expect(instance.status).toBe("complete");
  });

  it("cannot be sent by users, under their names or under their ids (fault 75)", async () => {
    const { host: newHost, client: newClient } = await open();
    const host = await newHost();
    const client = await newClient();

    for (const one of [host, client]) {
      for (const name of [...engineEvents, "wfe.workflow.completed"])
        await expect(one.publishEvent(name, "k", 1)).rejects.toThrow("the engine's own");
      await expect(one.publishEvent("go", "k", 1, { id: "wfe.completed/x" })).rejects.toThrow("the engine's own");
      await expect(one.getEvent("wfe.completed/x")).rejects.toMatchObject({ code: "WFE_EVENT_NOT_FOUND" });
    }
  });
});

scenarios("the ids of sub-workflows", (open) => {
  it("cannot be taken beforehand, nor afterwards", async () => {
    const { host: newHost, clock } = await open();
    const parent = new WorkflowBuilder<Data>().subWorkflow(child, () => ({ n: 0 })).build("parent", 1);
    const host = await newHost((h) => [parent, child].forEach((one) => h.registerWorkflowDefinition(one as typeof parent)));
    await host.startWorkflow(parent, start, { id: "p" });
    await clock.settle();
    const [made] = (await host.listWorkflows({ definitionId: "child" })).items;

    await expect(host.startWorkflow(child, { n: 0 }, { id: made?.id ?? "" })).rejects.toThrow("UUIDs of version 8 are the ids of sub-workflows");
    await expect(host.startWorkflow(child, { n: 0 }, { id: "0d6f6bd2-0000-8000-a000-000000000000" })).rejects.toThrow(RangeError);
    await expect(host.startWorkflow(child, { n: 0 }, { name: made?.id ?? "" })).rejects.toThrow("may not look like an id");
    await expect(host.startWorkflow(child, { n: 0 }, { id: made?.name ?? "" })).rejects.toMatchObject({ code: "WFE_WORKFLOW_NAME_TAKEN" });

    expect(await host.countWorkflows()).toBe(2);
  });
});
