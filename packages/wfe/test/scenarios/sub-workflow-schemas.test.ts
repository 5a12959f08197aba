import { expect, it } from "vitest";
import { ErrorBehavior, type StandardSchema, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

/** Lets numbers above a limit through, ten times as large; `slowly`: when others have had a turn. */
function above(limit: number, slowly: boolean): StandardSchema<{ n: number }, { n: number; checked: number }> {
  const check = (value: unknown): { value: { n: number; checked: number } } | { issues: { message: string; path: string[] }[] } => {
    const { n } = value as Data;
    return n > limit
      ? { value: { n, checked: 10 * n } }
      : {
          issues: [
            { message: `must be above ${limit}`, path: ["n"] },
            { message: "no luck", path: [] },
          ],
        };
  };
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => (slowly ? Promise.resolve().then(() => check(value)) : check(value)),
    },
  };
}

const doubling = new WorkflowBuilder<Data>()
  .thenFn("double", (ctx) => 2 * ctx.data.n)
  .saveAs("n")
  .build("child", 1);

function startsChecked(slowly: boolean): readonly [WorkflowDefinition<Data>, WorkflowDefinition<Data & { checked: number }, Data>] {
  const child = new WorkflowBuilder<Data & { checked: number }>()
    .inputSchema(above(5, slowly))
    .thenFn("add", (ctx) => ctx.data.n + ctx.data.checked)
    .saveAs("n")
    .build("child", 1);
  const parent = new WorkflowBuilder<Data>()
    .subWorkflow(child, (data) => ({ n: data.n }))
    .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 3 }))
    .output((result, data) => void (data.n = result.n))
    .build("parent", 1);
  return [parent, child];
}

