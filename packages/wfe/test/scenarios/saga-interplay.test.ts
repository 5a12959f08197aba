import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, Trace, type Traced } from "./traced-saga.ts";

const w = (): WorkflowBuilder<Traced> => new WorkflowBuilder<Traced>();

scenarios("a saga among all else", (open) => {
  it("undoes a step by a sequence with blocks, a saga and a fork in it, and is undone when the fork has ended", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((o) =>
        o
          .thenFn(...trace.does("a"))
          .compensateWithSequence((b) =>
            b
              .thenFn("branches", () => ExecutionResult.branch(["x", "y"]))
              .children((c) =>
                c.thenFn("child", (ctx) => void trace.lines.push(`child ${String(ctx.item)} undoes ${ctx.compensates?.pointer.stepName}`)),
              )
              .thenFn("decides", () => ExecutionResult.outcome("o"))
              .onOutcome("o", (c) => c.thenFn(...trace.does("outcome")))
              .waitFor("never", "k", { timeout: "1m" })
              .onTimeout((c) => c.thenFn(...trace.does("timeout")))
              .saga((s) => s.thenFn(...trace.fails("b", { times: 1 })))
              .recur(
                "1m",
                () => trace.lines.filter((line) => line === "recurs").length === 2,
                (c) => c.thenFn(...trace.does("recurs")),
              )
              .thenFn(...trace.does("last")),
          )
          .thenFn(...trace.fails("c")),
      )
      .thenFn(...trace.does("behind"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("1h");

    const sequence = ["child x undoes a", "child y undoes a", "outcome", "timeout", "b fails", "b", "recurs", "last", "recurs"];
    expect(trace.lines).toEqual(["a", "c fails", ...sequence, "behind"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no c" } });
  });

  it("has its compensator finish when another branch suspends the instance, starts no other, and goes on after a resume", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .parallel((p) =>
        p
          .branch((x) =>
            x
              .saga((s) =>
                s
                  .thenFn(...trace.does("a"))
                  .compensateWithFn(...trace.takes("undo a", 1_000))
                  .thenFn(...trace.does("b"))
                  .compensateWithFn(...trace.takes("undo b", 1_000))
                  .thenFn(...trace.fails("c")),
              )
              .thenFn(...trace.does("behind")),
          )
          .branch((x) =>
            x
              .delay(500)
              .thenFn(...trace.fails("other", { times: 1 }))
              .onError(ErrorBehavior.suspend()),
          ),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("1h");
    const suspended = await host.getWorkflow(id);
    const before = trace.lines.splice(0);
    await host.resumeWorkflow(id);
    await scenario.clock.advance("1h");

    expect(suspended).toMatchObject({ status: "suspended", error: { message: "no c" } });
    expect(before).toEqual(["a", "b", "c fails", "undo b begins", "other fails", "undo b ends"]);
    expect(trace.lines).toEqual(["undo a begins", "other", "undo a ends", "behind"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no c" } });
  });

  it("gives the compensators of a finished saga in it the items that the steps had", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((o) =>
        o
          .forEach(
            () => ["x", "y"],
            (e) =>
              e.saga((s) =>
                s
                  .thenFn(...trace.doesItem("a"))
                  .compensateWithFn(...trace.undoesItem("a"))
                  .forEach(
                    () => [1, 2],
                    (f) => f.thenFn(...trace.doesItem("b")).compensateWithFn(...trace.undoesItem("b")),
                  ),
              ),
            { parallel: false },
          )
          .thenFn(...trace.fails("c")),
      )
      .build("w", 1);

    await begin(scenario, definition);

    const done = ["a x", "b 1", "b 2", "a y", "b 1", "b 2"];
    expect(trace.lines).toEqual([...done, "c fails", ...done.toReversed().map((line) => `undo ${line}`)]);
  });
});
