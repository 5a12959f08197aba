import { expect, it } from "vitest";
import {
  type Clock,
  defineStep,
  ErrorBehavior,
  ExecutionResult,
  type StepBody,
  type StepExecutionContext,
  TimeoutError,
  WorkflowBuilder,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

scenarios("the timeout of a step", (open) => {
  it("fails an attempt that never ends and ignores its signal, which is retried as its onError says (fault 13)", async () => {
    const { host: newHost, clock } = await open();
    const reasons: unknown[] = [];
    const definition = new WorkflowBuilder<Count>()
      .thenFn("hangs", async (ctx) => {
        ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason));
        if (ctx.attempt < 3) await new Promise(() => {});
        return ctx.attempt;
      })
      .saveAs("n")
      .timeout("10s")
      .onError(ErrorBehavior.retry({ interval: "5s" }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const began = clock.now();

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance(9_999);
    expect(await host.getErrors(id)).toEqual([]);
    expect(reasons).toEqual([]);
    await clock.advance("1m");

    const message = 'the step "hangs" took longer than its limit of 10000 ms';
    expect(await host.getErrors(id)).toMatchObject([
      { step: "hangs", attempt: 1, at: new Date(began + 10_000), code: "WFE_TIMEOUT", message },
      { step: "hangs", attempt: 2, at: new Date(began + 25_000), code: "WFE_TIMEOUT", message },
    ]);
    expect(reasons).toHaveLength(2);
    for (const reason of reasons) expect(reason).toBeInstanceOf(TimeoutError);
    expect(reasons).toMatchObject([{ message }, { message }]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 3 }, completedAt: new Date(began + 30_000) });
  });

  it("drops the late result of an attempt, also one that comes while the next attempt runs", async () => {
    const { host: newHost, clock } = await open();
    const ended: string[] = [];
    const definition = new WorkflowBuilder<Count>()
      .thenFn("slow", async (ctx) => {
        const { attempt } = ctx;
        await pause(clock, attempt === 1 ? 5_000 : 4_000);
        ended.push(`#${attempt}`);
        return attempt;
      })
      .saveAs("n")
      .output((attempt) => void ended.push(`output of #${attempt}`))
      .timeout("4500ms")
      .onError(ErrorBehavior.retry({ interval: 0 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("5s");
    expect(ended).toEqual(["#1"]);
    expect(await host.getHistory(id)).toMatchObject([{ status: "running", attempt: 2 }]);
    await clock.advance("1m");

    expect(ended).toEqual(["#1", "#2", "output of #2"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
    expect(await host.getErrors(id)).toMatchObject([{ attempt: 1, code: "WFE_TIMEOUT" }]);
  });

  it("is one failure, however the body ends after it", async () => {
    const { host: newHost, clock } = await open();
    const late: readonly ((ctx: StepExecutionContext) => Promise<void>)[] = [
      (ctx) => new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error))),
      (ctx) => new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(new Error("called off")))),
      () => pause(clock, 2_000).then(() => Promise.reject(new Error("late"))),
    ];
    for (const [index, body] of late.entries()) {
      const definition = new WorkflowBuilder<Count>().thenFn("slow", body).timeout("1s").onError(ErrorBehavior.suspend()).build(`w${index}`, 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("10s");

      expect(await host.getErrors(id)).toMatchObject([{ attempt: 1, code: "WFE_TIMEOUT" }]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_TIMEOUT" } });
    }
  });

  it("counts for each run anew: each attempt, and each run after a result", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("persists", async (ctx) => {
        await pause(clock, 900);
        if (ctx.attempt === 2) throw new Error("once");
        const runs = Number(ctx.persistenceData ?? 0);
        return runs < 3 ? ExecutionResult.persist(runs + 1) : ExecutionResult.next();
      })
      .timeout("1s")
      .onError(ErrorBehavior.retry({ interval: 0, maxRetries: 1 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("10s");

    expect(await host.getHistory(id)).toMatchObject([{ status: "complete", attempt: 5 }]);
    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["once"]);
  });

  it("does not count what a step sleeps or waits", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("sleeps and waits", (ctx) => {
        if (ctx.attempt === 1) return ExecutionResult.sleep("1m");
        return ctx.eventData === undefined ? ExecutionResult.waitForEvent("go", "k") : ExecutionResult.next();
      })
      .timeout("1s")
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("2m");
    await host.publishEvent("go", "k", 1);
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect(await host.getErrors(id)).toEqual([]);
  });

  it("leaves a run alone that ends in time, and no timer and no aborted signal behind", async () => {
    const { host: newHost, clock } = await open();
    const signals: AbortSignal[] = [];
    const definition = new WorkflowBuilder<Count>()
      .thenFn("quick", async (ctx) => {
        signals.push(ctx.signal);
        await pause(clock, 999);
      })
      .timeout("1s")
      .waitFor("never", "k")
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance(999);
    const before = clock.pendingTimers;

    await clock.advance("1m");

    expect(clock.pendingTimers).toBe(before);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    expect((await host.getWorkflow(id)).status).toBe("runnable");
    expect(await host.getErrors(id)).toEqual([]);
  });

  it("holds for classes and function steps as well", async () => {
    const { host: newHost, clock } = await open();
    const reasons: unknown[] = [];
    const hang = (ctx: StepExecutionContext): Promise<never> => {
      ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason));
      return new Promise(() => {});
    };
    class Hangs implements StepBody<Count> {
      run = async (ctx: StepExecutionContext<Count>): Promise<ExecutionResult> => hang(ctx);
    }
    const hangs = defineStep("hangs", (_input: number, ctx) => hang(ctx));
    const definition = new WorkflowBuilder<Count>()
      .defaultErrorBehavior(ErrorBehavior.suspend())
      .parallel((p) => p.branch((b) => b.then(Hangs).timeout("1s")).branch((b) => b.then(hangs, (data) => data.n).timeout("1s")))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    expect((await host.getErrors(id)).map(({ step, code }) => [step, code])).toEqual([
      ["Hangs", "WFE_TIMEOUT"],
      ["hangs", "WFE_TIMEOUT"],
    ]);
    for (const reason of reasons) expect(reason).toBeInstanceOf(TimeoutError);
    expect(reasons).toHaveLength(2);
  });

  it("lets other branches and other instances go on meanwhile", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("hangs", () => new Promise<void>(() => {}))
              .timeout("1m")
              .onError(ErrorBehavior.suspend()),
          )
          .branch((b) =>
            b.whileDo(
              (data) => data.n < 10,
              (c) =>
                c
                  .thenFn("counts", async (ctx) => {
                    await pause(clock, 1_000);
                    return ctx.data.n + 1;
                  })
                  .saveAs("n"),
            ),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const ids = await Promise.all([0, 3].map((n) => host.startWorkflow(definition, { n })));
    await clock.advance("10s");

    expect((await Promise.all(ids.map(async (id) => host.getWorkflow(id)))).map(({ status, data }) => [status, data.n])).toEqual([
      ["runnable", 10],
      ["runnable", 10],
    ]);
    await clock.advance("50s");
    expect((await Promise.all(ids.map((id) => host.getWorkflow(id)))).map(({ status }) => status)).toEqual(["suspended", "suspended"]);
  });

  it("ends a run that has begun also when a sibling has suspended the instance meanwhile, and the retry waits for resume", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("hangs", async (ctx) => {
                if (ctx.attempt === 1) await new Promise(() => {});
              })
              .timeout("10s")
              .onError(ErrorBehavior.retry({ interval: "1s" })),
          )
          .branch((b) =>
            b
              .thenFn("fails once", (ctx) => {
                if (ctx.attempt === 1) throw new Error("once");
              })
              .onError(ErrorBehavior.suspend()),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { n: 0 });

    await clock.advance("30s");
    expect((await host.getErrors(id)).map(({ step, code }) => [step, code])).toEqual([
      ["fails once", "WFE_STEP_FAILED"],
      ["hangs", "WFE_TIMEOUT"],
    ]);
    expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["running", "sleeping", "failed"]);
    await host.resumeWorkflow(id);
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});
