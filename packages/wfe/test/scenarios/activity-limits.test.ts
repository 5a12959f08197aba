import { expect, it } from "vitest";
import { type Codec, defineActivity, ErrorBehavior, WorkflowBuilder, type WorkflowHost } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  bytes: number;
  late: boolean;
}

const resize = defineActivity<number, { bytes: number }>("resize");
const start: Data = { bytes: 0, late: false };
const INVALID = { code: "WFE_ACTIVITY_TOKEN_INVALID" };

async function claim(host: Pick<WorkflowHost, "getPendingActivity">, lease = "1h"): Promise<string> {
  return (await host.getPendingActivity(resize, "worker", { lease: lease as "1h" }))?.token ?? "";
}

scenarios("the limit of an activity", (open) => {
  it("counts from the offer, claims included, and its end takes the offer away", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>().activity(resize, () => 1, { timeout: "10m" }).build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.advance("4m");
    await host.releaseActivity(await claim(host, "1m"));
    await clock.advance("4m");
    const token = await claim(host);
    await host.extendActivity(token, "1d");

    await clock.advance(119_999);
    expect((await host.getWorkflow(id)).status).toBe("runnable");
    await clock.advance(1);

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_TIMEOUT" } });
    await expect(host.submitActivitySuccess(token, { bytes: 1 })).rejects.toMatchObject(INVALID);
    expect(await claim(host)).toBe("");
    expect(await host.getErrors(id)).toHaveLength(1); // not retried: nobody has asked for that on the step
  });

  it("runs onTimeout and joins, and begins afresh with a retry", async () => {
    const { host: newHost, clock } = await open();
    const withBlock = new WorkflowBuilder<Data>()
      .activity(resize, () => 1, { timeout: (data) => (data.late ? "1h" : "1m") })
      .onTimeout((b) => b.thenFn("late", () => true).saveAs("late"))
      .build("block", 1);
    const retries = new WorkflowBuilder<Data>()
      .activity(resize, () => 1, { timeout: "1m" })
      .onError(ErrorBehavior.retry({ interval: "10s", maxRetries: 1 }))
      .build("retries", 1);
    const host = await newHost((h) => [withBlock, retries].forEach((definition) => h.registerWorkflowDefinition(definition)));
    const ids = [await host.startWorkflow(withBlock, start), await host.startWorkflow(retries, start)] as const;

    await clock.advance("1m");
    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { late: true } });
    expect(await claim(host)).toBe("");
    await clock.advance("10s");
    const token = await claim(host);
    await clock.advance(59_999);
    expect((await host.getWorkflow(ids[1])).status).toBe("runnable");
    await host.submitActivitySuccess(token, { bytes: 1 });
    await clock.advance("1m");

    expect((await host.getWorkflow(ids[1])).status).toBe("complete");
  });

  it("of time that passes while the instance is suspended does not undo an outcome that came before it", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .activity(resize, () => 1, { timeout: "10m" })
      .output((result, data) => void (data.bytes = result.bytes))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.settle();
    const token = await claim(host);
    await host.suspendWorkflow(id);
    await host.submitActivitySuccess(token, { bytes: 4 });
    await clock.advance("1h");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { bytes: 0 } });

    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { bytes: 4 } });
  });
});

