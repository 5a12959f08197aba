import { expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { failures, statuses, Trace, type Traced } from "./traced-saga.ts";

/** A failure beside a step that runs, behind one that has finished. */
function failing(trace: Trace): WorkflowDefinition<Traced> {
  return new WorkflowBuilder<Traced>()
    .saga((b) =>
      b
        .thenFn(...trace.does("a"))
        .compensateWithFn(...trace.undoes("a"))
        .parallel((p) =>
          p
            .branch((x) => x.thenFn(...trace.takes("b", 10_000)).compensateWithFn(...trace.undoes("b")))
            .branch((x) => x.thenFn(...trace.fails("c")).compensateWithFn(...trace.takes("undo c", 10_000))),
        ),
    )
    .compensateWithFn(...trace.undoes("all"))
    .thenFn(...trace.does("after"))
    .build("w", 1);
}

scenarios(
  "a host that stops while it compensates",
  (open) => {
    it("calls off the step that a saga awaits, whose outcome is unknown then, and the next host undoes it with the rest", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const trace = new Trace(clock);
      const definition = failing(trace);
      const client = await newClient();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("1s");

      await host.stop({ timeout: 0 });
      expect((await client.getWorkflow(id)).status).toBe("runnable");
      await newHost((h) => h.registerWorkflowDefinition(definition));
      await clock.advance("30s");

      expect(trace.lines.filter((line) => line !== "b ends")).toEqual([
        ...["a", "b begins", "c fails", "undo c begins", "undo c ends", "undo b", "undo a", "undo all", "after"],
      ]);
      expect(await client.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no c" } });
      expect((await statuses(client as never, id)).slice(0, 5)).toEqual([
        ...["saga compensated", "a compensated", "parallel cancelled", "b compensated", "c compensated"],
      ]);
    });

    it("calls off the compensator, which the next host runs again: no attempt is lost, none counts as a crash", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const trace = new Trace(clock);
      const definition = failing(trace);
      const client = await newClient();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxCrashes: 1 });
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("15s");
      expect(trace.lines.at(-1)).toBe("undo c begins");

      await host.stop({ timeout: 0 });
      await newHost((h) => h.registerWorkflowDefinition(definition), { maxCrashes: 1 });
      await clock.advance("11s");

      expect(trace.lines.filter((line) => line === "undo c begins")).toHaveLength(2);
      expect(trace.lines.slice(-4)).toEqual(["undo b", "undo a", "undo all", "after"]);
      const undo = (await client.getHistory(id)).find(({ stepName }) => stepName === "undo c");
      expect(undo).toMatchObject({ status: "complete", attempt: 2 });
      expect(await failures(client as never, id)).toEqual(["no c"]);
    });

    it("lets the compensator finish where there is time, and the next host goes on behind it", async () => {
      const { host: newHost, clock } = await open();
      const trace = new Trace(clock);
      const definition = failing(trace);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      await host.startWorkflow(definition, { n: 0 });
      await clock.advance("15s");

      const stopping = host.stop({ timeout: "1m" });
      await clock.advance("10s");
      await stopping;
      expect(trace.lines.at(-1)).toBe("undo c ends");
      await newHost((h) => h.registerWorkflowDefinition(definition));
      await clock.advance("1s");

      expect(trace.lines.slice(-5)).toEqual(["undo c ends", "undo b", "undo a", "undo all", "after"]);
    });

    it("keeps a saga's wait for its next run, and the number of runs", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const trace = new Trace(clock);
      const definition = new WorkflowBuilder<Traced>()
        .saga((b) => b.thenFn(...trace.fails("a")).compensateWithFn(...trace.undoes("a")))
        .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: 2, onExhausted: "terminate" }))
        .build("w", 1);
      const client = await newClient();
      let host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { n: 0 });
      for (let run = 1; run <= 2; run += 1) {
        await clock.advance("30s");
        await host.stop({ timeout: 0 });
        host = await newHost((h) => h.registerWorkflowDefinition(definition));
        await clock.advance("29999ms");
        expect(trace.lines).toHaveLength(2 * run);
        await clock.advance(1);
      }

      expect(trace.lines).toEqual(["a fails", "undo a", "a fails", "undo a", "a fails", "undo a"]);
      expect(await client.getWorkflow(id)).toMatchObject({ status: "terminated", error: { message: "no a" } });
    });

    it("undoes a self-compensating step where it was left, and goes on behind it", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const trace = new Trace(clock);
      const definition = new WorkflowBuilder<Traced>()
        .thenFn(...trace.fails("a"))
        .compensateWithSequence((c) => c.delay("1m").thenFn("undo a", (ctx) => void trace.lines.push(`undo ${ctx.compensates?.error.message}`)))
        .thenFn(...trace.does("b"))
        .build("w", 1);
      const client = await newClient();
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("30s");

      await host.stop({ timeout: 0 });
      await newHost((h) => h.registerWorkflowDefinition(definition));
      await clock.advance("31s");

      expect(trace.lines).toEqual(["a fails", "undo no a", "b"]);
      expect(await client.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no a" } });
    });
  },
  { sweeping: true },
);
