import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, type JsonValue, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

scenarios("the output of a result", (open) => {
  it("is merged into the data key by key, after the mappings: what is not named stays, what is named is replaced whole", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ a: number; nested: { x?: number; y?: number }; list: number[]; more?: string }>()
      .thenFn("merges", () => ExecutionResult.next({ output: { nested: { y: 2 }, list: [9], more: "new" } }))
      .output((_, data) => {
        data.a = 5;
        data.list.push(7);
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { a: 1, nested: { x: 1 }, list: [1, 2] });
    await clock.settle();

    expect(await done).toEqual({ a: 5, nested: { y: 2 }, list: [9], more: "new" });
  });

  it("of parallel branches comes to the data of that moment: none takes away what another has written", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ a: number; b: number; c: number; total: number }>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("a", () => ExecutionResult.next({ output: { a: 1 } })).output((_, data) => void (data.total += 1)))
          .branch((b) => b.thenFn("b", () => ExecutionResult.next({ output: { b: 2 } })).output((_, data) => void (data.total += 1)))
          .branch((b) => b.thenFn("c", () => ExecutionResult.outcome("any", { output: { c: 3 } })).output((_, data) => void (data.total += 1))),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { a: 0, b: 0, c: 0, total: 0 });
    await clock.settle();

    expect(await done).toEqual({ a: 1, b: 2, c: 3, total: 3 });
  });

  it.each<[string, JsonValue]>([
    ["null", null],
    ["a list", [1]],
    ["text", "text"],
    ["a number", 5],
  ])("fails the step when it is no object: %s", async (_, output) => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .thenFn("merges", () => ExecutionResult.next({ output: output as never }))
      .onError(ErrorBehavior.suspend())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: expect.stringContaining("no object") as string } });
    expect((await host.getWorkflow(id)).data).toEqual({ n: 0 });
  });

  it("fails the step when the data is no object that it could be merged into", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<number[]>()
      .thenFn("merges", () => ExecutionResult.next({ output: { length: 0 } }) as never)
      .onError(ErrorBehavior.suspend())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, [1, 2]);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: [1, 2], error: { code: "WFE_STEP_FAILED" } });
  });
});
