import { expect, it } from "vitest";
import { ErrorBehavior, type LogEntry, type LogSink, WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const start: Data = { n: 0 };
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

scenarios("ctx.log", (open) => {
  it("writes lines with level and fields, and chunks of streams, with what they belong to", async () => {
    const { store, clock } = await open();
    const entries: LogEntry[] = [];
    const definition = w()
      .thenFn("logs", (ctx) => {
        for (const level of ["debug", "info", "warn", "error"] as const) ctx.log[level](`a line of ${level}`, { level });
        ctx.log.info("without fields");
        ctx.log.stream("stdout", "text");
        ctx.log.stream("stderr", new Uint8Array([1, 2]));
      })
      .build("w", 1);
    await using host = new WorkflowHostBuilder()
      .useProviders(store.open())
      .useClock(clock)
      .useLogSink({ write: (entry) => void entries.push(entry) })
      .build();
    host.registerWorkflowDefinition(definition);
    await host.start();

    await host.startWorkflow(definition, start, { id: "x" });
    await clock.settle();

    const of = { at: new Date(clock.now()), workflowId: "x", definitionId: "w", step: "logs", pointerId: "1" };
    expect(entries).toEqual([
      ...["debug", "info", "warn", "error"].map((level) => ({ ...of, level, message: `a line of ${level}`, fields: { level } })),
      { ...of, level: "info", message: "without fields" },
      { ...of, level: "info", message: "", stream: "stdout", chunk: "text" },
      { ...of, level: "info", message: "", stream: "stderr", chunk: new Uint8Array([1, 2]) },
    ]);
  });

  it("does no harm with a sink that throws", async () => {
    const { store, clock } = await open();
    let calls = 0;
    const sink: LogSink = {
      write: () => {
        calls += 1;
        throw new Error("the sink is broken");
      },
    };
    const definition = w()
      .thenFn("logs", (ctx) => {
        ctx.log.error("a line");
        ctx.log.stream("stdout", "text");
        return 7;
      })
      .saveAs("n")
      .build("w", 1);
    await using host = new WorkflowHostBuilder().useProviders(store.open()).useClock(clock).useLogSink(sink).build();
    host.registerWorkflowDefinition(definition);
    await host.start();

    const done = host.runWorkflow(definition, start);
    await clock.settle();

    expect((await done).n).toBe(7);
    expect(calls).toBe(2);
  });
});

scenarios("ctx.host", (open) => {
  it("starts workflows and publishes events, each once, however often the step runs", async () => {
    const { host: newHost, clock } = await open();
    const child = w().waitFor<number>("told", "k").saveAs("n").build("child", 1);
    const definition = w()
      .thenFn("tells", async (ctx) => {
        await ctx.host.startWorkflow(child, start, { id: `${ctx.idempotencyKey}/child`, reference: ctx.workflow.id });
        await ctx.host.startWorkflow("child", 1, { ...start }, { id: `${ctx.idempotencyKey}/second child` });
        await ctx.host.publishEvent("told", "k", ctx.attempt, { id: ctx.idempotencyKey });
        if (ctx.attempt < 3) throw new Error("after the effect");
      })
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .build("w", 1);
    const host = await newHost((h) => {
      h.registerWorkflowDefinition(definition);
      h.registerWorkflowDefinition(child);
    });

    await host.startWorkflow(definition, start, { id: "x" });
    await clock.advance("5s");

    expect((await host.getWorkflow("x")).status).toBe("complete");
    expect(await host.countWorkflows()).toBe(3);
    expect(await host.getWorkflow("x/1/0/child")).toMatchObject({ status: "complete", reference: "x", data: { n: 1 } });
    expect(await host.getWorkflow("x/1/0/second child")).toMatchObject({ status: "complete", data: { n: 1 } });
  });

  it("gives a body the errors of what it asks, as the host does", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("asks", async (ctx) => void (await ctx.host.startWorkflow("unknown", 1, {})))
      .onError(ErrorBehavior.suspend())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    expect((await host.getWorkflow(id)).error?.code).toBe("WFE_DEFINITION_NOT_FOUND");
  });
});
