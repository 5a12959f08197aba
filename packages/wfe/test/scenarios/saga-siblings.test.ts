import { expect, it } from "vitest";
import { type BranchBuilder, type Chain, ErrorBehavior, ExecutionResult, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

/** A saga of a branch, and of another that fails after a second. */
function beside(trace: Trace, block: (b: BranchBuilder<Traced>) => Chain): WorkflowDefinition<Traced> {
  return new WorkflowBuilder<Traced>()
    .saga((b) =>
      b.parallel((p) =>
        p.branch(block).branch((x) =>
          x
            .delay("1s")
            .thenFn(...trace.fails("other"))
            .compensateWithFn(...trace.undoes("other")),
        ),
      ),
    )
    .thenFn(...trace.does("after"))
    .build("w", 1);
}

scenarios("running siblings of a step whose failure is compensated", (open) => {
  it("are awaited: one that finishes counts, its data too, and nothing follows it", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = beside(trace, (b) =>
      b
        .thenFn("a", async (ctx) => {
          await trace.takes("a", 5_000)[1](ctx);
          return 1;
        })
        .saveAs("n")
        .compensateWithFn(...trace.undoes("a"))
        .thenFn(...trace.does("never"))
        .compensateWithFn(...trace.undoes("never")),
    );

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("4999ms");
    expect(trace.lines).toEqual(["a begins", "other fails"]);
    expect(await statuses(host, id)).toEqual(["saga running", "parallel running", "a running", "delay complete", "other cancelled"]);
    await scenario.clock.advance("1ms");

    expect(trace.lines.slice(2)).toEqual(["a ends", "undo other", "undo a", "after"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
    expect((await statuses(host, id)).slice(0, 5)).toEqual([
      ...["saga compensated", "parallel cancelled", "a compensated", "delay complete", "other compensated"],
    ]);
  });

  it("are awaited: one that throws is recorded, is not retried, and counts as started", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = beside(trace, (b) =>
      b
        .thenFn(...trace.takes("a", 5_000, { fails: true }))
        .onError(ErrorBehavior.retry({ interval: "1s" }))
        .compensateWithFn(...trace.undoes("a")),
    );

    const { host, id } = await begin(scenario, definition);
    const events = scenario.record(host);
    await scenario.clock.advance("10s");

    expect(trace.lines).toEqual(["a begins", "other fails", "a fails", "undo other", "undo a", "after"]);
    expect(await failures(host, id)).toEqual(["no other", "no a"]);
    expect(await host.getWorkflow(id)).toMatchObject({ error: { message: "no other" } });
    expect(events.filter(({ type }) => type === "stepRetrying")).toEqual([]);
  });

  it("are awaited: one that would go on with another run, wait, sleep or branch counts as started", async () => {
    for (const result of [
      ExecutionResult.persist({ stage: 1 }),
      ExecutionResult.sleep("1s"),
      ExecutionResult.waitForEvent("e", "k"),
      ExecutionResult.branch([1]),
      ExecutionResult.pollEndpoint({ url: "https://example.com/x" } as never),
    ]) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = beside(trace, (b) =>
        b
          .thenFn("a", async (ctx) => {
            await trace.takes("a", 5_000)[1](ctx);
            return result;
          })
          .compensateWithFn(...trace.undoes("a")),
      );

      await begin(scenario, definition);
      await scenario.clock.advance("1h");

      expect(trace.lines).toEqual(["a begins", "other fails", "a ends", "undo other", "undo a", "after"]);
    }
  });

  it("are awaited as long as their own limits, or else as the shutdown timeout, and then called off", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const reasons: string[] = [];
    const hangs = (name: string) => async (ctx: { readonly signal: AbortSignal }) => {
      await new Promise<void>((resolve) => {
        ctx.signal.addEventListener("abort", () => {
          reasons.push(`${name} ${(ctx.signal.reason as { reason?: string; code: string }).reason ?? (ctx.signal.reason as { code: string }).code}`);
          resolve();
        });
      });
      trace.lines.push(`${name} is late`);
    };
    const definition = new WorkflowBuilder<Traced>()
      .saga((b) =>
        b.parallel((p) =>
          p
            .branch((x) =>
              x
                .thenFn("unlimited", hangs("unlimited"))
                .compensateWithFn(...trace.undoes("unlimited"))
                .thenFn(...trace.does("never")),
            )
            .branch((x) =>
              x
                .thenFn("limited", hangs("limited"))
                .timeout("1m")
                .compensateWithFn(...trace.undoes("limited")),
            )
            .branch((x) => x.thenFn(...trace.fails("other"))),
        ),
      )
      .thenFn(...trace.does("after"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition, { shutdownTimeout: "10s" });
    await scenario.clock.advance("9999ms");
    expect(reasons).toEqual([]);
    await scenario.clock.advance("1ms");
    expect(reasons).toEqual(["unlimited cancelled"]);
    expect(trace.lines).toEqual(["other fails", "unlimited is late"]);
    await scenario.clock.advance("1m");

    expect(reasons).toEqual(["unlimited cancelled", "limited WFE_TIMEOUT"]);
    expect(trace.lines.slice(2)).toEqual(["limited is late", "undo limited", "undo unlimited", "after"]);
    expect((await host.getErrors(id)).map(({ code }) => code)).toEqual(["WFE_STEP_FAILED", "WFE_TIMEOUT"]);
  });

  it("outside the saga go on as if nothing had happened", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = new WorkflowBuilder<Traced>()
      .parallel((p) =>
        p
          .branch((x) => x.saga((b) => b.thenFn(...trace.fails("a")).compensateWithFn(...trace.undoes("a"))))
          .branch((x) =>
            x
              .thenFn(...trace.takes("b", 5_000))
              .delay("1s")
              .thenFn(...trace.does("c")),
          ),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("10s");

    expect(trace.lines).toEqual(["b begins", "a fails", "undo a", "b ends", "c"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});

scenarios("siblings of a step whose failure is compensated", (open) => {
  it("that wait, sleep, retry or have not begun are cancelled; those with an attempt are undone", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = beside(trace, (b) =>
      b.parallel((p) =>
        p
          .branch((x) => x.waitFor("go", "k").thenFn(...trace.does("went")))
          .branch((x) => x.delay("1h").thenFn(...trace.does("slept")))
          .branch((x) => x.thenFn("sleeps", () => ExecutionResult.sleep("1h")).compensateWithFn(...trace.undoes("sleeps")))
          .branch((x) => x.thenFn("waits", () => ExecutionResult.waitForEvent("go", "k")).compensateWithFn(...trace.undoes("waits")))
          .branch((x) =>
            x
              .thenFn(...trace.fails("retries"))
              .onError(ErrorBehavior.retry({ interval: "1h" }))
              .compensateWithFn(...trace.undoes("retries")),
          )
          .branch((x) => x.activity("work", () => 1).compensateWithFn(...trace.undoes("activity")))
          .branch((x) => x.schedule("1h", (s) => s.thenFn(...trace.does("scheduled"))).thenFn("s", () => {}))
          .branch((x) =>
            x.recur(
              "1h",
              () => false,
              (r) => r.thenFn("recurs", () => {}).compensateWithFn(...trace.undoes("recurs")),
            ),
          ),
      ),
    );

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("1s");
    expect(await host.getPendingActivity("work", "me", { lease: "1s" })).toBeUndefined();
    await host.publishEvent("go", "k", null);
    await scenario.clock.advance("3h");

    expect(trace.lines.slice(0, 3)).toEqual(["retries fails", "other fails", "undo other"]);
    expect(trace.lines.slice(3)).toEqual(["undo activity", "undo retries", "undo waits", "undo sleeps", "undo recurs", "after"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no other" } });
    expect((await statuses(host, id)).filter((line) => line.endsWith("cancelled"))).toEqual([
      ...["parallel cancelled", "parallel cancelled", "waitFor go cancelled", "delay cancelled", "schedule cancelled", "recur cancelled"],
    ]);
  });

  it("that are sub-workflows are cancelled and undone, and their children terminated", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const child = new WorkflowBuilder<Traced>()
      .delay("1h")
      .thenFn(...trace.does("child"))
      .build("child", 1);
    const definition = beside(trace, (b) => b.subWorkflow(child, (data) => data).compensateWithFn(...trace.undoes("child")));
    const host = await scenario.host((h) => {
      h.registerWorkflowDefinition(child);
      h.registerWorkflowDefinition(definition);
    });

    const id = await host.startWorkflow(definition, { n: 0 });
    await scenario.clock.advance("2h");

    expect(trace.lines).toEqual(["other fails", "undo other", "undo child", "after"]);
    const { items } = await host.listWorkflows({ definitionId: "child" });
    expect(items).toMatchObject([{ status: "terminated", parent: { workflowId: id } }]);
  });

  it("release the events that they were given and have not used", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = new WorkflowBuilder<Traced>()
      .saga((b) =>
        b.waitFor("go", "k").parallel((p) => p.branch((x) => x.waitFor("go", "k")).branch((x) => x.delay("1s").thenFn(...trace.fails("a")))),
      )
      .waitFor("go", "k")
      .thenFn(...trace.does("after"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await host.publishEvent("go", "k", 1);
    await scenario.clock.advance("1s");
    // The first event was used, by a step that is undone: it does not come again.
    expect(trace.lines).toEqual(["a fails"]);
    await host.publishEvent("go", "k", 2);
    await scenario.clock.settle();

    expect(trace.lines).toEqual(["a fails", "after"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});
