import { expect, it } from "vitest";
import { CancelledError, type Clock, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { endEventId, scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

interface Observed {
  readonly ran: string[];
  /** Reasons of the signals, by step. */
  readonly reasons: Map<string, unknown>;
}

/** A branch that terminates after a second, beside others of every status that a pointer can have open. */
function everything(clock: Clock): { readonly definition: WorkflowDefinition<Count>; readonly observed: Observed } {
  const observed: Observed = { ran: [], reasons: new Map() };
  const runs =
    (name: string, ms: number) =>
    async (ctx: { readonly signal: AbortSignal }): Promise<number> => {
      ctx.signal.addEventListener("abort", () => observed.reasons.set(name, ctx.signal.reason));
      await pause(clock, ms);
      observed.ran.push(name);
      return ms;
    };
  const definition = new WorkflowBuilder<Count>()
    .parallel((p) =>
      p
        .branch((b) =>
          b
            .thenFn("retries", () => {
              throw new Error("once more");
            })
            .onError(ErrorBehavior.retry({ interval: "2s", maxRetries: "unlimited" })),
        )
        .branch((b) =>
          b
            .thenFn("done", () => {})
            .ifDo(
              () => true,
              (c) =>
                c.forEach(
                  () => [1],
                  (d) => d.thenFn("nested", runs("nested", 2_000)),
                ),
            ),
        )
        .branch((b) =>
          b
            .thenFn("fails", async () => {
              await pause(clock, 1_000);
              throw new Error("declined");
            })
            .onError(ErrorBehavior.terminate()),
        )
        .branch((b) =>
          b
            .thenFn("deaf", runs("deaf", 5_000))
            .saveAs("n")
            .thenFn("behind deaf", () => void observed.ran.push("behind deaf")),
        )
        .branch((b) =>
          b.thenFn("listens", async (ctx) => {
            ctx.signal.addEventListener("abort", () => observed.reasons.set("listens", ctx.signal.reason));
            await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(new Error("called off"))));
          }),
        )
        .branch((b) => b.waitFor("go", "k").thenFn("behind waits", () => void observed.ran.push("behind waits")))
        .branch((b) => b.delay("3s").thenFn("behind delay", () => void observed.ran.push("behind delay")))
        .branch((b) => b.thenFn("has no room", () => void observed.ran.push("has no room"))),
    )
    .thenFn("joined", () => void observed.ran.push("joined"))
    .build("w", 1);
  return { definition, observed };
}

