import { expect, it } from "vitest";
import { type BranchBuilder, ErrorBehavior, NonRetryableError, type SagaBuilder, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

/** `a`, which can be undone, and `b`, which fails, in a saga with a compensator of its own. */
function failing(trace: Trace, behavior?: ErrorBehavior, b = trace.fails("b")): WorkflowDefinition<Traced> {
  const chain: SagaBuilder<Traced, unknown, Traced> = new WorkflowBuilder<Traced>()
    .saga((x) =>
      x
        .thenFn(...trace.does("a"))
        .compensateWithFn(...trace.undoes("a"))
        .thenFn(...b),
    )
    .compensateWithFn(...trace.undoes("all"));
  return (behavior === undefined ? chain : chain.onError(behavior)).thenFn(...trace.does("after")).build("w", 1);
}

const ONCE = ["a", "b fails", "undo a", "undo all"];

scenarios("what follows the compensation of a saga", (open) => {
  it("is the flow behind it, with the error kept", async () => {
    for (const behavior of [undefined, ErrorBehavior.compensate()]) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);

      const { host, id } = await begin(scenario, failing(trace, behavior));

      expect(trace.lines).toEqual([...ONCE, "after"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { code: "WFE_STEP_FAILED", message: "no b" } });
      expect(await failures(host, id)).toEqual(["no b"]);
    }
  });

  it("retry: is another run, counted from the commit of the last compensator; what used them up has been compensated", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = failing(trace, ErrorBehavior.retry({ interval: "10s", maxRetries: 1, backoff: 2 }));

    const { host, id } = await begin(scenario, definition);
    expect(trace.lines).toEqual(ONCE);
    const [saga] = await host.getHistory(id);
    expect(saga).toMatchObject({ status: "sleeping", retryCount: 1, dueAt: new Date(scenario.clock.now() + 10_000) });
    expect(saga?.persistenceData).toBeUndefined();
    expect((await host.getWorkflow(id)).error).toBeUndefined();
    await scenario.clock.advance(9_999);
    expect(trace.lines).toEqual(ONCE);
    await scenario.clock.advance(1);

    expect(trace.lines).toEqual([...ONCE, ...ONCE, "after"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no b" } });
    expect(await failures(host, id)).toEqual(["no b", "no b"]);
    expect((await host.getHistory(id)).map(({ stepName, attempt }) => `${stepName} ${attempt}`)).toEqual([
      "saga 2",
      ...["a 1", "b 1", "undo a 1", "undo all 1"],
      ...["a 1", "b 1", "undo a 1", "undo all 1", "after 1"],
    ]);
  });

  it("retry, used up and then suspend: is a suspended instance, whose resume or retry runs the saga anew with all its retries", async () => {
    for (const command of ["resumeWorkflow", "retryWorkflow"] as const) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const behavior = ErrorBehavior.retry({ interval: "1s", maxRetries: 1, onExhausted: "suspend" });

      const { host, id } = await begin(scenario, failing(trace, behavior, trace.fails("b", { times: 3 })));
      await scenario.clock.advance("1s");
      expect(trace.lines).toEqual([...ONCE, ...ONCE]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "no b" } });
      expect((await statuses(host, id))[0]).toBe("saga failed");

      expect(await host[command](id)).toBe(true);
      await scenario.clock.advance("1s");

      expect(trace.lines).toEqual([...ONCE, ...ONCE, ...ONCE, "a", "b", "after"]);
      const instance = await host.getWorkflow(id);
      expect(instance.status).toBe("complete");
      expect(instance.error).toBeUndefined();
    }
  });

  it("retry, used up and then terminate: is a terminated instance, which retryWorkflow takes up again", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const behavior = ErrorBehavior.retry({ interval: "1s", maxRetries: 0, onExhausted: "terminate" });

    const { host, id } = await begin(scenario, failing(trace, behavior, trace.fails("b", { times: 1 })));
    expect(trace.lines).toEqual(ONCE);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", error: { message: "no b" } });
    await host.retryWorkflow(id);
    await scenario.clock.settle();

    expect(trace.lines).toEqual([...ONCE, "a", "b", "after"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("retry, used up and then compensate, or nothing said: is the flow behind it", async () => {
    for (const onExhausted of [{}, { onExhausted: "compensate" as const }]) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);

      const { host, id } = await begin(scenario, failing(trace, ErrorBehavior.retry({ interval: "1s", maxRetries: 0, ...onExhausted })));

      expect(trace.lines).toEqual([...ONCE, "after"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no b" } });
    }
  });

  it("terminate: is the end, once all is undone", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = failing(trace, ErrorBehavior.terminate());
    const host = await scenario.host((h) => h.registerWorkflowDefinition(definition));
    const events = scenario.record(host);

    const id = await host.startWorkflow(definition, { n: 0 });
    await scenario.clock.settle();

    expect(trace.lines).toEqual(ONCE);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", error: { message: "no b" } });
    expect(events.map(({ type }) => type)).toEqual([
      ...["started", "stepStarted", "stepCompleted", "stepStarted", "error"],
      ...["stepStarted", "stepCompleted", "stepCompensated", "stepStarted", "stepCompleted", "terminated"],
    ]);
  });

  it("is no further run after an error that cannot be retried", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const never = (): never => {
      trace.lines.push("b fails");
      throw new NonRetryableError("never");
    };

    const { host, id } = await begin(scenario, failing(trace, ErrorBehavior.retry({ interval: "1s", maxRetries: "unlimited" }), ["b", never]));
    await scenario.clock.advance("1m");

    expect(trace.lines).toEqual([...ONCE, "after"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "never" } });
  });

  it("suspend: is a suspended instance first, whose running steps finish and start nothing; resume compensates and goes on behind", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = new WorkflowBuilder<Traced>()
      .saga((x) =>
        x.parallel((p) =>
          p
            .branch((b) => b.thenFn(...trace.fails("a")).compensateWithFn(...trace.undoes("a")))
            .branch((b) =>
              b
                .thenFn(...trace.takes("b", 5_000))
                .compensateWithFn(...trace.undoes("b"))
                .thenFn(...trace.does("c"))
                .compensateWithFn(...trace.undoes("c")),
            )
            .branch((b) => b.thenFn(...trace.takes("d", 5_000, { fails: true })).compensateWithFn(...trace.undoes("d"))),
        ),
      )
      .onError(ErrorBehavior.suspend())
      .compensateWithFn(...trace.undoes("all"))
      .thenFn(...trace.does("after"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("10s");
    expect(trace.lines).toEqual(["a fails", "b begins", "d begins", "b ends", "d fails"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "no a" } });
    expect(await statuses(host, id)).toEqual(["saga running", "parallel running", "a failed", "b complete", "d failed", "c pending"]);
    expect(await host.resumeWorkflow(id)).toBe(true);
    await scenario.clock.settle();

    expect(trace.lines.slice(5)).toEqual(["undo a", "undo d", "undo b", "undo all", "after"]);
    expect((await statuses(host, id)).slice(0, 6)).toEqual([
      ...["saga compensated", "parallel cancelled", "a compensated", "b compensated", "d compensated", "c cancelled"],
    ]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no a" } });
    expect(await failures(host, id)).toEqual(["no a", "no d"]);
  });

  it("suspend, and then retryWorkflow: is the failed step again, and nothing compensated", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);

    const { host, id } = await begin(scenario, failing(trace, ErrorBehavior.suspend(), trace.fails("b", { times: 1 })));
    expect(trace.lines).toEqual(["a", "b fails"]);
    expect(await host.retryWorkflow(id)).toBe(true);
    await scenario.clock.settle();

    expect(trace.lines).toEqual(["a", "b fails", "b", "after"]);
    expect(await statuses(host, id)).toEqual(["saga complete", "a complete", "b complete", "after complete"]);
    const instance = await host.getWorkflow(id);
    expect(instance.status).toBe("complete");
    expect(instance.error).toBeUndefined();
  });

  it("suspend, and then retryWorkflow and another failure: suspends again, to be compensated by resume", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);

    const { host, id } = await begin(scenario, failing(trace, ErrorBehavior.suspend()));
    await host.retryWorkflow(id);
    await scenario.clock.settle();
    expect((await host.getWorkflow(id)).status).toBe("suspended");
    await host.resumeWorkflow(id);
    await scenario.clock.settle();

    expect(trace.lines).toEqual(["a", "b fails", "b fails", "undo a", "undo all", "after"]);
    expect(await failures(host, id)).toEqual(["no b", "no b"]);
  });

  it("clears no error of before, but for another run", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const second = (b: BranchBuilder<Traced>) => b.thenFn(...trace.fails("c", { times: 1 }));
    const definition = new WorkflowBuilder<Traced>()
      .saga((b) => b.thenFn(...trace.fails("a")))
      .thenFn("look", (ctx) => void trace.lines.push(`${ctx.workflow.error?.message}`))
      .saga(second)
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("1s");

    expect(trace.lines).toEqual(["a fails", "no a", "c fails", "c"]);
    expect((await host.getWorkflow(id)).error).toBeUndefined();
  });
});
