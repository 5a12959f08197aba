import { expect, it } from "vitest";
import { type Codec, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { meeting } from "../replacing.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
  secret?: string;
}

const ofVersion = (version: number): WorkflowDefinition<Data> =>
  new WorkflowBuilder<Data>()
    .thenFn("version", () => version)
    .saveAs("n")
    .build("child", version);

const byId = new WorkflowBuilder<Data>()
  .subWorkflow<Data>("child", (data) => ({ n: data.n }))
  .output((result, data) => void (data.n = result.n))
  .build("parent", 1);

scenarios("the start of a sub-workflow", (open) => {
  it("by id takes the highest version that the host knows, or the one that is named", async () => {
    const { host: newHost, clock } = await open();
    const named = new WorkflowBuilder<Data>()
      .subWorkflow<Data>("child", (data) => data, 2)
      .output((result, data) => void (data.n = result.n))
      .build("named", 1);
    const host = await newHost((h) => [ofVersion(1), ofVersion(10), ofVersion(2), byId, named].forEach((one) => h.registerWorkflowDefinition(one)));

    const done = Promise.all([host.runWorkflow(byId, { n: 0 }), host.runWorkflow(named, { n: 0 })]);
    await clock.settle();

    expect(await done).toEqual([{ n: 10 }, { n: 2 }]);
  });

  it("of a definition that the host does not know fails for good and writes nothing; resume tries again once it is there", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(byId));
    const id = await host.startWorkflow(byId, { n: 0 });
    await clock.advance("10m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_DEFINITION_NOT_FOUND" } });
    expect((await host.getWorkflow(id)).error?.message).toContain("child");
    expect(await host.getErrors(id)).toHaveLength(1);
    expect(await host.countWorkflows()).toBe(1);

    host.registerWorkflowDefinition(ofVersion(1));
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
  });

  it("passes only what is selected, in and out; initialData makes the child's data of it (fault 77)", async () => {
    const { host: newHost, clock } = await open();
    const child = new WorkflowBuilder<Data & { extra: string }>()
      .initialData((input: { readonly n: number }) => ({ n: input.n, extra: "of the child" }))
      .thenFn("add", (ctx) => ctx.data.n + 1)
      .saveAs("n")
      .build("child", 1);
    const parent = new WorkflowBuilder<Data>()
      .subWorkflow(child, (data) => ({ n: data.n }))
      .output((result, data) => void (data.n = result.n))
      .subWorkflow(child, (data) => ({ n: data.n }))
      .build("parent", 1);
    const host = await newHost((h) => [child, parent].forEach((one) => h.registerWorkflowDefinition(one)));

    const done = host.runWorkflow(parent, { n: 1, secret: "of the parent" });
    await clock.settle();

    expect(await done).toEqual({ n: 2, secret: "of the parent" });
    const children = (await host.listWorkflows({ definitionId: "child" })).items;
    expect(new Set(children.map(({ data }) => data))).toEqual(
      new Set([
        { n: 2, extra: "of the child" },
        { n: 3, extra: "of the child" },
      ]),
    );
  });

  it("tells the child its parent and its root, gives it a name, and is told of with started", async () => {
    const { host: newHost, clock, record } = await open();
    const middle = new WorkflowBuilder<Data>().subWorkflow(ofVersion(1), (data) => data).build("middle", 1);
    const top = new WorkflowBuilder<Data>().subWorkflow(middle, (data) => data).build("top", 1);
    const host = await newHost((h) => [ofVersion(1), middle, top].forEach((one) => h.registerWorkflowDefinition(one)));
    const events = record(host);

    const id = await host.startWorkflow(top, { n: 1 }, { name: "the top", reference: "r" });
    await clock.settle();

    const [m] = (await host.listWorkflows({ definitionId: "middle" })).items;
    const [c] = (await host.listWorkflows({ definitionId: "child" })).items;
    const parentOf = (one: typeof m): unknown => (one as { parent?: { workflowId: string; pointerId: string } } | undefined)?.parent;
    expect(parentOf(m)).toMatchObject({ workflowId: id, pointerId: "1" });
    expect(parentOf(c)).toMatchObject({ workflowId: m?.id, pointerId: "1" });
    expect([m?.rootWorkflowId, c?.rootWorkflowId]).toEqual([id, id]);
    expect([m?.name, c?.name]).toEqual(["middle-1", "child-1"]);
    expect(m?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect((await host.getWorkflow("child-1")).id).toBe(c?.id);
    expect(events.filter(({ type }) => type === "started").map(({ definitionId }) => definitionId)).toEqual(["top", "middle", "child"]);
    expect(events.filter(({ type }) => type === "completed").map(({ definitionId }) => definitionId)).toEqual(["child", "middle", "top"]);
  });

  it("is bounded in depth: a workflow that starts itself fails at the limit, and all above it wait (fault 78)", async () => {
    const { host: newHost, clock } = await open();
    const endless = new WorkflowBuilder<Data>().subWorkflow<Data>("endless", (data) => ({ n: data.n + 1 })).build("endless", 1);
    const bounded = new WorkflowBuilder<Data>()
      .ifDo(
        (data) => data.n > 0,
        (b) => b.subWorkflow<Data>("bounded", (data) => ({ n: data.n - 1 })).output((result, data) => void (data.n += result.n)),
      )
      .build("bounded", 1);
    const host = await newHost((h) => [endless, bounded].forEach((one) => h.registerWorkflowDefinition(one)), { maxSubWorkflowDepth: 3 });

    await host.startWorkflow(endless, { n: 0 });
    const ids = [await host.startWorkflow(bounded, { n: 3 }), await host.startWorkflow(bounded, { n: 4 })] as const;
    await clock.advance("10m");

    const all = (await host.listWorkflows({ definitionId: "endless" })).items;
    expect(new Set(all.map(({ status, data, error }) => [status, data, error?.code]))).toEqual(
      new Set([
        ["runnable", { n: 0 }, undefined],
        ["runnable", { n: 1 }, undefined],
        ["runnable", { n: 2 }, undefined],
        ["suspended", { n: 3 }, "WFE_WORKFLOW_TOO_DEEP"],
      ]),
    );
    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { n: 6 } });
    expect((await host.getWorkflow(ids[1])).status).toBe("runnable");
  });

  it("stands in forEach, parallel and while: a child each", async () => {
    const { host: newHost, clock } = await open();
    const child = new WorkflowBuilder<Data>()
      .delay("1s")
      .thenFn("double", (ctx) => 2 * ctx.data.n)
      .saveAs("n")
      .build("child", 1);
    const parent = new WorkflowBuilder<{ got: number[] }>()
      .forEach(
        () => [1, 2, 3],
        (b) => b.subWorkflow(child, (_, ctx) => ({ n: ctx.item })).output((result, data) => void data.got.push(result.n)),
      )
      .parallel((p) =>
        p
          .branch((b) => b.subWorkflow(child, () => ({ n: 10 })).output((result, data) => void data.got.push(result.n)))
          .branch((b) => b.subWorkflow(child, () => ({ n: 20 })).output((result, data) => void data.got.push(result.n))),
      )
      .whileDo(
        (data) => data.got.length < 8,
        (b) => b.subWorkflow(child, (data) => ({ n: 100 * data.got.length })).output((result, data) => void data.got.push(result.n)),
      )
      .build("parent", 1);
    const host = await newHost((h) => [child, parent].forEach((one) => h.registerWorkflowDefinition(one as WorkflowDefinition<unknown, never>)));

    const done = host.runWorkflow(parent, { got: [] });
    await clock.advance("5s");

    const { got } = await done;
    expect(new Set(got.slice(0, 3))).toEqual(new Set([2, 4, 6]));
    expect(new Set(got.slice(3, 5))).toEqual(new Set([20, 40]));
    expect(got.slice(5)).toEqual([1_000, 1_200, 1_400]);
    expect(await host.countWorkflows({ definitionId: "child", status: "complete" })).toBe(8);
  });

  it("happens once, though the commit is refused, or its answer lost", async () => {
    for (const when of ["before", "after"] as const) {
      const { host: newHost, build, store, clock } = await open();
      const other = await newHost();
      const host = build(
        (h) => [ofVersion(1), byId].forEach((one) => h.registerWorkflowDefinition(one)),
        {},
        meeting(
          store.open(),
          ({ children }) => children.length > 0,
          when,
          async () => {
            await other.suspendWorkflow("x");
            await other.resumeWorkflow("x");
            if (when === "after") throw new Error("the answer is lost");
          },
        ),
      );
      await host.start();
      await host.startWorkflow(byId, { n: 0 }, { id: "x" });
      await clock.advance("1m");

      expect(await host.getWorkflow("x")).toMatchObject({ status: "complete", data: { n: 1 } });
      expect(await host.countWorkflows()).toBe(2);
    }
  });

  it("gives the child another name when the one that was free is taken meanwhile", async () => {
    const { host: newHost, build, store, clock } = await open();
    const other = await newHost((h) => h.registerWorkflowDefinition(new WorkflowBuilder<Data>().waitFor("e", "k").build("other", 1)));
    const host = build(
      (h) => [ofVersion(1), byId].forEach((one) => h.registerWorkflowDefinition(one)),
      {},
      meeting(
        store.open(),
        ({ children }) => children.length > 0,
        "before",
        () => other.startWorkflow("other", 1, { n: 0 }, { name: "child-1" }),
      ),
    );
    await host.start();

    const id = await host.startWorkflow(byId, { n: 0 });
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
    expect((await host.listWorkflows({ definitionId: "child" })).items.map(({ name }) => name)).toEqual(["child-2"]);
  });

  it("is one of its own for an instance with the id of one that was purged, whose child is there still", async () => {
    const { host: newHost, clock } = await open();
    const child = new WorkflowBuilder<Data>()
      .thenFn("fail", () => Promise.reject(new Error("no")))
      .onError(ErrorBehavior.terminate())
      .build("child", 1);
    const parent = new WorkflowBuilder<Data>()
      .subWorkflow(child, (data) => data)
      .onError(ErrorBehavior.compensate())
      .compensateWithFn("undo", () => {})
      .build("parent", 1);
    const host = await newHost((h) => [child, parent].forEach((one) => h.registerWorkflowDefinition(one)));
    for (const count of [1, 2]) {
      await host.startWorkflow(parent, { n: 0 }, { id: "again" });
      await clock.advance("1s");
      expect((await host.getWorkflow("again")).status).toBe("complete");
      expect(await host.countWorkflows({ definitionId: "child", status: "terminated" })).toBe(count);
      expect(await host.purgeWorkflows({ status: "complete", olderThan: 0 })).toBe(1);
    }

    expect(await host.purgeWorkflows({ status: "terminated", olderThan: 0 })).toBe(2);
    expect(await host.countWorkflows()).toBe(0);
  });

  it("carries big data through a codec, both ways", async () => {
    const { host: newHost, clock, store } = await open();
    const codec: Codec = {
      encode: (value) => `~${Buffer.from(JSON.stringify(value)).toString("base64")}`,
      decode: (text) => JSON.parse(Buffer.from(text.slice(1), "base64").toString()) as never,
    };
    const child = new WorkflowBuilder<{ text: string }>()
      .thenFn("grow", (ctx) => `${ctx.data.text}!`)
      .saveAs("text")
      .build("child", 1);
    const parent = new WorkflowBuilder<{ text: string }>()
      .subWorkflow(child, (data) => data)
      .output((result, data) => void (data.text = result.text))
      .build("parent", 1);
    const host = await newHost((h) => [child, parent].forEach((one) => h.registerWorkflowDefinition(one)), { codec });
    const text = "x".repeat(700_000);

    const id = await host.startWorkflow(parent, { text });
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect((await host.getWorkflow(id)).data).toEqual({ text: `${text}!` });
    const { persistence } = store.open();
    await persistence.start();
    for (const { data } of (await persistence.listWorkflows({}, { limit: 10 })).items) expect(data.startsWith("~")).toBe(true);
    await persistence.stop();
  });
});
