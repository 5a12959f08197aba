import { expect, it } from "vitest";
import { ErrorBehavior, type SagaBuilder, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

/** `a` and `b`, which can be undone, and `c`, which fails, in a saga; undoing `b` fails at first. */
function failing(
  trace: Trace,
  { own, fallback, times = Infinity, saga = (s) => s }: { own?: ErrorBehavior; fallback?: ErrorBehavior; times?: number; saga?: typeof same } = {},
): WorkflowDefinition<Traced> {
  const builder = new WorkflowBuilder<Traced>();
  if (fallback !== undefined) builder.defaultErrorBehavior(fallback);
  const chain = builder
    .ifDo(
      () => true,
      (outer) =>
        saga(
          outer.saga((b) =>
            b
              .thenFn(...trace.does("a"))
              .compensateWithFn(...trace.undoes("a"))
              .thenFn(...trace.does("b"))
              .compensateWithFn(...trace.fails("undo b", { times }), (c) => (own === undefined ? c : c.onError(own)))
              .thenFn(...trace.fails("c"))
              .onError(ErrorBehavior.compensate()),
          ),
        ),
    )
    // Compensators inherit nothing from containers.
    .onError(ErrorBehavior.terminate());
  return chain.thenFn(...trace.does("after")).build("w", 1);
}

function same(saga: SagaBuilder<Traced, unknown, unknown>): SagaBuilder<Traced, unknown, unknown> {
  return saga;
}

const BEGIN = ["a", "b", "c fails", "undo b fails"];

scenarios("a compensator that fails", (open) => {
  it("suspends where neither it nor the definition says anything else; resume runs it again, and then the others", async () => {
    for (const how of [
      { fallback: ErrorBehavior.compensate() },
      { fallback: ErrorBehavior.suspend() },
      { own: ErrorBehavior.suspend() },
      { own: ErrorBehavior.suspend(), fallback: ErrorBehavior.retry({ interval: "1s" }) },
      { own: ErrorBehavior.retry({ interval: "1s", maxRetries: 0 }) },
      { own: ErrorBehavior.retry({ interval: "1s", maxRetries: 0, onExhausted: "suspend" }) },
      { fallback: ErrorBehavior.retry({ interval: "1s", maxRetries: 0 }) },
      { fallback: ErrorBehavior.retry({ interval: "1s", maxRetries: 0, onExhausted: "compensate" }) },
    ]) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);

      const { host, id } = await begin(scenario, failing(trace, { ...how, times: 2 }));
      for (const fails of [1, 2]) {
        await scenario.clock.advance("1m");
        expect(trace.lines).toEqual([...BEGIN, ...BEGIN.slice(-1)].slice(0, 3 + fails));
        expect((await host.getWorkflow(id)).status).toBe("suspended");
        expect((await statuses(host, id)).at(-1)).toBe("undo b failed");
        await host.resumeWorkflow(id);
        await scenario.clock.settle();
      }

      expect(trace.lines).toEqual([...BEGIN, "undo b fails", "undo b", "undo a", "after"]);
      // Not silent, though the commands have cleared it: the compensation of `c` is what has come of it.
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no c" } });
      expect(await failures(host, id)).toEqual(["no c", "no undo b", "no undo b"]);
    }
  });

  it("is run again by retryWorkflow as well", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);

    const { host, id } = await begin(scenario, failing(trace, { own: ErrorBehavior.suspend(), times: 1 }));
    expect(await host.retryWorkflow(id)).toBe(true);
    await scenario.clock.settle();

    expect(trace.lines).toEqual([...BEGIN, "undo b", "undo a", "after"]);
  });

  it("is retried as it says, or as the definition says, also where that would compensate in the end", async () => {
    for (const how of [
      { own: ErrorBehavior.retry({ interval: "10s", maxRetries: 2 }) },
      { fallback: ErrorBehavior.retry({ interval: "10s", maxRetries: 2 }) },
      { fallback: ErrorBehavior.retry({ interval: "10s", maxRetries: 2, onExhausted: "compensate" }) },
    ]) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);

      const { host, id } = await begin(scenario, failing(trace, { ...how, times: 2 }));
      expect(trace.lines).toEqual(BEGIN);
      await scenario.clock.advance("10s");
      expect(trace.lines).toEqual([...BEGIN, "undo b fails"]);
      await scenario.clock.advance("10s");

      expect(trace.lines).toEqual([...BEGIN, "undo b fails", "undo b", "undo a", "after"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no c" } });
    }
  });

  it("terminates where it or the definition says so: nothing further is undone, and retryWorkflow goes on from there", async () => {
    for (const how of [{ own: ErrorBehavior.terminate() }, { fallback: ErrorBehavior.terminate() }]) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);

      const { host, id } = await begin(scenario, failing(trace, { ...how, times: 1 }));
      expect(trace.lines).toEqual(BEGIN);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", error: { message: "no c" } });
      await host.retryWorkflow(id);
      await scenario.clock.settle();

      expect(trace.lines).toEqual([...BEGIN, "undo b", "undo a", "after"]);
      expect((await host.getWorkflow(id)).status).toBe("complete");
    }
  });

  it("is the instance's error where the saga runs again, until it is resumed", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const saga = (s: ReturnType<typeof same>) => s.onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }));

    const { host, id } = await begin(scenario, failing(trace, { own: ErrorBehavior.suspend(), times: 1, saga }));
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "no undo b" } });
    await host.resumeWorkflow(id);
    await scenario.clock.settle();
    expect((await host.getWorkflow(id)).error).toBeUndefined();
    await scenario.clock.advance("1s");

    expect(trace.lines).toEqual([...BEGIN, "undo b", "undo a", "a", "b", "c fails", "undo b", "undo a", "after"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no c" } });
  });

  it("holds up a saga that ends the instance, which has the error of the saga then", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const saga = (s: ReturnType<typeof same>) => s.onError(ErrorBehavior.terminate());

    const { host, id } = await begin(scenario, failing(trace, { own: ErrorBehavior.suspend(), times: 1, saga }));
    await host.resumeWorkflow(id);
    await scenario.clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", error: { message: "no c" } });
  });

  it("by its time limit is one that fails", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    let hangs = true;
    const definition = new WorkflowBuilder<Traced>()
      .saga((b) =>
        b
          .thenFn(...trace.does("a"))
          .compensateWithFn(
            "undo a",
            () => (hangs ? new Promise<void>(() => {}) : undefined),
            (c) => c.timeout("5s").onError(ErrorBehavior.retry({ interval: "1s" })),
          )
          .thenFn(...trace.fails("b")),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("5s");
    hangs = false;
    await scenario.clock.advance("1s");

    expect((await host.getErrors(id)).map(({ code }) => code)).toEqual(["WFE_STEP_FAILED", "WFE_TIMEOUT"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});
