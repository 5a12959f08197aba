import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition, type WorkflowHost } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const all =
  (...definitions: readonly WorkflowDefinition<Data>[]) =>
  (host: WorkflowHost): void =>
    definitions.forEach((definition) => host.registerWorkflowDefinition(definition));

/** Waits for an event; fails, and terminates, while it is broken. */
const waiting = new WorkflowBuilder<Data>().waitFor<number>("go", "k").saveAs("n").build("child", 1);
const declining = new WorkflowBuilder<Data>()
  .thenFn("decline", () => Promise.reject(new Error("declined")))
  .onError(ErrorBehavior.terminate())
  .build("child", 1);
const parent = new WorkflowBuilder<Data>()
  .subWorkflow<Data>("child", (data) => data)
  .output((result, data) => void (data.n = result.n))
  .build("parent", 1);

async function childOf(host: WorkflowHost): Promise<string> {
  return (await host.listWorkflows({ definitionId: "child", status: "runnable" })).items[0]?.id ?? "";
}

scenarios("the end of a sub-workflow", (open) => {
  it("by its own error fails the step, naming child and error, without a retry that the step itself has not asked for", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(all(declining, parent));

    const id = await host.startWorkflow(parent, { n: 0 });
    await clock.advance("10m");

    const [child] = (await host.listWorkflows({ definitionId: "child" })).items;
    const error = { code: "WFE_CHILD_TERMINATED", data: { childId: child?.id, error: { code: "WFE_STEP_FAILED", message: "declined" } } };
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error });
    expect((await host.getWorkflow(id)).error?.message).toBe(`the sub-workflow "${child?.id}" was terminated: declined`);
    expect(await host.getErrors(id)).toMatchObject([error]);
    expect(await host.countWorkflows({ definitionId: "child" })).toBe(1);
  });

  it("by a command fails the step, naming the child; resume starts another", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(all(waiting, parent));
    const id = await host.startWorkflow(parent, { n: 0 });
    await clock.settle();
    const first = await childOf(host);

    await host.terminateWorkflow(first);
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({
      status: "suspended",
      error: { code: "WFE_CHILD_TERMINATED", message: `the sub-workflow "${first}" was terminated`, data: { childId: first } },
    });
    await host.resumeWorkflow(id);
    await clock.settle();
    expect(await childOf(host)).not.toBe(first);
    await host.publishEvent("go", "k", 7);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 7 } });
  });

  it("that is a failure is retried where the step asks for it: a new child each time", async () => {
    const { host: newHost, clock } = await open();
    const retrying = new WorkflowBuilder<Data>()
      .subWorkflow<Data>("child", (data) => data)
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 2 }))
      .build("parent", 1);
    const host = await newHost(all(declining, retrying));

    const id = await host.startWorkflow(retrying, { n: 0 });
    await clock.advance("1m");

    expect((await host.getWorkflow(id)).status).toBe("suspended");
    expect(await host.getErrors(id)).toHaveLength(3);
    const children = (await host.listWorkflows({ definitionId: "child" })).items.map((child) => child.id);
    expect(new Set(children).size).toBe(3);
    const named = (await host.getErrors(id)).map(({ data }) => (data as { childId: string }).childId);
    expect(new Set(named)).toEqual(new Set(children));
  });

  it("does not come while it is suspended: the parent waits, and goes on once the child is resumed", async () => {
    const { host: newHost, clock } = await open();
    let broken = true;
    const flaky = new WorkflowBuilder<Data>()
      .thenFn("flaky", () => {
        if (broken) throw new Error("declined");
        return 5;
      })
      .saveAs("n")
      .onError(ErrorBehavior.suspend())
      .build("child", 1);
    const host = await newHost(all(flaky, parent));
    const id = await host.startWorkflow(parent, { n: 0 });
    await clock.advance("10m");
    const [child] = (await host.listWorkflows({ definitionId: "child", status: "suspended" })).items;
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable" });
    expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["waitingForEvent"]);

    broken = false;
    await host.resumeWorkflow(child?.id ?? "");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 5 } });
  });

  it("comes to a suspended parent too, whose child is not suspended with it, and is used when the parent is resumed", async () => {
    const { host: newHost, clock } = await open();
    const slow = new WorkflowBuilder<Data>()
      .thenFn("slow", async () => {
        await pause(clock, 60_000);
        return 5;
      })
      .saveAs("n")
      .build("child", 1);
    const host = await newHost(all(slow, parent));
    const id = await host.startWorkflow(parent, { n: 0 });
    await clock.settle();

    await host.suspendWorkflow(id);
    await clock.advance("5m");
    expect(await host.countWorkflows({ definitionId: "child", status: "complete" })).toBe(1);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { n: 0 } });
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 5 } });
  });

  it("is brought about by the step's timeout, which fails the step; a retry that is asked for starts another child", async () => {
    const { host: newHost, clock } = await open();
    const limited = new WorkflowBuilder<Data>()
      .subWorkflow<Data>("child", (data) => data)
      .timeout("10s")
      .output((result, data) => void (data.n = result.n))
      .onError(ErrorBehavior.retry({ interval: "5s", maxRetries: 1 }))
      .build("parent", 1);
    const host = await newHost(all(waiting, limited));
    const id = await host.startWorkflow(limited, { n: 0 });
    await clock.settle();
    const first = await childOf(host);

    await clock.advance("9999ms");
    expect(await host.countWorkflows({ definitionId: "child", status: "runnable" })).toBe(1);
    await clock.advance("1ms");
    expect((await host.getWorkflow(first)).status).toBe("terminated");
    expect((await host.getErrors(id)).map(({ code, message }) => [code, message])).toEqual([
      ["WFE_TIMEOUT", expect.stringContaining(JSON.stringify(first))],
    ]);
    await clock.advance("5s");
    expect(await childOf(host)).not.toBe(first);
    await host.publishEvent("go", "k", 7);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 7 } });
  });

  it("just before the step's timeout counts, and nothing is terminated", async () => {
    const { host: newHost, clock } = await open();
    const exact = new WorkflowBuilder<Data>().delay("10s").build("child", 1);
    const limited = new WorkflowBuilder<Data>()
      .subWorkflow<Data>("child", (data) => data)
      .timeout("10001ms")
      .build("parent", 1);
    const host = await newHost(all(exact, limited));

    const id = await host.startWorkflow(limited, { n: 0 });
    await clock.advance("1m");

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect(await host.countWorkflows({ status: "complete" })).toBe(2);
  });

  it("whose output mapping fails is mapped again from the same data, without another child", async () => {
    const { host: newHost, clock } = await open();
    let tries = 0;
    const mapping = new WorkflowBuilder<Data>()
      .subWorkflow<Data>("child", (data) => data)
      .output((result, data) => {
        tries += 1;
        if (tries < 3) throw new Error("no room");
        data.n = result.n;
      })
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .build("parent", 1);
    const host = await newHost(all(waiting, mapping));
    const id = await host.startWorkflow(mapping, { n: 0 });
    await clock.settle();
    await host.publishEvent("go", "k", 7);
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "no room" } });

    await host.retryWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 7 } });
    expect(await host.countWorkflows()).toBe(2);
  });

  it("is purged by itself, before or after its parent", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(all(waiting, parent));
    const id = await host.startWorkflow(parent, { n: 0 });
    await clock.settle();
    const child = await childOf(host);
    await host.publishEvent("go", "k", 7);
    await clock.advance("1s");

    expect(await host.purgeWorkflows({ status: "complete", olderThan: 0 })).toBe(2);

    for (const gone of [id, child]) await expect(host.getWorkflow(gone)).rejects.toMatchObject({ code: "WFE_WORKFLOW_NOT_FOUND" });
  });
});
