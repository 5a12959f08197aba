import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const start: Data = { n: 0, seen: [] };

scenarios("branch", (open) => {
  it("runs the children once for each value, all at once, and without state the step has finished then", async () => {
    const { host: newHost, clock } = await open();
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
    let runs = 0;
    const definition = w()
      .thenFn("splits", () => {
        runs += 1;
        return ExecutionResult.branch([300, 100, 200]);
      })
      .children((b) =>
        b
          .thenFn("child", (ctx) => pause(ctx.item as number))
          .thenFn("grandchild", (ctx) => `${ctx.index}: ${JSON.stringify(ctx.item)}`)
          .output(add),
      )
      .thenFn("after", () => "after")
      .output(add)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, start);
    await clock.advance(299);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { seen: ["1: 100", "2: 200"] } });
    await clock.advance(1);

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["1: 100", "2: 200", "0: 300", "after"] } });
    expect(runs).toBe(1);
  });

  it("with state runs the step again after the children, as often as it branches", async () => {
    const { host: newHost, clock } = await open();
    const runs: unknown[] = [];
    const definition = w()
      .thenFn("rounds", (ctx) => {
        runs.push([ctx.attempt, ctx.idempotencyKey, ctx.persistenceData, ctx.data.seen.length]);
        const round = Number(ctx.persistenceData ?? 0);
        return round < 2 ? ExecutionResult.branch(["a", "b"], round + 1) : ExecutionResult.next();
      })
      .output((_, data) => add("output", data))
      .children((b) => b.thenFn("child", (ctx) => String(ctx.item)).output(add))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, start, { id: "x" });
    await clock.settle();

    expect((await done).seen).toEqual(["a", "b", "a", "b", "output"]);
    expect(runs).toEqual([
      [1, "x/1/0", undefined, 0],
      [2, "x/1/1", 1, 2],
      [3, "x/1/2", 2, 4],
    ]);
  });

  it("over no values has finished at once without state, and runs again at once with it", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("without", () => ExecutionResult.branch([]))
      .children((b) => b.thenFn("never", () => "never").output(add))
      .thenFn("with", (ctx) => (ctx.attempt === 1 ? ExecutionResult.branch([], "state") : ExecutionResult.next()))
      .output((_, data, ctx) => add(`with ${JSON.stringify(ctx.persistenceData)} at attempt ${ctx.attempt}`, data))
      .children((b) => b.thenFn("never", () => "never").output(add))
      .thenFn("after", () => "after")
      .output(add)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const before = clock.now();

    const done = host.runWorkflow(definition, start);
    await clock.settle();

    expect((await done).seen).toEqual(['with "state" at attempt 2', "after"]);
    expect(clock.now()).toBe(before);
  });

  it("without state has finished after the children also when the step has persisted before", async () => {
    const { host: newHost, clock } = await open();
    let runs = 0;
    const definition = w()
      .thenFn("persists", (ctx) => {
        runs += 1;
        return ctx.persistenceData === undefined ? ExecutionResult.persist("state") : ExecutionResult.branch(["a", "b"]);
      })
      .children((b) => b.thenFn("child", (ctx) => String(ctx.item)).output(add))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, start);
    await clock.settle();

    expect((await done).seen).toEqual(["a", "b"]);
    expect(runs).toBe(2);
  });

  it("nests: children may branch, and hold containers, and items are those of the innermost", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("outer", () => ExecutionResult.branch(["x", "y"]))
      .children((b) =>
        b
          .thenFn("inner", (ctx) => {
            const item = String(ctx.item);
            return ctx.persistenceData === undefined ? ExecutionResult.branch([`${item}1`, `${item}2`], "state") : ExecutionResult.next();
          })
          .output((_, data, ctx) => add(`inner ${String(ctx.item)} at ${ctx.index}`, data))
          .children((c) =>
            c.forEach(
              (_data, ctx) => [`${String(ctx.item)}a`, `${String(ctx.item)}b`],
              (d) => d.thenFn("leaf", (ctx) => `${ctx.item} at ${ctx.index}`).output(add),
              { parallel: false },
            ),
          )
          .thenFn("behind inner", (ctx) => `behind ${String(ctx.item)}`)
          .output(add),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, start);
    await clock.settle();

    const { seen } = await done;
    expect(seen.filter((text) => text.includes("x"))).toEqual(["x1a at 0", "x2a at 0", "x1b at 1", "x2b at 1", "inner x at 0", "behind x"]);
    expect(seen.filter((text) => text.includes("y"))).toEqual(["y1a at 0", "y2a at 0", "y1b at 1", "y2b at 1", "inner y at 1", "behind y"]);
    expect(seen).toHaveLength(12);
  });

  it("is open until a failed child is mended", async () => {
    const { host: newHost, clock } = await open();
    let broken = true;
    const definition = w()
      .thenFn("splits", () => ExecutionResult.branch([1, 2]))
      .children((b) =>
        b
          .thenFn("child", (ctx) => {
            if (ctx.item === 2 && broken) throw new Error("broken");
            return `child ${String(ctx.item)}`;
          })
          .output(add),
      )
      .onError(ErrorBehavior.suspend())
      .thenFn("after", () => "after")
      .output(add)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ["child 1"] } });

    broken = false;
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["child 1", "child 2", "after"] } });
  });

  it("fails the step without a retry when it has no children, and when the values are no list", async () => {
    const { host: newHost, clock } = await open();
    const retried = ErrorBehavior.retry({ interval: 0, maxRetries: 2 });
    const childless = w()
      .thenFn("childless", () => ExecutionResult.branch([1]))
      .onError(retried)
      .build("childless", 1);
    const listless = w()
      .thenFn("listless", () => ExecutionResult.branch("abc" as never))
      .children((b) => b.thenFn("child", () => {}))
      .onError(retried)
      .build("listless", 1);
    const host = await newHost((h) => {
      h.registerWorkflowDefinition(childless);
      h.registerWorkflowDefinition(listless);
    });

    const ids = await Promise.all([host.startWorkflow(childless, start), host.startWorkflow(listless, start)]);
    await clock.settle();

    const messages = await Promise.all(ids.map(async (id) => (await host.getErrors(id)).map(({ message }) => message)));
    expect(messages[0]).toEqual([expect.stringContaining("has no block to run")]);
    expect(messages[1]).toEqual([expect.stringContaining("something that is no array")]);
    expect(await Promise.all(ids.map(async (id) => (await host.getWorkflow(id)).status))).toEqual(["suspended", "suspended"]);
  });
});
