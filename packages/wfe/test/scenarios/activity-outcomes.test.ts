import { expect, it } from "vitest";
import { defineActivity, ErrorBehavior, type JsonValue, NonRetryableError, WorkflowBuilder, type WorkflowHost } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  url: string;
  bytes: number;
  seen: JsonValue[];
}

const resize = defineActivity<{ url: string }, { bytes: number }>("resize");
const start: Data = { url: "u", bytes: 0, seen: [] };
const INVALID = { code: "WFE_ACTIVITY_TOKEN_INVALID" };

const definition = new WorkflowBuilder<Data>()
  .activity(resize, (data) => ({ url: data.url }))
  .output((result, data) => void (data.bytes = result.bytes))
  .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 2 }))
  .thenFn("behind", () => {})
  .build("w", 1);

async function claim(host: WorkflowHost): Promise<string> {
  return (await host.getPendingActivity(resize, "worker", { lease: "1h" }))?.token ?? "";
}

scenarios("the outcome of an activity", (open) => {
  it("is taken once: the same again does nothing, before and after the step has ended, and another one is refused", async () => {
    const { host: newHost, clock, record } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);
    const id = await host.startWorkflow(definition, start);
    await clock.settle();
    const token = await claim(host);

    await Promise.all([host.submitActivitySuccess(token, { bytes: 7 }), host.submitActivitySuccess(token, { bytes: 7 })]);
    await expect(host.submitActivitySuccess(token, { bytes: 8 })).rejects.toMatchObject(INVALID);
    await expect(host.submitActivityFailure(token, { message: "no" })).rejects.toMatchObject(INVALID);
    await clock.advance("1m");
    await host.submitActivitySuccess(token, { bytes: 7 });
    await expect(host.submitActivitySuccess(token, { bytes: 8 })).rejects.toMatchObject(INVALID);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { bytes: 7 } });
    expect(events.map(({ type }) => type)).toEqual(["started", "stepStarted", "stepCompleted", "stepStarted", "stepCompleted", "completed"]);
  });

  it("that is a failure counts as an attempt; the retry offers another activity, at the end of the line", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const first = await host.startWorkflow(definition, { ...start, url: "first" });
    await clock.settle();
    const token = await claim(host);
    await host.startWorkflow(definition, { ...start, url: "second" });
    await clock.settle();

    await host.submitActivityFailure(token, new Error("broken"));
    await host.submitActivityFailure(token, new Error("broken"));
    await expect(host.submitActivityFailure(token, new Error("broken otherwise"))).rejects.toMatchObject(INVALID);
    await clock.advance("1s");

    expect((await host.getPendingActivity(resize, "worker", { lease: "1h" }))?.input).toEqual({ url: "second" });
    const again = await host.getPendingActivity(resize, "worker", { lease: "1h" });
    expect(again?.input).toEqual({ url: "first" });
    expect(await host.getErrors(first)).toMatchObject([{ code: "WFE_ACTIVITY_FAILED", message: "broken" }]);
    await host.submitActivityFailure(token, new Error("broken")); // of the former offer: nothing
    await host.submitActivitySuccess(again?.token ?? "", { bytes: 3 });
    await clock.settle();
    expect(await host.getWorkflow(first)).toMatchObject({ status: "complete", data: { bytes: 3 } });
    expect(await host.getErrors(first)).toHaveLength(1);
  });

  it.each([[{ message: "no", retryable: false }], [new NonRetryableError("no")]])("that is not to be retried is not: %j", async (failure) => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    await host.submitActivityFailure(await claim(host), failure);
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_ACTIVITY_FAILED", message: "no" } });
    expect(await host.getErrors(id)).toHaveLength(1);
    await host.resumeWorkflow(id);
    await clock.settle();
    await host.submitActivitySuccess(await claim(host), { bytes: 1 });
    await clock.settle();
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("carries the worker's data to the instance, to getErrors and to the compensator", async () => {
    const { host: newHost, clock } = await open();
    const undone: unknown[] = [];
    const watching = new WorkflowBuilder<Data>()
      .activity(resize, (data) => ({ url: data.url }))
      .onError(ErrorBehavior.compensate())
      .compensateWithFn("undo", (ctx) => void undone.push(ctx.compensates?.error))
      .build("watching", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(watching));
    const id = await host.startWorkflow(watching, start);
    await clock.settle();
    const data = { line: 7, words: ["a", null], deep: { er: true } };

    await host.submitActivityFailure(await claim(host), { message: "torn", data });
    await clock.settle();

    const error = { code: "WFE_ACTIVITY_FAILED", message: "torn", data };
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error });
    expect(await host.getErrors(id)).toMatchObject([error]);
    expect(undone).toMatchObject([error]);
  });

  it.each([
    ["is no failure at all", undefined],
    ["is null", null],
    ["has no message", {}],
    ["has a message that is no text", { message: 7 }],
  ])("is refused when it %s", async (_, failure) => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.settle();
    const token = await claim(host);

    await expect(Promise.resolve().then(async () => host.submitActivityFailure(token, failure as never))).rejects.toThrow(TypeError);

    await host.submitActivitySuccess(token, { bytes: 1 });
    await clock.settle();
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("has a message even where the worker has none", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    for (const failure of [new RangeError(""), { message: "" }, { message: "", name: "Torn" }]) {
      await clock.advance("1s");
      await host.submitActivityFailure(await claim(host), failure);
    }
    await clock.settle();

    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["RangeError", "the activity has failed", "Torn"]);
  });

  it("whose output mapping fails is not offered again: the mapping is tried on the same outcome", async () => {
    const { host: newHost, clock } = await open();
    let broken = true;
    const definition = new WorkflowBuilder<Data>()
      .activity(resize, (data) => ({ url: data.url }))
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .output((result, data) => {
        if (broken) throw new Error("no room");
        data.bytes = result.bytes;
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    await host.submitActivitySuccess(await claim(host), { bytes: 5 });
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "no room" } });
    expect(await claim(host)).toBe("");
    broken = false;
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { bytes: 5 } });
    expect(await host.getErrors(id)).toHaveLength(2);
  });

  it("may be nothing", async () => {
    const { host: newHost, clock } = await open();
    const ping = defineActivity<null, void>("ping");
    const definition = new WorkflowBuilder<Data>()
      .activity(ping, () => null)
      .output((result, data) => void data.seen.push(result === undefined ? "nothing" : "something"))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.settle();
    const pending = await host.getPendingActivity(ping, "worker", { lease: "1m" });

    await host.submitActivitySuccess(pending?.token ?? "", undefined);
    await host.submitActivitySuccess(pending?.token ?? "", undefined);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["nothing"] } });
  });
});
