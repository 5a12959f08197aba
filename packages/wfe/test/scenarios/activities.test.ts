import { expect, it } from "vitest";
import { defineActivity, ErrorBehavior, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

const resize = defineActivity<{ url: string }, { bytes: number }>("resize");

interface Data {
  url: string;
  bytes: number;
}

scenarios("an activity", (open) => {
  it("is claimed, finished, and its result saved", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .activity(resize, (data) => ({ url: data.url }))
      .output((result, data) => {
        data.bytes = result.bytes;
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { url: "u", bytes: 0 });
    await clock.settle();

    const pending = await host.getPendingActivity(resize, "worker", { lease: "1m" });

    expect(pending).toMatchObject({ input: { url: "u" } });
    expect(await host.getPendingActivity(resize, "another", { lease: "1m" })).toBeUndefined();
    await host.submitActivitySuccess(pending?.token ?? "", { bytes: 7 });
    await host.submitActivitySuccess(pending?.token ?? "", { bytes: 7 });
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { bytes: 7 } });
    await expect(host.submitActivitySuccess(pending?.token ?? "", { bytes: 8 })).rejects.toMatchObject({ code: "WFE_ACTIVITY_TOKEN_INVALID" });
  });

  it("that fails is offered anew by a retry, then gives up with the worker's data", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .activity(resize, (data) => ({ url: data.url }))
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { url: "u", bytes: 0 });
    await clock.settle();
    for (const attempt of [1, 2]) {
      const pending = await host.getPendingActivity(resize, "worker", { lease: "1m" });
      await host.submitActivityFailure(pending?.token ?? "", { message: `broken ${attempt}`, data: { attempt } });
      await clock.advance("1s");
    }

    expect(await host.getPendingActivity(resize, "worker", { lease: "1m" })).toBeUndefined();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "broken 2", data: { attempt: 2 } } });
    expect(await host.getErrors(id)).toMatchObject([{ message: "broken 1" }, { message: "broken 2", data: { attempt: 2 } }]);
  });

  it("counts an attempt for each offer, as its step does", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .activity(resize, (data) => ({ url: data.url }))
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { url: "u", bytes: 0 });
    await clock.settle();
    for (const _ of ["first", "second"]) {
      const pending = await host.getPendingActivity(resize, "worker", { lease: "1m" });
      await host.submitActivityFailure(pending?.token ?? "", new Error("broken"));
      await clock.advance("1s");
    }

    expect((await host.getErrors(id)).map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});
