import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, type StepExecutionContext, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  fails: boolean;
  log: string[];
}

const undo =
  (log: string[], text: string) =>
  (ctx: StepExecutionContext<unknown, unknown>): void =>
    void log.push(`${text} for ${ctx.compensates?.error.message}`);

const fail = (message: string) => (): never => {
  throw new Error(message);
};

scenarios("a saga", (open) => {
  it("undoes what it has done in reverse, its own compensator last, and the flow goes on behind it", async () => {
    const { host: newHost, clock } = await open();
    const log: string[] = [];
    const definition = new WorkflowBuilder<Data>()
      .saga((b) =>
        b
          .thenFn("a", () => void log.push("a"))
          .compensateWithFn("undo a", undo(log, "undo a"))
          .thenFn("b", () => void log.push("b"))
          .compensateWithSequence((c) => c.thenFn("undo b 1", undo(log, "undo b 1")).delay("1s").thenFn("undo b 2", undo(log, "undo b 2")))
          .thenFn("c", () => void log.push("c"))
          .thenFn("d", fail("no"))
          .compensateWithFn("undo d", undo(log, "undo d"))
          .thenFn("e", () => void log.push("e"))
          .compensateWithFn("undo e", undo(log, "undo e")),
      )
      .compensateWithFn("undo all", undo(log, "undo all"))
      .thenFn("after", () => void log.push("after"))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { fails: true, log: [] });
    await clock.advance("5s");

    expect(log).toEqual(["a", "b", "c", "undo d for no", "undo b 1 for no", "undo b 2 for no", "undo a for no", "undo all for no", "after"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no" } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => `${stepName} ${status}`)).toEqual([
      "saga compensated",
      "a compensated",
      "b compensated",
      "c complete",
      "d compensated",
      "undo d complete",
      "undo b 1 complete",
      "delay complete",
      "undo b 2 complete",
      "undo a complete",
      "undo all complete",
      "after complete",
    ]);
  });

  it("runs again after a retry, from new pointers", async () => {
    const { host: newHost, clock } = await open();
    const log: string[] = [];
    let runs = 0;
    const definition = new WorkflowBuilder<Data>()
      .saga((b) =>
        b
          .thenFn("a", () => void log.push("a"))
          .compensateWithFn("undo a", undo(log, "undo a"))
          .thenFn("b", () => {
            runs += 1;
            if (runs < 3) throw new Error(`no ${runs}`);
            log.push("b");
          }),
      )
      .onError(ErrorBehavior.retry({ interval: "10s", maxRetries: 2 }))
      .thenFn("after", () => void log.push("after"))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { fails: true, log: [] });
    await clock.advance("25s");

    expect(log).toEqual(["a", "undo a for no 1", "a", "undo a for no 2", "a", "b", "after"]);
    const instance = await host.getWorkflow(id);
    expect(instance).toMatchObject({ status: "complete" });
    expect(instance.error).toBeUndefined();
  });

  it("takes neither data nor events back when it runs again, and its steps begin without persistence data", async () => {
    const { host: newHost, clock } = await open();
    const seen: unknown[] = [];
    const definition = new WorkflowBuilder<Data>()
      .saga((b) =>
        b
          .thenFn("staged", (ctx) => {
            seen.push([ctx.persistenceData, ctx.attempt, ctx.data.log]);
            return ctx.persistenceData === undefined ? ExecutionResult.persist("stage") : ExecutionResult.next();
          })
          .waitFor<string>("go", "key")
          .output((payload, data) => void data.log.push(payload))
          .thenFn("once", (ctx) => {
            if (ctx.data.log.length < 2) throw new Error("no");
          }),
      )
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { fails: true, log: [] });
    await host.publishEvent("go", "key", "first");
    await clock.advance("1s");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { log: ["first"] } });
    await host.publishEvent("go", "key", "second");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { log: ["first", "second"] } });
    expect(seen).toEqual([
      [undefined, 1, []],
      ["stage", 2, []],
      [undefined, 1, ["first"]],
      ["stage", 2, ["first"]],
    ]);
  });
});
