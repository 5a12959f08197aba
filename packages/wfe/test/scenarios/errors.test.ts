import { expect, it } from "vitest";
import { type Block, type Clock, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

interface Trace {
  seen: string[];
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const add = (text: string, data: Trace): void => void data.seen.push(text);

/**
 * A branch that fails after a second unless it is mended, beside others that run, wait and sleep. What has run stands in the data, bodies
 * in `ran` as they begin.
 */
function beside(clock: Clock, ran: string[], isBroken: () => boolean): WorkflowDefinition<Trace> {
  const note = (text: string) => (): string => {
    ran.push(text);
    return text;
  };
  return new WorkflowBuilder<Trace>()
    .parallel((p) =>
      p
        .branch((b) =>
          b
            .thenFn("broken", async (ctx) => {
              ran.push(`broken #${ctx.attempt}`);
              await pause(clock, 1_000);
              if (isBroken()) throw new Error(`declined #${ctx.attempt}`);
              return "mended";
            })
            .output(add)
            .onError(ErrorBehavior.suspend()),
        )
        .branch((b) =>
          b
            .thenFn("long", async () => {
              ran.push("long");
              await pause(clock, 5_000);
              return "long";
            })
            .output(add)
            .ifDo(
              () => true,
              (c) => c.thenFn("after long", note("after long")).output(add),
            ),
        )
        .branch((b) => b.waitFor("go", "k").thenFn("after event", note("after event")).output(add))
        .branch((b) => b.delay("10s").thenFn("after delay", note("after delay")).output(add)),
    )
    .thenFn("joined", note("joined"))
    .output(add)
    .build("w", 1);
}

scenarios("a failure that suspends", (open) => {
  it("is in the instance with its commit, keeps it open, and is gone after resume", async () => {
    const { host: newHost, record, clock } = await open();
    let broken = true;
    const definition = new WorkflowBuilder<Count>()
      .thenFn("charge", (ctx) => {
        if (broken) throw new Error("declined");
        return ctx.attempt;
      })
      .onError(ErrorBehavior.suspend())
      .saveAs("n")
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);
    const at = new Date(clock.now());

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.settle();
    const suspended = await host.getWorkflow(id);
    expect(suspended).toMatchObject({ status: "suspended", data: { n: 0 }, error: { code: "WFE_STEP_FAILED", message: "declined" } });
    expect(suspended).not.toHaveProperty("completedAt");
    expect(suspended).not.toHaveProperty("dueAt");
    expect(await host.getHistory(id)).toMatchObject([{ stepName: "charge", status: "failed", attempt: 1, retryCount: 0, endedAt: at }]);
    expect(events.slice(2)).toMatchObject([
      { type: "error", step: "charge", attempt: 1, error: { code: "WFE_STEP_FAILED", message: "declined" }, at },
      { type: "suspended", workflowId: id, at },
    ]);
    await clock.advance("1h");
    expect(await host.getHistory(id)).toMatchObject([{ status: "failed", attempt: 1 }]);
    broken = false;
    expect(await host.resumeWorkflow(id)).toBe(true);
    await clock.settle();

    const complete = await host.getWorkflow(id);
    expect(complete).toMatchObject({ status: "complete", data: { n: 2 }, completedAt: new Date(clock.now()) });
    expect(complete).not.toHaveProperty("error");
    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["declined"]);
  });

  it("lets running siblings finish and commits them, and starts nothing, whatever comes due or is published meanwhile", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const definition = beside(clock, ran, () => true);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { seen: [] });

    await clock.advance("1s");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: [] } });
    await host.publishEvent("go", "k", 1);
    await clock.advance("20s");

    expect(ran).toEqual(["broken #1", "long"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ["long"] }, error: { message: "declined #1" } });
    expect((await host.getHistory(id)).map(({ stepName, status, attempt }) => [stepName, status, attempt])).toEqual([
      ["parallel", "running", 1],
      ["broken", "failed", 1],
      ["long", "complete", 1],
      ["waitFor go", "waitingForEvent", 1],
      ["delay", "sleeping", 1],
      ["ifDo", "pending", 0],
    ]);
  });

  it("is run again by resume with what waits, and what came due or was published meanwhile goes on at once", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    let broken = true;
    const definition = beside(clock, ran, () => broken);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("3s");
    await host.publishEvent("go", "k", 1);
    await clock.advance("20s");
    ran.length = 0;

    broken = false;
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(ran.toSorted()).toEqual(["after delay", "after event", "after long", "broken #2"]);
    await clock.advance("1s");
    const end = await host.getWorkflow(id);
    expect(end.status).toBe("complete");
    expect(end.data.seen.toSorted()).toEqual(["after delay", "after event", "after long", "joined", "long", "mended"]);
    expect(end.data.seen.slice(-2)).toEqual(["mended", "joined"]);
  });

  it("is run again by resume while a sibling still runs, which is not disturbed", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    let broken = true;
    const definition = beside(clock, ran, () => broken);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("2s");

    broken = false;
    await host.resumeWorkflow(id);
    await clock.settle();
    expect(ran).toEqual(["broken #1", "long", "broken #2"]);
    expect((await host.getHistory(id)).slice(1, 3)).toMatchObject([
      { stepName: "broken", status: "running", attempt: 2 },
      { stepName: "long", status: "running", attempt: 1 },
    ]);
    await clock.advance("3s");

    expect(ran).toEqual(["broken #1", "long", "broken #2", "after long"]);
    expect((await host.getWorkflow(id)).data.seen).toEqual(["mended", "long", "after long"]);
  });

  it("counts attempts on and retries anew after resume", async () => {
    const { host: newHost, clock } = await open();
    const counts: (readonly [number, number])[] = [];
    const definition = new WorkflowBuilder<Count>()
      .thenFn("broken", (ctx) => {
        counts.push([ctx.attempt, ctx.pointer.retryCount]);
        throw new Error("declined");
      })
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("5s");

    await host.resumeWorkflow(id);
    await clock.advance("5s");

    expect(counts).toEqual([
      [1, 0],
      [2, 1],
      [3, 0],
      [4, 1],
    ]);
    expect((await host.getErrors(id)).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  it("is the error of the instance when others fail after it, and resume runs them all again", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const fails = (b: Parameters<Block<Trace, unknown>>[0], name: string, ms: number) =>
      b.thenFn(name, async (ctx) => {
        await pause(clock, ms);
        ran.push(`${name} #${ctx.attempt}`);
        if (ctx.attempt === 1) throw new Error(`${name} failed`);
      });
    const definition = new WorkflowBuilder<Trace>()
      .defaultErrorBehavior(ErrorBehavior.suspend())
      .parallel((p) =>
        p
          .branch((b) => fails(b, "late", 3_000))
          .branch((b) => fails(b, "first", 1_000))
          .branch((b) => fails(b, "retried", 2_000).onError(ErrorBehavior.retry({ interval: "1s" })))
          .branch((b) => fails(b, "terminating", 4_000).onError(ErrorBehavior.terminate())),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("20s");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "first failed" } });
    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["first failed", "retried failed", "late failed", "terminating failed"]);
    expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["running", "failed", "failed", "sleeping", "failed"]);

    await host.resumeWorkflow(id);
    await clock.advance("20s");

    expect(ran.slice(4)).toEqual(["first #2", "retried #2", "late #2", "terminating #2"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("under a suspension by command stays what the command made of it, whatever its behavior, until resume", async () => {
    const { host: newHost, record, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("broken", async () => {
        await pause(clock, 2_000);
        throw new Error("declined");
      })
      .onError(ErrorBehavior.terminate())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    await host.suspendWorkflow(id);
    await clock.advance("5s");
    expect((await host.getWorkflow(id)).status).toBe("suspended");
    expect(await host.getHistory(id)).toMatchObject([{ status: "failed" }]);
    await host.resumeWorkflow(id);
    await clock.advance("1s");
    expect(await host.getHistory(id)).toMatchObject([{ status: "running", attempt: 2 }]);
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", error: { message: "declined" } });
    expect(events.map(({ type }) => type)).toEqual(["started", "stepStarted", "suspended", "error", "resumed", "stepStarted", "error", "terminated"]);
  });

  it("is no matter of other instances, which go on", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("add", (ctx) => {
        if (ctx.data.n % 2 === 1) throw new Error("odd");
        return ctx.data.n + 10;
      })
      .saveAs("n")
      .onError(ErrorBehavior.suspend())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const ids = await Promise.all([0, 1, 2, 3, 4].map((n) => host.startWorkflow(definition, { n })));
    await clock.settle();

    const ends = await Promise.all(ids.map(async (id) => host.getWorkflow(id)));
    expect(ends.map(({ status, data }) => [status, data.n])).toEqual([
      ["complete", 10],
      ["suspended", 1],
      ["complete", 12],
      ["suspended", 3],
      ["complete", 14],
    ]);
  });
});
