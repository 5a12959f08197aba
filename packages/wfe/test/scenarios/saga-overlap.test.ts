import { expect, it } from "vitest";
import { type BranchBuilder, type Chain, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

/** A saga with a block in one branch, and a failure after three seconds in the other. */
function beside(trace: Trace, block: (b: BranchBuilder<Traced>) => Chain): WorkflowDefinition<Traced> {
  return new WorkflowBuilder<Traced>()
    .saga((b) =>
      b.parallel((p) =>
        p.branch(block).branch((x) =>
          x
            .delay("3s")
            .thenFn(...trace.fails("other"))
            .compensateWithFn(...trace.undoes("other")),
        ),
      ),
    )
    .thenFn(...trace.does("after"))
    .build("w", 1);
}

scenarios("a saga that is compensated while one in it is", (open) => {
  it("undoes anew what was cut off: the failed step too, whose compensator waited for its next attempt", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    let attempts = 0;
    const definition = beside(trace, (b) =>
      b.saga((x) =>
        x
          .thenFn(...trace.does("a"))
          .compensateWithFn(...trace.undoes("a"))
          .thenFn(...trace.fails("b"))
          .compensateWithFn(
            "undo b",
            () => {
              attempts += 1;
              trace.lines.push(`undo b ${attempts}`);
              if (attempts === 1) throw new Error("not now");
            },
            (c) => c.onError(ErrorBehavior.retry({ interval: "1h" })),
          ),
      ),
    );

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("5s");

    expect(trace.lines).toEqual(["a", "b fails", "undo b 1", "other fails", "undo other", "undo b 2", "undo a", "after"]);
    expect(await statuses(host, id)).toEqual([
      "saga compensated",
      "parallel cancelled",
      "saga cancelled",
      "delay complete",
      "a compensated",
      "b compensated",
      "undo b cancelled",
      "other compensated",
      "undo other complete",
      "undo b complete",
      "undo a complete",
      "after complete",
    ]);
    expect(await failures(host, id)).toEqual(["no b", "not now", "no other"]);
  });

  it("counts a compensator that was running and finishes, and undoes the rest", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = beside(trace, (b) =>
      b
        .saga((x) =>
          x
            .thenFn(...trace.does("a"))
            .compensateWithFn(...trace.undoes("a"))
            .thenFn(...trace.fails("b"))
            .compensateWithFn(...trace.takes("undo b", 10_000)),
        )
        .compensateWithFn(...trace.undoes("inner")),
    );

    const { host, id } = await begin(scenario, definition);
    const events = scenario.record(host);
    await scenario.clock.advance("20s");

    // The inner saga had started and not ended: its own compensator is one of those of the cancelled.
    expect(trace.lines).toEqual(["a", "b fails", "undo b begins", "other fails", "undo b ends", "undo other", "undo inner", "undo a", "after"]);
    expect(events.filter(({ type }) => type === "stepCompensated").map((event) => "step" in event && event.step)).toEqual(["b", "other", "a"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("does not run its own compensator again when that was running and finishes", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = beside(trace, (b) =>
      b
        .saga((x) =>
          x
            .thenFn(...trace.does("a"))
            .compensateWithFn(...trace.undoes("a"))
            .thenFn(...trace.fails("b")),
        )
        .compensateWithFn(...trace.takes("undo inner", 10_000)),
    );

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("20s");

    expect(trace.lines).toEqual(["a", "b fails", "undo a", "undo inner begins", "other fails", "undo inner ends", "undo other", "after"]);
    expect((await statuses(host, id)).slice(0, 3)).toEqual(["saga compensated", "parallel cancelled", "saga compensated"]);
  });

  it("does not undo again one that was compensated and waited to run again", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = beside(trace, (b) =>
      b
        .saga((x) =>
          x
            .thenFn(...trace.does("a"))
            .compensateWithFn(...trace.undoes("a"))
            .thenFn(...trace.fails("b")),
        )
        .compensateWithFn(...trace.undoes("inner"))
        .onError(ErrorBehavior.retry({ interval: "1h" })),
    );

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("2h");

    expect(trace.lines).toEqual(["a", "b fails", "undo a", "undo inner", "other fails", "undo other", "after"]);
    expect((await statuses(host, id)).slice(0, 3)).toEqual(["saga compensated", "parallel cancelled", "saga compensated"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no other" } });
  });

  it("does not undo again one that was compensated and called off before it ran again", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = beside(trace, (b) =>
      b.parallel((p) =>
        p
          .branch((x) =>
            x
              .saga((y) =>
                y
                  .thenFn(...trace.does("a"))
                  .compensateWithFn(...trace.undoes("a"))
                  .thenFn(...trace.fails("b")),
              )
              .compensateWithFn(...trace.undoes("inner"))
              .onError(ErrorBehavior.retry({ interval: "1h" }))
              .cancelWhen((data) => data.n > 0),
          )
          .branch((x) =>
            x
              .delay("1s")
              .thenFn("call off", () => 1)
              .saveAs("n"),
          ),
      ),
    );

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("2h");

    expect(trace.lines).toEqual(["a", "b fails", "undo a", "undo inner", "other fails", "undo other", "after"]);
    expect((await statuses(host, id)).filter((line) => line.startsWith("saga"))).toEqual(["saga compensated", "saga compensated"]);
  });

  it("undoes one that has begun its second run, and what that has done", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = beside(trace, (b) =>
      b
        .saga((x) =>
          x
            .thenFn(...trace.does("a"))
            .compensateWithFn(...trace.undoes("a"))
            .thenFn(...trace.fails("b", { times: 1 }))
            .compensateWithFn(...trace.undoes("b"))
            .delay("1h"),
        )
        .compensateWithFn(...trace.undoes("inner"))
        .onError(ErrorBehavior.retry({ interval: "1s" })),
    );

    await begin(scenario, definition);
    await scenario.clock.advance("2h");

    expect(trace.lines).toEqual([
      ...["a", "b fails", "undo b", "undo a", "undo inner"],
      ...["a", "b", "other fails", "undo other", "undo inner", "undo b", "undo a", "after"],
    ]);
  });

  it("runs beside another that is compensated at the same time, each in its own order", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const branch = (name: string) => (b: BranchBuilder<Traced>) =>
      b.saga((x) =>
        x
          .thenFn(...trace.does(`${name} 1`))
          .compensateWithFn(...trace.takes(`undo ${name} 1`, 1_000))
          .thenFn(...trace.does(`${name} 2`))
          .compensateWithFn(...trace.takes(`undo ${name} 2`, 1_000))
          .thenFn(...trace.fails(`${name} 3`)),
      );
    const definition = new WorkflowBuilder<Traced>()
      .parallel((p) => p.branch(branch("left")).branch(branch("right")))
      .thenFn(...trace.does("after"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("5s");

    for (const name of ["left", "right"]) {
      expect(trace.lines.filter((line) => line.includes(name))).toEqual([
        ...[`${name} 1`, `${name} 2`, `${name} 3 fails`],
        ...[`undo ${name} 2 begins`, `undo ${name} 2 ends`, `undo ${name} 1 begins`, `undo ${name} 1 ends`],
      ]);
    }
    expect(trace.lines.at(-1)).toBe("after");
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});
