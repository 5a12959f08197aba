import { expect, it } from "vitest";
import { type ActivityToken, defineActivity, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  url: string;
  bytes: number;
}

const resize = defineActivity<{ url: string }, { bytes: number }>("resize");

const definition: WorkflowDefinition<Data> = new WorkflowBuilder<Data>()
  .activity(resize, (data) => ({ url: data.url }))
  .output((result, data) => void (data.bytes = result.bytes))
  .build("w", 1);

const INVALID = { code: "WFE_ACTIVITY_TOKEN_INVALID" };

scenarios("a claim of an activity", (open) => {
  it("ends with its lease: another worker gets the activity, and the first is refused from then on", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { url: "u", bytes: 0 });
    await clock.settle();

    const first = await host.getPendingActivity(resize, "one", { lease: "1m" });
    expect(first?.expiresAt).toEqual(new Date(clock.now() + 60_000));
    await clock.advance(59_999);
    expect(await host.getPendingActivity(resize, "two", { lease: "1m" })).toBeUndefined();
    await clock.advance(1);
    const tooLate = host.submitActivitySuccess(first?.token ?? "", { bytes: 1 });
    await expect(tooLate).rejects.toMatchObject(INVALID);
    const second = await host.getPendingActivity(resize, "two", { lease: "1m" });

    expect(second?.input).toEqual({ url: "u" });
    await expect(host.submitActivitySuccess(first?.token ?? "", { bytes: 1 })).rejects.toMatchObject(INVALID);
    await expect(host.submitActivityFailure(first?.token ?? "", { message: "no" })).rejects.toMatchObject(INVALID);
    await expect(host.releaseActivity(first?.token ?? "")).rejects.toMatchObject(INVALID);
    expect(await host.extendActivity(first?.token ?? "", "1m")).toBe(false);
    await host.submitActivitySuccess(second?.token ?? "", { bytes: 2 });
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { bytes: 2 } });
    await expect(host.submitActivitySuccess(first?.token ?? "", { bytes: 2 })).rejects.toMatchObject(INVALID);
  });

  it("is extended from now on, as often as it takes, and not once it is over", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { url: "u", bytes: 0 });
    await clock.settle();
    const pending = await host.getPendingActivity(resize, "one", { lease: "1m" });
    const token = pending?.token ?? "";

    for (let n = 0; n < 3; n += 1) {
      await clock.advance("50s");
      expect(await host.extendActivity(token, "1m")).toBe(true);
      expect(await host.getPendingActivity(resize, "two", { lease: "1m" })).toBeUndefined();
    }
    await clock.advance("1m");
    expect(await host.extendActivity(token, "1m")).toBe(false);
    await expect(host.submitActivitySuccess(token, { bytes: 1 })).rejects.toMatchObject(INVALID);

    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable" });
    expect(await host.getPendingActivity(resize, "two", { lease: "1m" })).toMatchObject({ input: { url: "u" } });
  });

  it("is given back by a release: others get the activity at once", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { url: "u", bytes: 0 });
    await clock.settle();
    const first = await host.getPendingActivity(resize, "one", { lease: "1h" });

    await host.releaseActivity(first?.token ?? "");
    await expect(host.releaseActivity(first?.token ?? "")).rejects.toMatchObject(INVALID);
    await expect(host.submitActivitySuccess(first?.token ?? "", { bytes: 1 })).rejects.toMatchObject(INVALID);
    const second = await host.getPendingActivity(resize, "two", { lease: "1h" });
    await host.submitActivitySuccess(second?.token ?? "", { bytes: 2 });
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { bytes: 2 } });
  });

  it("goes to the activity that was offered first, across instances; other names have other lines", async () => {
    const { host: newHost, clock } = await open();
    const other = new WorkflowBuilder<Data>().activity("other", () => 1).build("other", 1);
    const host = await newHost((h) => [definition, other].forEach((one) => h.registerWorkflowDefinition(one)));
    await host.startWorkflow(other, { url: "", bytes: 0 });
    for (const url of ["a", "b", "c", "d"]) {
      await host.startWorkflow(definition, { url, bytes: 0 });
      await clock.settle();
    }

    const taken = [];
    for (let n = 0; n < 5; n += 1) taken.push(await host.getPendingActivity(resize, "one", { lease: "1m" }));
    await host.releaseActivity(taken[1]?.token ?? ""); // it keeps its place

    expect(taken.map((pending) => pending?.input.url)).toEqual(["a", "b", "c", "d", undefined]);
    expect((await host.getPendingActivity(resize, "two", { lease: "1m" }))?.input).toEqual({ url: "b" });
    await clock.advance("1m");
    expect((await host.getPendingActivity(resize, "two", { lease: "1m" }))?.input).toEqual({ url: "a" });
    expect(await host.getPendingActivity("Resize", "two", { lease: "1m" })).toBeUndefined();
  });

  it("is proved by its very token: forged, altered and foreign ones are refused", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const ids = [await host.startWorkflow(definition, { url: "a", bytes: 0 }), await host.startWorkflow(definition, { url: "b", bytes: 0 })];
    await clock.settle();
    const mine = (await host.getPendingActivity(resize, "one", { lease: "1m" }))?.token ?? "";
    const others = (await host.getPendingActivity(resize, "two", { lease: "1m" }))?.token ?? "";
    const parts = (token: string): string[] => JSON.parse(Buffer.from(token, "base64url").toString()) as string[];
    const made = (of: readonly unknown[]): string => Buffer.from(JSON.stringify(of)).toString("base64url");
    const [subscription = "", key = "", nonce = ""] = parts(mine);
    const [otherSubscription = "", otherKey = ""] = parts(others);

    const bad: readonly unknown[] = [
      "",
      "x",
      "%%%",
      made([]),
      made([subscription]),
      made([1, 2, 3]),
      made([subscription, key, "guessed"]),
      made([otherSubscription, key, nonce]),
      made([subscription, otherKey, nonce]),
      made(["nothing/1/0", key, nonce]),
      `${mine}A`,
      undefined,
      null,
      7,
      {},
    ]; // prettier-ignore
    for (const token of bad as readonly ActivityToken<{ bytes: number }>[]) {
      await expect(host.submitActivitySuccess(token, { bytes: 1 })).rejects.toMatchObject(INVALID);
      await expect(host.submitActivityFailure(token, new Error("no"))).rejects.toMatchObject(INVALID);
      await expect(host.releaseActivity(token)).rejects.toMatchObject(INVALID);
      await expect(
        Promise.resolve()
          .then(async () => host.extendActivity(token, "1m"))
          .then((extended) => {
            if (!extended) throw Object.assign(new Error("not extended"), INVALID);
          }),
      ).rejects.toMatchObject(INVALID);
    }

    await clock.settle();
    for (const id of ids) expect((await host.getWorkflow(id)).status).toBe("runnable");
    await host.submitActivitySuccess(mine, { bytes: 1 });
  });

  it("asks for a name, a worker and a lease that is longer than nothing", async () => {
    const { host: newHost } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const claim = async (name: unknown, worker: unknown, options: unknown): Promise<unknown> =>
      host.getPendingActivity(name as string, worker as string, options as never);

    await expect(claim("resize", "w", { lease: 0 })).rejects.toThrow(RangeError);
    await expect(claim("resize", "w", { lease: "soon" })).rejects.toThrow(RangeError);
    await expect(claim("resize", "w", { lease: "1m", wait: -1 })).rejects.toThrow(RangeError);
    await expect(claim(7, "w", { lease: "1m" })).rejects.toThrow("an activity's name must be a string: got 7");
    await expect(claim(" ", "w", { lease: "1m" })).rejects.toThrow("an activity's name may not be blank");
    await expect(claim("resize", undefined, { lease: "1m" })).rejects.toThrow("a worker's id must be a string");
    await expect(host.extendActivity("any", 0)).rejects.toThrow("lease must be longer than nothing");
  });

  it("can be had again by an instance with the id of one that was purged", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const bytes: number[] = [];
    for (const n of [1, 2]) {
      await host.startWorkflow(definition, { url: "u", bytes: 0 }, { id: "again" });
      await clock.settle();
      const pending = await host.getPendingActivity(resize, "one", { lease: "1m" });
      await host.submitActivitySuccess(pending?.token ?? "", { bytes: n });
      await clock.advance("1s");
      bytes.push(((await host.getWorkflow("again")).data as Data).bytes);
      expect(await host.purgeWorkflows({ status: "complete", olderThan: 0 })).toBe(1);
    }

    expect(bytes).toEqual([1, 2]);
  });
});
