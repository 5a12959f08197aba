import { expect, it } from "vitest";
import { type BranchBuilder, type Chain, ErrorBehavior, NonRetryableError, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

const retry = (more: Partial<Parameters<typeof ErrorBehavior.retry>[0]> = {}) => ErrorBehavior.retry({ interval: "1s", maxRetries: 1, ...more });

interface Levels {
  readonly step?: ErrorBehavior;
  readonly container?: ErrorBehavior;
  readonly outer?: ErrorBehavior;
  readonly fallback?: ErrorBehavior;
}

/** A step that fails in an `ifDo` in a saga in an `ifDo`, each with a behavior or none. */
function failing(trace: Trace, { step, container, outer, fallback }: Levels): WorkflowDefinition<Traced> {
  const builder = new WorkflowBuilder<Traced>();
  if (fallback !== undefined) builder.defaultErrorBehavior(fallback);
  const inner = (b: BranchBuilder<Traced>): Chain => {
    const fails = b.thenFn(...trace.fails("b"));
    return step === undefined ? fails : fails.onError(step);
  };
  const saga = (b: BranchBuilder<Traced>): Chain =>
    b.saga((s) => {
      const within = s
        .thenFn(...trace.does("a"))
        .compensateWithFn(...trace.undoes("a"))
        .ifDo(() => true, inner);
      return container === undefined ? within : within.onError(container);
    });
  const around = builder.ifDo(() => true, saga);
  return (outer === undefined ? around : around.onError(outer)).thenFn(...trace.does("after")).build("w", 1);
}

const COMPENSATED = ["a", "b fails", "undo a", "after"];
const RETRIED = ["a", "b fails", "b fails", "undo a", "after"];

scenarios("the error behavior of a step in a saga", (open) => {
  it("is its own, that of the nearest container, else compensate; the definition's does not count", async () => {
    const cases: readonly (readonly [levels: Levels, lines: readonly string[], status: string])[] = [
      [{}, COMPENSATED, "complete"],
      [{ fallback: ErrorBehavior.terminate() }, COMPENSATED, "complete"],
      [{ fallback: retry() }, COMPENSATED, "complete"],
      [{ step: ErrorBehavior.compensate(), container: ErrorBehavior.terminate() }, COMPENSATED, "complete"],
      [{ container: ErrorBehavior.compensate(), outer: ErrorBehavior.terminate() }, COMPENSATED, "complete"],
      [{ outer: ErrorBehavior.compensate(), fallback: ErrorBehavior.terminate() }, COMPENSATED, "complete"],
      [{ step: ErrorBehavior.terminate() }, ["a", "b fails"], "terminated"],
      [{ container: ErrorBehavior.terminate() }, ["a", "b fails"], "terminated"],
      [{ outer: ErrorBehavior.terminate() }, ["a", "b fails"], "terminated"],
      [{ step: ErrorBehavior.suspend() }, ["a", "b fails"], "suspended"],
      [{ container: ErrorBehavior.suspend() }, ["a", "b fails"], "suspended"],
      // Retries used up lead to compensation where that is the default.
      [{ step: retry() }, RETRIED, "complete"],
      [{ container: retry() }, RETRIED, "complete"],
      [{ outer: retry() }, RETRIED, "complete"],
      [{ step: retry({ onExhausted: "compensate" }) }, RETRIED, "complete"],
      [{ step: retry({ onExhausted: "suspend" }) }, ["a", "b fails", "b fails"], "suspended"],
      [{ container: retry({ onExhausted: "suspend" }) }, ["a", "b fails", "b fails"], "suspended"],
      [{ step: retry({ onExhausted: "terminate" }) }, ["a", "b fails", "b fails"], "terminated"],
    ];
    for (const [levels, lines, status] of cases) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);

      const { host, id } = await begin(scenario, failing(trace, levels));
      await scenario.clock.advance("5s");

      expect([levels, trace.lines]).toEqual([levels, lines]);
      expect(await host.getWorkflow(id)).toMatchObject({ status, error: { message: "no b" } });
      // Exactly one record for each attempt.
      expect(await failures(host, id)).toEqual(lines.filter((line) => line === "b fails").map(() => "no b"));
    }
  });

  it("is not asked when the error cannot be retried: what follows the last retry follows at once", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = new WorkflowBuilder<Traced>()
      .saga((s) =>
        s
          .thenFn(...trace.does("a"))
          .compensateWithFn(...trace.undoes("a"))
          .thenFn("b", () => {
            throw new NonRetryableError("never");
          })
          .onError(retry({ maxRetries: "unlimited" })),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["a", "undo a"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("holds for failing inputs, outputs, conditions and selectors of the steps inside, too", async () => {
    const no = (): never => {
      throw new Error("no");
    };
    const failures_: Record<string, (b: BranchBuilder<Traced>) => Chain> = {
      output: (b) => b.thenFn("x", () => 1).output(no),
      when: (b) => b.thenFn("x", () => {}).when(no),
      condition: (b) => b.ifDo(no, (x) => x.thenFn("never", () => {})),
      delay: (b) => b.delay(no),
      key: (b) => b.waitFor("e", no),
      decide: (b) =>
        b.decide(no as () => string, (d) => d.case("x", (x) => x.thenFn("never", () => {})).otherwise((x) => x.thenFn("never", () => {}))),
      timeout: (b) => b.waitFor("e", "k", { timeout: 0 }),
    };
    for (const [what, block] of Object.entries(failures_)) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = new WorkflowBuilder<Traced>()
        .saga((s) =>
          s
            .thenFn(...trace.does("a"))
            .compensateWithFn(...trace.undoes("a"))
            .use(block),
        )
        .thenFn(...trace.does("after"))
        .build("w", 1);

      const { host, id } = await begin(scenario, definition);
      await scenario.clock.advance("1s");

      expect([what, ...trace.lines]).toEqual([what, "a", "undo a", "after"]);
      expect(await failures(host, id)).toHaveLength(1);
      expect((await host.getWorkflow(id)).status).toBe("complete");
    }
  });
});

scenarios("what observers see of a compensation", (open) => {
  it("is one stepCompensated for each step undone, none for containers, and one error for each failure", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = new WorkflowBuilder<Traced>()
      .saga((s) =>
        s
          .saga((x) => x.thenFn(...trace.does("inner")).compensateWithFn(...trace.undoes("inner")))
          .compensateWithFn(...trace.undoes("saga"))
          .thenFn(...trace.does("a"))
          .compensateWithSequence((c) => c.thenFn(...trace.does("one")).thenFn(...trace.does("two")))
          .thenFn(...trace.does("plain"))
          .thenFn(...trace.fails("b"))
          .compensateWithFn(...trace.fails("undo b", { times: 1 }), (c) => c.onError(retry())),
      )
      .compensateWithFn(...trace.undoes("all"))
      .build("w", 1);
    const host = await scenario.host((h) => h.registerWorkflowDefinition(definition));
    const events = scenario.record(host);

    const id = await host.startWorkflow(definition, { n: 0 }, { reference: "r" });
    await scenario.clock.advance("5s");

    const behind = events.slice(events.findIndex(({ type }) => type === "error"));
    expect(behind.map((event) => ("step" in event ? `${event.type} ${event.step} ${event.attempt}` : event.type))).toEqual([
      "error b 1",
      ...["stepStarted undo b 1", "error undo b 1", "stepRetrying undo b 1", "stepStarted undo b 2", "stepCompleted undo b 2"],
      "stepCompensated b 1",
      ...["stepStarted one 1", "stepCompleted one 1", "stepStarted two 1", "stepCompleted two 1"],
      "stepCompensated a 1",
      ...["stepStarted undo saga 1", "stepCompleted undo saga 1", "stepStarted undo all 1", "stepCompleted undo all 1"],
      "completed",
    ]);
    const failed = (await host.getHistory(id)).find(({ stepName }) => stepName === "b");
    const compensated = events.find(({ type }) => type === "stepCompensated");
    expect(compensated).toMatchObject({
      workflowId: id,
      definitionId: "w",
      version: 1,
      reference: "r",
      pointerId: failed?.id,
      stepId: failed?.stepId,
    });
    expect(failed).toMatchObject({ status: "compensated", error: { message: "no b" } });
    expect((await statuses(host, id))[0]).toBe("saga compensated");
    const compensators = (await host.getHistory(id)).filter(({ compensates }) => compensates !== undefined);
    expect(compensators.map(({ stepName }) => stepName)).toEqual(["undo b", "one", "two", "undo saga", "undo all"]);
  });
});