scenarios("schemas of a sub-workflow", (open) => {
  it.each([false, true])("what goes in is what the child's inputSchema makes of it (slowly: %s)", async (slowly) => {
    const { host: newHost, clock } = await open();
    const [parent, child] = startsChecked(slowly);
    const host = await newHost((h) => [parent, child].forEach((definition) => h.registerWorkflowDefinition(definition)));

    const done = host.runWorkflow(parent, { n: 6 });
    await clock.settle();

    expect(await done).toEqual({ n: 66 });
  });

  it.each([false, true])("an input that is refused fails the step for good, naming the issues, and starts nothing (slowly: %s)", async (slowly) => {
    const { host: newHost, clock } = await open();
    const [parent, child] = startsChecked(slowly);
    const host = await newHost((h) => [parent, child].forEach((definition) => h.registerWorkflowDefinition(definition)));

    const id = await host.startWorkflow(parent, { n: 5 });
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_INPUT_INVALID" } });
    const errors = await host.getErrors(id);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toContain("- n: must be above 5\n- no luck");
    expect(await host.countWorkflows()).toBe(1);
  });

  it.each([false, true])("what comes out is what the step's outputSchema makes of it (slowly: %s)", async (slowly) => {
    const { host: newHost, clock, record } = await open();
    const byDefinition = new WorkflowBuilder<Data>()
      .subWorkflow(doubling, (data) => data, { outputSchema: above(5, slowly) })
      .output((result, data) => void (data.n = result.checked))
      .build("by definition", 1);
    const byId = new WorkflowBuilder<Data>()
      .subWorkflow("child", (data) => data, { version: 1, outputSchema: above(5, slowly) })
      .output((result, data) => void (data.n = result.checked))
      .build("by id", 1);
    const host = await newHost((h) => [doubling, byDefinition, byId].forEach((definition) => h.registerWorkflowDefinition(definition)));
    const events = record(host);

    const done = Promise.all([host.runWorkflow(byDefinition, { n: 3 }), host.runWorkflow(byId, { n: 4 })]);
    await clock.settle();

    expect(await done).toEqual([{ n: 60 }, { n: 80 }]);
    // The check is no other start of the step.
    expect(events.filter(({ type, definitionId }) => type === "stepStarted" && definitionId === "by id")).toHaveLength(1);
  });

  it.each([false, true])(
    "an output that is refused fails the step for good, naming the issues; resume checks the same data again (slowly: %s)",
    async (slowly) => {
      const { host: newHost, clock } = await open();
      let limit = 100;
      const schema: StandardSchema<unknown, { checked: number }> = {
        "~standard": { version: 1, vendor: "test", validate: (value) => above(limit, slowly)["~standard"].validate(value) },
      };
      const parent = new WorkflowBuilder<Data>()
        .subWorkflow(doubling, (data) => data, { outputSchema: schema })
        .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 3 }))
        .output((result, data) => void (data.n = result.checked))
        .build("parent", 1);
      const host = await newHost((h) => [doubling, parent].forEach((definition) => h.registerWorkflowDefinition(definition)));
      const id = await host.startWorkflow(parent, { n: 3 });
      await clock.advance("1m");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { n: 3 }, error: { code: "WFE_OUTPUT_INVALID" } });
      expect((await host.getErrors(id)).map(({ message }) => message.split("\n").slice(1))).toEqual([["- n: must be above 100", "- no luck"]]);

      limit = 5;
      await host.resumeWorkflow(id);
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 60 } });
      expect(await host.countWorkflows()).toBe(2); // no other child
    },
  );

  it("a schema that throws is tried again on the same data, and one whose child was terminated is not asked", async () => {
    const { host: newHost, clock } = await open();
    let asked = 0;
    const schema: StandardSchema<unknown, Data> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => {
          asked += 1;
          if (asked === 1) throw new Error("the schema is away");
          return { value: value as Data };
        },
      },
    };
    const declines = new WorkflowBuilder<Data>()
      .thenFn("decline", (ctx) => {
        if (ctx.data.n < 0) throw new Error("declined");
      })
      .onError(ErrorBehavior.terminate())
      .build("child", 1);
    const parent = new WorkflowBuilder<Data>()
      .subWorkflow(declines, (data) => data, { outputSchema: schema })
      .saveAs("n" as never)
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .build("parent", 1);
    const host = await newHost((h) => [declines, parent].forEach((definition) => h.registerWorkflowDefinition(definition)));

    const ids = [await host.startWorkflow(parent, { n: 3 }), await host.startWorkflow(parent, { n: -3 })] as const;
    await clock.advance("1m");

    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { n: { n: 3 } } });
    expect((await host.getErrors(ids[0])).map(({ message }) => message)).toEqual(["the schema is away"]);
    expect(await host.getWorkflow(ids[1])).toMatchObject({ status: "suspended", error: { code: "WFE_CHILD_TERMINATED" } });
    expect(asked).toBe(2);
    expect(await host.countWorkflows({ definitionId: "child" })).toBe(3); // the retry of the second has started another
  });

  it("a check that was running when its host died is made again", async () => {
    const { build, host: newHost, clock, store } = await open();
    let hangs = true;
    const schema: StandardSchema<unknown, Data> = {
      "~standard": { version: 1, vendor: "test", validate: (value) => (hangs ? new Promise<never>(() => {}) : { value: value as Data }) },
    };
    const parent = new WorkflowBuilder<Data>()
      .subWorkflow(doubling, (data) => data, { outputSchema: schema })
      .output((result, data) => void (data.n = result.n))
      .build("parent", 1);
    const host = build((h) => [doubling, parent].forEach((definition) => h.registerWorkflowDefinition(definition)), {}, store.open());
    await host.start();
    const id = await host.startWorkflow(parent, { n: 3 });
    await clock.settle();
    expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["running"]);

    hangs = false;
    const stopped = host.stop({ timeout: 0 });
    await clock.advance("1s");
    await stopped;
    const other = await newHost((h) => [doubling, parent].forEach((definition) => h.registerWorkflowDefinition(definition)));
    await clock.advance("1m");

    expect(await other.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 6 } });
    expect(await other.countWorkflows()).toBe(2);
  });

  it.each(["in", "out"] as const)("a schema that never answers is bounded by the step's timeout (what goes %s)", async (where) => {
    const { host: newHost, clock } = await open();
    const silent: StandardSchema<Data, Data> = { "~standard": { version: 1, vendor: "test", validate: () => new Promise<never>(() => {}) } };
    const child =
      where === "in"
        ? new WorkflowBuilder<Data>()
            .inputSchema(silent)
            .thenFn("x", () => {})
            .build("child", 1)
        : doubling;
    const parent = new WorkflowBuilder<Data>()
      .subWorkflow("child", (data) => data, { outputSchema: silent })
      .timeout("10s")
      .build("parent", 1);
    const host = await newHost((h) => [child, parent].forEach((definition) => h.registerWorkflowDefinition(definition)));
    const id = await host.startWorkflow(parent, { n: 3 });
    await clock.advance("9999ms");
    expect((await host.getWorkflow(id)).status).toBe("runnable");

    await clock.advance("1ms");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_TIMEOUT" } });
    expect(await host.countWorkflows({ definitionId: "child" })).toBe(where === "in" ? 0 : 1);
  });
});