scenarios("the offer of an activity", (open) => {
  it("is none while its instance is suspended, and is there again after; a claim goes on meanwhile", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .activity(resize, () => 1)
      .output((result, data) => void (data.bytes = result.bytes))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    await host.suspendWorkflow(id);
    expect(await claim(host)).toBe("");
    await host.resumeWorkflow(id);
    const token = await claim(host);
    await host.suspendWorkflow(id);
    expect(await host.extendActivity(token, "1h")).toBe(true);
    await host.submitActivitySuccess(token, { bytes: 4 });
    await host.submitActivitySuccess(token, { bytes: 4 });
    await expect(host.submitActivitySuccess(token, { bytes: 5 })).rejects.toMatchObject(INVALID);
    await host.releaseActivity(token).catch(() => undefined); // gives back nothing that is done
    await host.resumeWorkflow(id);
    expect(await claim(host)).toBe("");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { bytes: 4 } });
  });

  it.each(["terminate", "cancel", "end"] as const)("is gone, claimed or not, when its pointer is: %s", async (how) => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .parallel((p) =>
        p
          .branch((b) => b.activity(resize, () => 1).cancelWhen((data) => data.late))
          .branch((b) => b.activity(resize, () => 2).cancelWhen((data) => data.late))
          .branch((b) =>
            b
              .waitFor("go", "k")
              .output((_, data) => void (data.late = how === "cancel"))
              .ifDo(
                () => how === "end",
                (c) => c.endWorkflow(),
              ),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.settle();
    const token = await claim(host);

    if (how === "terminate") await host.terminateWorkflow(id);
    else await host.publishEvent("go", "k", 1);
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe(how === "terminate" ? "terminated" : "complete");
    expect(await claim(host)).toBe("");
    await expect(host.submitActivitySuccess(token, { bytes: 1 })).rejects.toMatchObject(INVALID);
    await expect(host.releaseActivity(token)).rejects.toMatchObject(INVALID);
    expect(await host.extendActivity(token, "1h")).toBe(false);
  });

  it("whose input is too large, or cannot be stored, fails its step for good; an outcome like that is refused and the claim stays", async () => {
    const { host: newHost, clock } = await open();
    const large = new WorkflowBuilder<Data>().activity("large", () => "x".repeat(2_000)).build("large", 1);
    const odd = new WorkflowBuilder<Data>().activity("odd", () => new Map()).build("odd", 1);
    const definition = new WorkflowBuilder<Data>().activity(resize, () => 1).build("w", 1);
    const host = await newHost((h) => [large, odd, definition].forEach((one) => h.registerWorkflowDefinition(one)), { maxEventSize: 1_000 });
    const ids = [await host.startWorkflow(large, start), await host.startWorkflow(odd, start), await host.startWorkflow(definition, start)] as const;
    await clock.advance("1m");

    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "suspended", error: { code: "WFE_PAYLOAD_TOO_LARGE" } });
    expect(await host.getWorkflow(ids[1])).toMatchObject({ status: "suspended", error: { code: "WFE_VALUE_NOT_STORABLE" } });
    const token = await claim(host);
    const submit = async (result: unknown): Promise<void> => host.submitActivitySuccess(token, result as never);
    await expect(submit({ bytes: "x".repeat(2_000) })).rejects.toMatchObject({ code: "WFE_PAYLOAD_TOO_LARGE" });
    await expect(submit({ bytes: new Date(0) })).rejects.toMatchObject({ code: "WFE_VALUE_NOT_STORABLE" });
    await expect(host.submitActivityFailure(token, { message: "no", data: "x".repeat(2_000) })).rejects.toMatchObject({
      code: "WFE_PAYLOAD_TOO_LARGE",
    });
    await host.submitActivitySuccess(token, { bytes: 1 });
    await clock.settle();
    expect((await host.getWorkflow(ids[2])).status).toBe("complete");
  });

  it("and its outcome go through the codec; an input that cannot be read is given back", async () => {
    const { host: newHost, clock, store } = await open();
    const hidden = (key: string): Codec => ({
      encode: (value) => `${key}:${Buffer.from(JSON.stringify(value)).toString("base64")}`,
      decode: (text) => {
        if (!text.startsWith(`${key}:`)) throw new Error("another key");
        return JSON.parse(Buffer.from(text.slice(key.length + 1), "base64").toString()) as never;
      },
    });
    const definition = new WorkflowBuilder<Data>()
      .activity(resize, () => 417)
      .output((result, data) => void (data.bytes = result.bytes))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { codec: hidden("a") });
    const stranger = await newHost(undefined, { codec: hidden("b") });
    const id = await host.startWorkflow(definition, start);
    await clock.settle();
    const { persistence } = store.open();
    await persistence.start();
    expect((await persistence.getFirstOpenSubscription("resize", new Date(clock.now())))?.input).toMatch(/^a:/);

    await expect(claim(stranger)).rejects.toMatchObject({ code: "WFE_PAYLOAD_UNREADABLE" });
    const pending = await host.getPendingActivity(resize, "worker", { lease: "1h" });
    expect(pending?.input).toBe(417);
    await host.submitActivitySuccess(pending?.token ?? "", { bytes: 8 });
    await host.submitActivitySuccess(pending?.token ?? "", { bytes: 8 });
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { bytes: 8 } });
    await persistence.stop();
  });
});
