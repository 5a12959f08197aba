import { expect, it } from "vitest";
import { defineStep, ExecutionResult, type StepBody, type StepExecutionContext, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Trace {
  seen: string[];
}

const trace = (b: { seen: string[] }, text: string): void => void b.seen.push(text);

scenarios("flow", (open) => {
  it("runs steps one after the other and gives the data", async () => {
    const { host: newHost, clock } = await open();
    class Double implements StepBody<{ n: number }> {
      value = 0;
      run = (): ExecutionResult => {
        this.value *= 2;
        return ExecutionResult.next();
      };
    }
    const add = defineStep("add", (input: { to: number; by: number }) => input.to + input.by);
    const definition = new WorkflowBuilder<{ n: number }>()
      .thenFn("one", () => 1)
      .saveAs("n")
      .then(Double)
      .input((step, data) => void (step.value = data.n))
      .output((step, data) => void (data.n = step.value))
      .then(add, (data) => ({ to: data.n, by: 40 }))
      .output((sum, data) => void (data.n = sum))
      .build("linear", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { n: 0 });
    await clock.settle();

    expect(await done).toEqual({ n: 42 });
  });

  it("runs the then block of an ifDo whose condition holds, and the otherwise block of one that does not", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Trace & { yes: boolean }>()
      .ifDo(
        (data) => data.yes,
        (b) =>
          b
            .thenFn("then 1", () => "then 1")
            .output((t, d) => trace(d, t))
            .thenFn("then 2", () => "then 2")
            .output((t, d) => trace(d, t)),
        (b) => b.thenFn("otherwise", () => "otherwise").output((t, d) => trace(d, t)),
      )
      .thenFn("after", () => "after")
      .output((t, d) => trace(d, t))
      .build("if", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const both = Promise.all([host.runWorkflow(definition, { seen: [], yes: true }), host.runWorkflow(definition, { seen: [], yes: false })]);
    await clock.settle();

    expect(await both).toEqual([
      { yes: true, seen: ["then 1", "then 2", "after"] },
      { yes: false, seen: ["otherwise", "after"] },
    ]);
  });

  it("runs a whileDo as often as its condition holds", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .whileDo(
        (data) => data.n < 5,
        (b) => b.thenFn("add", (ctx) => ctx.data.n + 1).saveAs("n"),
      )
      .build("while", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { n: 0 });
    await clock.settle();

    expect(await done).toEqual({ n: 5 });
  });

  it("runs a sequential forEach in order, nested in another, with item and index of the innermost", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Trace & { rows: string[][] }>()
      .forEach(
        (data) => data.rows,
        (b) =>
          b
            .thenFn("row", (ctx) => `row ${ctx.index} of ${ctx.item.length}`)
            .output((t, d) => trace(d, t))
            .forEach(
              (_data, ctx) => ctx.item,
              (c) => c.thenFn("cell", (ctx) => `${ctx.index}:${ctx.item}`).output((t, d) => trace(d, t)),
              { parallel: false },
            ),
        { parallel: false },
      )
      .build("rows", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { seen: [], rows: [["a", "b"], [], ["c"]] });
    await clock.settle();

    expect((await done).seen).toEqual(["row 0 of 2", "0:a", "1:b", "row 1 of 0", "row 2 of 1", "0:c"]);
  });

  it("runs the iterations of a parallel forEach and the branches of a parallel at the same time, and joins", async () => {
    const { host: newHost, clock } = await open();
    let running = 0;
    let most = 0;
    const work = async (ctx: StepExecutionContext): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => clock.setTimer(10, resolve));
      running -= 1;
      void ctx;
    };
    const definition = new WorkflowBuilder<Trace & { items: number[] }>()
      .forEach(
        (data) => data.items,
        (b) =>
          b
            .thenFn("work", work)
            .thenFn("note", (ctx) => `item ${ctx.item}`)
            .output((t, d) => trace(d, t)),
      )
      .thenFn("joined", () => "joined")
      .output((t, d) => trace(d, t))
      .parallel((p) => p.branch((b) => b.thenFn("left", work)).branch("named", (b) => b.thenFn("right", work)))
      .build("parallel", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentStepsPerWorkflow: 3 });

    const done = host.runWorkflow(definition, { seen: [], items: [1, 2, 3, 4, 5] });
    await clock.advance("1s");

    const { seen } = await done;
    expect(seen.slice(0, 5).sort()).toEqual(["item 1", "item 2", "item 3", "item 4", "item 5"]);
    expect(seen[5]).toBe("joined");
    expect(most).toBe(3);
  });

  it("waits out a delay of 30 days, and runs no pass meanwhile", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .delay("30d")
      .thenFn("after", () => 1)
      .saveAs("n")
      .build("delay", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h" });
    const started = clock.now();

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("29d");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", dueAt: new Date(started + 30 * 86_400_000) });
    await clock.advance("25h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
  });

  it("routes by outcome into the block of an equal value, and joins", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Trace & { kind: string }>()
      .thenFn("route", (ctx) =>
        ctx.data.kind === "a" ? ExecutionResult.outcome("a") : ctx.data.kind === "b" ? ExecutionResult.outcome("b") : ExecutionResult.outcome("c"),
      )
      .onOutcome("a", (b) => b.thenFn("in a", () => "in a").output((t, d) => trace(d, t)))
      .onOutcome("b", (b) => b.thenFn("in b", () => "in b").output((t, d) => trace(d, t)))
      .thenFn("after", () => "after")
      .output((t, d) => trace(d, t))
      .build("outcomes", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const all = Promise.all(["a", "b", "c"].map((kind) => host.runWorkflow(definition, { seen: [], kind })));
    await clock.settle();

    expect((await all).map(({ seen }) => seen)).toEqual([["in a", "after"], ["in b", "after"], ["after"]]);
  });

  it("keeps persisted state between runs of a step, sleeps, waits and branches from a custom step", async () => {
    const { host: newHost, clock } = await open();
    class Custom implements StepBody<Trace> {
      note = "";
      run = (ctx: StepExecutionContext<Trace>): ExecutionResult => {
        const stage = (ctx.persistenceData ?? 0) as number;
        this.note = `attempt ${ctx.attempt}, stage ${stage}, event ${JSON.stringify(ctx.eventData)}`;
        if (stage === 0) return ExecutionResult.persist(1);
        if (stage === 1) return ExecutionResult.sleep("1h", 2);
        if (stage === 2 && ctx.eventData === undefined) return ExecutionResult.waitForEvent("go", "k");
        if (stage === 2) return ExecutionResult.branch(["x", "y"], 3);
        return ExecutionResult.next();
      };
    }
    const definition = new WorkflowBuilder<Trace>()
      .then(Custom)
      .output((step, d) => trace(d, step.note))
      .children((b) => b.thenFn("child", (ctx) => `child ${JSON.stringify(ctx.item)}`).output((t, d) => trace(d, t)))
      .build("custom", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { seen: [] });
    await clock.advance("2h");
    await host.publishEvent("go", "k", { now: true });
    await clock.advance("1s");

    expect((await done).seen).toEqual(['child "x"', 'child "y"', "attempt 5, stage 3, event undefined"]);
  });
});
