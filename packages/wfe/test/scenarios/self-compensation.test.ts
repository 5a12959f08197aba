import { expect, it } from "vitest";
import { type BranchBuilder, type Chain, ErrorBehavior, ExecutionResult, type StepBuilder, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

const w = (): WorkflowBuilder<Traced> => new WorkflowBuilder<Traced>();

/** A step that undoes itself, and one behind it. */
const undoesItself = (trace: Trace) => (b: BranchBuilder<Traced>) =>
  b
    .thenFn(...trace.fails("a"))
    .compensateWithFn(...trace.undoes("a"))
    .thenFn(...trace.does("b"));

const LINES = ["a fails", "undo a", "b", "behind"];

scenarios("a step with a compensator outside any saga", (open) => {
  it("undoes itself when it fails, alone, and the flow goes on behind it with the error kept", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .thenFn(...trace.does("before"))
      .compensateWithFn(...trace.undoes("before"))
      .thenFn(...trace.fails("a"))
      .compensateWithFn("undo a", (ctx) => {
        trace.lines.push(`undo ${ctx.compensates?.pointer.stepName} for ${ctx.compensates?.error.message}`);
      })
      .thenFn(...trace.does("b"))
      .build("w", 1);
    const host = await scenario.host((h) => h.registerWorkflowDefinition(definition));
    const events = scenario.record(host);

    const id = await host.startWorkflow(definition, { n: 0 });
    await scenario.clock.settle();

    expect(trace.lines).toEqual(["before", "a fails", "undo a for no a", "b"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no a" } });
    expect(await statuses(host, id)).toEqual(["before complete", "a compensated", "undo a complete", "b complete"]);
    expect(await failures(host, id)).toEqual(["no a"]);
    expect(events.flatMap((event) => ("step" in event ? [`${event.type} ${event.step}`] : []))).toEqual([
      ...["stepStarted before", "stepCompleted before", "stepStarted a", "error a"],
      ...["stepStarted undo a", "stepCompleted undo a", "stepCompensated a", "stepStarted b", "stepCompleted b"],
    ]);
  });

  it("does so in every kind of container, which ends normally", async () => {
    const kinds: Record<string, (b: WorkflowBuilder<Traced>, block: (b: BranchBuilder<Traced>) => Chain) => StepBuilder<Traced, unknown, Traced>> = {
      ifDo: (b, block) => b.ifDo(() => true, block),
      otherwise: (b, block) =>
        b.ifDo(
          () => false,
          (x) => x.thenFn("no", () => {}),
          block,
        ),
      whileDo: (b, block) =>
        b.whileDo(
          (data) => data.n === 0,
          (x) =>
            x
              .use(block)
              .thenFn("one", () => 1)
              .saveAs("n"),
        ),
      forEach: (b, block) => b.forEach(() => [1], block as never),
      sequentialForEach: (b, block) => b.forEach(() => [1], block as never, { parallel: false }),
      parallel: (b, block) => b.parallel((p) => p.branch(block)),
      decide: (b, block) =>
        b.decide(
          () => "x",
          (d) => d.case("x", block).otherwise((x) => x.thenFn("no", () => {})),
        ),
      onOutcome: (b, block) => b.thenFn("o", () => ExecutionResult.outcome("x")).onOutcome("x", block),
      onTimeout: (b, block) => b.waitFor("never", "key", { timeout: 0 }).onTimeout(block),
    };
    for (const [kind, build] of Object.entries(kinds)) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = build(w(), undoesItself(trace))
        .thenFn(...trace.does("behind"))
        .build("w", 1);

      const { host, id } = await begin(scenario, definition);

      expect([kind, ...trace.lines]).toEqual([kind, ...LINES]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no a" } });
      const open_ = (await statuses(host, id)).filter((line) => !/complete$|compensated$|skipped$/.test(line));
      expect([kind, ...open_]).toEqual([kind]);
    }
  });

  it("does so in a scheduled block and in each run of a recurrence, which goes on", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .schedule("1s", undoesItself(trace))
      .recur(
        "10s",
        (data) => data.n === 2,
        (b) =>
          b
            .thenFn("count", (ctx) => ctx.data.n + 1)
            .saveAs("n")
            .thenFn(...trace.fails("r"))
            .compensateWithFn(...trace.undoes("r"))
            .thenFn(...trace.does("s")),
      )
      .thenFn(...trace.does("behind"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("1m");

    expect(trace.lines.toSorted()).toEqual(["a fails", "b", "behind", "r fails", "r fails", "s", "s", "undo a", "undo r", "undo r"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("ends a run of a recurrence when it is to compensate and has nothing to compensate with, and goes on elsewhere", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .recur(
        "10s",
        (data) => data.n === 2,
        (b) =>
          b
            .thenFn("count", (ctx) => ctx.data.n + 1)
            .saveAs("n")
            .thenFn(...trace.fails("r"))
            .onError(ErrorBehavior.compensate())
            .thenFn(...trace.does("never")),
      )
      .thenFn(...trace.fails("a"))
      .onError(ErrorBehavior.compensate())
      .thenFn(...trace.does("b"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("1m");

    expect(trace.lines.toSorted()).toEqual(["a fails", "b", "r fails", "r fails"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("does so for each failing iteration alone, the others go on", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .forEach(
        () => [1, 2, 3],
        (b) =>
          b
            .thenFn("each", (ctx) => {
              if (ctx.item === 2) throw new Error("no 2");
              trace.lines.push(`each ${ctx.item}`);
            })
            .compensateWithFn(...trace.undoesItem("each"))
            .thenFn(...trace.doesItem("next")),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines.toSorted()).toEqual(["each 1", "each 3", "next 1", "next 2", "next 3", "undo each 2"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("is retried first where it says so, and undone when the retries are used up", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .thenFn(...trace.fails("a"))
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .compensateWithFn(...trace.undoes("a"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("5s");

    expect(trace.lines).toEqual(["a fails", "a fails", "undo a"]);
    expect(await failures(host, id)).toEqual(["no a", "no a"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("goes on behind a whole sequence of compensation, through retries, suspensions and resumes of it", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .defaultErrorBehavior(ErrorBehavior.suspend())
      .thenFn(...trace.fails("a"))
      .compensateWithSequence((c) =>
        c
          .thenFn(...trace.does("one"))
          .thenFn(...trace.fails("two", { times: 1 }))
          .delay("1m")
          .thenFn(...trace.does("three")),
      )
      .thenFn(...trace.does("b"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "no a" } });
    await host.resumeWorkflow(id);
    await scenario.clock.advance("30s");
    await host.suspendWorkflow(id);
    await host.resumeWorkflow(id);
    await scenario.clock.advance("30s");

    expect(trace.lines).toEqual(["a fails", "one", "two fails", "two", "three", "b"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no a" } });
    expect((await statuses(host, id))[0]).toBe("a compensated");
  });

  it("does not undo itself when it is to suspend or to terminate", async () => {
    for (const behavior of [ErrorBehavior.suspend(), ErrorBehavior.terminate()]) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = w()
        .thenFn(...trace.fails("a"))
        .onError(behavior)
        .compensateWithFn(...trace.undoes("a"))
        .build("w", 1);

      const { host, id } = await begin(scenario, definition);

      expect(trace.lines).toEqual(["a fails"]);
      expect(await host.getWorkflow(id)).toMatchObject({
        status: behavior.kind === "suspend" ? "suspended" : "terminated",
        error: { message: "no a" },
      });
      expect(await statuses(host, id)).toEqual(["a failed"]);
    }
  });
});
