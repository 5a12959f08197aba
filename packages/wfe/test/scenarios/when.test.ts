import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, type JsonValue, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  kind: JsonValue;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

scenarios("when", (open) => {
  it("skips a step unless it holds for the data of that moment: nothing of it runs, and the flow goes on behind it", async () => {
    const { host: newHost, record, clock } = await open();
    const never = (): never => expect.fail("it was skipped");
    const definition = w()
      .thenFn("sets", () => "set")
      .saveAs("kind")
      .thenFn("runs", () => "runs")
      .when((data) => data.kind === "set")
      .output(add)
      .thenFn("skipped", never)
      .when((data, ctx) => data.kind !== "set" && ctx.step.name === "skipped")
      .output(never)
      .thenFn("routes", () => ExecutionResult.outcome("x"))
      .when(() => false)
      .onOutcome("x", (b) => b.thenFn("in x", never))
      .waitFor("never", "k", { timeout: "1s" })
      .when(() => false)
      .onTimeout((b) => b.thenFn("timed out", never))
      .ifDo(
        () => true,
        (b) => b.thenFn("inside", never),
      )
      .when(() => false)
      .delay("1h")
      .when(() => false)
      .thenFn("after", () => "after")
      .output(add)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);

    const id = await host.startWorkflow(definition, { kind: null, seen: [] }, { id: "x" });
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["runs", "after"] } });
    const history = await host.getHistory(id);
    expect(history.map(({ stepName, status }) => [stepName, status])).toEqual([
      ["sets", "complete"],
      ["runs", "complete"],
      ["skipped", "skipped"],
      ["routes", "skipped"],
      ["waitFor never", "skipped"],
      ["ifDo", "skipped"],
      ["delay", "skipped"],
      ["after", "complete"],
    ]);
    const skips = events.filter(({ type }) => type === "stepSkipped");
    expect(skips.map((event) => "step" in event && event.step)).toEqual(["skipped", "routes", "waitFor never", "delay"]); // no container
    expect(skips[0]).toEqual({
      type: "stepSkipped",
      workflowId: "x",
      definitionId: "w",
      version: 1,
      at: new Date(clock.now()),
      step: "skipped",
      stepId: 2,
      pointerId: history[2]?.id,
      attempt: 0,
    });
  });

  it("skips the first step, the last one of a branch, and all there is", async () => {
    const { host: newHost, clock } = await open();
    const never = (): never => expect.fail("it was skipped");
    const definition = w()
      .thenFn("first", never)
      .when(() => false)
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("only", never).when(() => false))
          .branch((b) =>
            b
              .thenFn("one", () => {})
              .thenFn("last", never)
              .when(() => false),
          ),
      )
      .thenFn("end", never)
      .when(() => false)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { kind: null, seen: [] });
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["skipped", "complete", "skipped", "complete", "skipped", "skipped"]);
  });

  it("is asked for each iteration with its item, and not again for a retry of a step that has begun", async () => {
    const { host: newHost, clock } = await open();
    const asked: number[] = [];
    const definition = w()
      .forEach(
        () => [1, 2, 3, 4],
        (b) =>
          b
            .thenFn("even", (ctx) => {
              if (ctx.attempt === 1) throw new Error("once");
              return `even ${ctx.item}`;
            })
            .when((_data, ctx) => {
              asked.push(ctx.item);
              return ctx.item % 2 === 0;
            })
            .output(add)
            .onError(ErrorBehavior.retry({ interval: "1s" })),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { kind: null, seen: [] });
    await clock.advance("1s");

    expect((await done).seen).toEqual(["even 2", "even 4"]);
    expect(asked).toEqual([1, 2, 3, 4]);
  });
});