scenarios("a failure that terminates", (open) => {
  it("cancels what is open, keeps the failed pointer and what had ended, and runs nothing further", async () => {
    const { host: newHost, store, clock } = await open();
    const { definition, observed } = everything(clock);
    const { persistence } = store.open();
    await persistence.start();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentStepsPerWorkflow: 3 });
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance(999);
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["parallel", "running"],
      ["retries", "sleeping"],
      ["done", "complete"],
      ["fails", "running"],
      ["deaf", "running"],
      ["listens", "running"],
      ["waitFor go", "waitingForEvent"],
      ["delay", "sleeping"],
      ["has no room", "pending"],
      ["ifDo", "running"],
      ["forEach", "running"],
      ["nested", "pending"],
    ]);
    expect(await persistence.getSubscriptions("go", "k", new Date(clock.now()))).toHaveLength(1);

    await clock.advance(1);
    expect(await persistence.getSubscriptions("go", "k", new Date(clock.now()))).toEqual([]);
    await persistence.stop();
    await host.publishEvent("go", "k", 1);
    await clock.advance("1m");

    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["parallel", "cancelled"],
      ["retries", "cancelled"],
      ["done", "complete"],
      ["fails", "failed"],
      ["deaf", "cancelled"],
      ["listens", "cancelled"],
      ["waitFor go", "cancelled"],
      ["delay", "cancelled"],
      ["has no room", "cancelled"],
      ["ifDo", "cancelled"],
      ["forEach", "cancelled"],
      ["nested", "cancelled"],
    ]);
    expect(observed.ran).toEqual(["deaf"]); // a body that does not listen goes on, and leads to nothing
  });

  it("aborts running bodies; a late result is dropped, and what they throw for it is no failure", async () => {
    const { host: newHost, clock } = await open();
    const { definition, observed } = everything(clock);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");
    expect([...observed.reasons.keys()].toSorted()).toEqual(["deaf", "listens", "nested"]);
    for (const reason of observed.reasons.values()) expect(reason).toBeInstanceOf(CancelledError);

    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", data: { n: 0 } });
    expect((await host.getErrors(id)).map(({ step, message }) => [step, message])).toEqual([
      ["retries", "once more"],
      ["fails", "declined"],
    ]);
  });

  it("is told by the instance, by wfe.workflow.completed and by one lifecycle event", async () => {
    const { host: newHost, record, clock } = await open();
    const { definition } = everything(clock);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);
    const at = new Date(clock.now() + 1_000);
    const error = { code: "WFE_STEP_FAILED", message: "declined" };

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1m");

    const instance = await host.getWorkflow(id);
    expect(instance).toMatchObject({ status: "terminated", completedAt: at, error });
    expect(instance).not.toHaveProperty("dueAt");
    expect(await host.getEvent(endEventId(instance))).toMatchObject({
      name: "wfe.workflow.completed",
      key: id,
      time: at,
      data: { status: "terminated", data: { n: 0 }, error },
    });
    expect(events.filter(({ type }) => ["suspended", "completed", "terminated"].includes(type))).toEqual([
      { type: "terminated", workflowId: id, definitionId: "w", version: 1, at },
    ]);
    expect(events.at(-1)?.type).toBe("terminated");
  });

  it("cannot be suspended, resumed or terminated any more", async () => {
    const { host: newHost, clock } = await open();
    const { definition } = everything(clock);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    const answers = [await host.suspendWorkflow(id), await host.resumeWorkflow(id), await host.terminateWorkflow(id)];
    await clock.advance("1m");

    expect(answers).toEqual([false, false, false]);
    expect((await host.getWorkflow(id)).status).toBe("terminated");
  });

  it("ends its instance alone: others of the definition go on", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("slow", async (ctx) => {
        await pause(clock, 1_000);
        return ctx.data.n;
      })
      .saveAs("n")
      .thenFn("odd ones fail", (ctx) => {
        if (ctx.data.n % 2 === 1) throw new Error("odd");
        return ctx.data.n + 10;
      })
      .saveAs("n")
      .onError(ErrorBehavior.terminate())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const ids = await Promise.all([0, 1, 2].map((n) => host.startWorkflow(definition, { n })));
    await clock.advance("1s");

    expect((await Promise.all(ids.map(async (id) => host.getWorkflow(id)))).map(({ status, data }) => [status, data.n])).toEqual([
      ["complete", 10],
      ["terminated", 1],
      ["complete", 12],
    ]);
  });
});

scenarios("terminateWorkflow", (open) => {
  it("cancels what is open, aborts running bodies for that reason, and tells the end", async () => {
    const { host: newHost, record, clock } = await open();
    const { definition, observed } = everything(clock);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance(500);
    const at = new Date(clock.now());

    expect(await host.terminateWorkflow(id)).toBe(true);
    await clock.advance("1m");

    expect(Object.fromEntries([...observed.reasons].map(([name, reason]) => [name, (reason as CancelledError).reason]))).toEqual({
      deaf: "terminated",
      listens: "terminated",
      nested: "terminated",
    });
    const instance = await host.getWorkflow(id);
    expect(instance).toMatchObject({ status: "terminated", completedAt: at, data: { n: 0 } });
    expect(instance).not.toHaveProperty("error");
    expect(new Set((await host.getHistory(id)).map(({ status }) => status))).toEqual(new Set(["complete", "cancelled"]));
    expect((await host.getErrors(id)).map(({ step }) => step)).toEqual(["retries"]);
    expect(await host.getEvent(endEventId(instance))).toMatchObject({ key: id, time: at, data: { status: "terminated", data: { n: 0 } } });
    expect(events.filter(({ type }) => type === "terminated")).toHaveLength(1);
    expect(observed.ran).not.toContain("joined");
  });
});
