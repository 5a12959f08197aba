import { expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder, type WorkflowDefinition, type WorkflowHost } from "../../src/index.ts";
import { type Scenario, scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

/** Three steps that can be undone, one second each, and a failure. */
function slowly(trace: Trace): WorkflowDefinition<Traced> {
  return new WorkflowBuilder<Traced>()
    .saga((b) =>
      b
        .thenFn(...trace.does("a"))
        .compensateWithFn(...trace.takes("undo a", 1_000))
        .thenFn(...trace.does("b"))
        .compensateWithSequence((c) =>
          c
            .thenFn(...trace.takes("undo b", 1_000))
            .delay("1s")
            .thenFn(...trace.does("undone b")),
        )
        .thenFn(...trace.fails("c"))
        .compensateWithFn(...trace.takes("undo c", 1_000)),
    )
    .compensateWithFn(...trace.takes("undo all", 1_000))
    .thenFn(...trace.does("after"))
    .build("w", 1);
}

const LINES = [
  ...["a", "b", "c fails", "undo c begins", "undo c ends", "undo b begins", "undo b ends", "undone b"],
  ...["undo a begins", "undo a ends", "undo all begins", "undo all ends", "after"],
];

/** Who gives the commands: the host that runs the instance, or another that knows the definition as well, or one that only asks. */
const COMMANDERS: Record<string, (scenario: Scenario, host: WorkflowHost, definition: WorkflowDefinition<Traced>) => Promise<Commander>> = {
  "the same host": (_, host) => Promise.resolve(host),
  "another host": ({ host: newHost }, _, definition) => newHost((h) => h.registerWorkflowDefinition(definition)),
  "a client": ({ client }) => client(),
};
type Commander = Pick<WorkflowHost, "suspendWorkflow" | "resumeWorkflow" | "terminateWorkflow" | "retryWorkflow">;

for (const [who, commander] of Object.entries(COMMANDERS)) {
  scenarios(`a command of ${who} in the middle of a compensation`, (open) => {
    it("suspend lets the running compensator finish and starts no other; resume goes on from there, with the error of the saga", async () => {
      // From the middle of the first compensator to that of the last.
      for (const ms of [500, 1_500, 2_500, 3_500, 4_500]) {
        const scenario = await open();
        const trace = new Trace(scenario.clock);
        const definition = slowly(trace);
        const { host, id } = await begin(scenario, definition, { lockTtl: "6s" });
        const commands = await commander(scenario, host, definition);
        await scenario.clock.advance(ms);

        expect(await commands.suspendWorkflow(id)).toBe(true);
        await scenario.clock.advance("1m");
        const held = [...trace.lines];
        expect((await host.getWorkflow(id)).status).toBe("suspended");
        expect(held).toEqual(LINES.slice(0, held.length));
        expect(held.at(-1)).not.toMatch(/begins/);
        expect(await commands.resumeWorkflow(id)).toBe(true);
        await scenario.clock.advance("1m");

        expect(trace.lines).toEqual(LINES);
        expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no c" } });
        expect(await failures(host, id)).toEqual(["no c"]);
      }
    });

    it("terminate stops it: nothing further is undone, the saga is cancelled", async () => {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = slowly(trace);
      const { host, id } = await begin(scenario, definition, { lockTtl: "6s" });
      const commands = await commander(scenario, host, definition);
      await scenario.clock.advance("1500ms");

      expect(await commands.terminateWorkflow(id)).toBe(true);
      await scenario.clock.advance("1m");

      expect(trace.lines.filter((line) => line !== "undo b ends")).toEqual(LINES.slice(0, 6));
      expect((await host.getWorkflow(id)).status).toBe("terminated");
      expect((await statuses(host, id)).filter((line) => /running|pending|sleeping|waiting/.test(line))).toEqual([]);
      expect(await commands.retryWorkflow(id)).toBe(false);
    });

    it("resume and retry do nothing to it while it runs", async () => {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = slowly(trace);
      const { host, id } = await begin(scenario, definition);
      const commands = await commander(scenario, host, definition);
      await scenario.clock.advance("1500ms");

      expect([await commands.resumeWorkflow(id), await commands.retryWorkflow(id)]).toEqual([false, false]);
      await scenario.clock.advance("1m");

      expect(trace.lines).toEqual(LINES);
    });

    it("suspend and retryWorkflow go on with it as resume does", async () => {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = slowly(trace);
      const { host, id } = await begin(scenario, definition, { lockTtl: "6s" });
      const commands = await commander(scenario, host, definition);
      await scenario.clock.advance("500ms");

      await commands.suspendWorkflow(id);
      await scenario.clock.advance("1m");
      await commands.retryWorkflow(id);
      await scenario.clock.advance("1m");

      expect(trace.lines).toEqual(LINES);
      expect((await host.getWorkflow(id)).status).toBe("complete");
    });
  });
}

scenarios("a command while a saga awaits what runs in it", (open) => {
  /** A failure beside a step of five seconds. */
  const awaiting = (trace: Trace, behavior: ErrorBehavior): WorkflowDefinition<Traced> =>
    new WorkflowBuilder<Traced>()
      .saga((b) =>
        b.parallel((p) =>
          p
            .branch((x) => x.thenFn(...trace.fails("a")).compensateWithFn(...trace.undoes("a")))
            .branch((x) => x.thenFn(...trace.takes("b", 5_000)).compensateWithFn(...trace.undoes("b"))),
        ),
      )
      .onError(behavior)
      .thenFn(...trace.does("after"))
      .build("w", 1);

  it("suspend lets it finish, and resume begins to undo", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const { host, id } = await begin(scenario, awaiting(trace, ErrorBehavior.compensate()));

    await host.suspendWorkflow(id);
    await scenario.clock.advance("10s");
    expect(trace.lines).toEqual(["a fails", "b begins", "b ends"]);
    await host.resumeWorkflow(id);
    await scenario.clock.settle();

    expect(trace.lines.slice(3)).toEqual(["undo a", "undo b", "after"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no a" } });
  });

  it("suspend and resume at once change nothing", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const { host, id } = await begin(scenario, awaiting(trace, ErrorBehavior.compensate()));

    await host.suspendWorkflow(id);
    await host.resumeWorkflow(id);
    await scenario.clock.advance("10s");

    expect(trace.lines).toEqual(["a fails", "b begins", "b ends", "undo a", "undo b", "after"]);
  });

  it("resume of a saga that suspended cancels and undoes while the sibling still runs, and awaits that", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const { host, id } = await begin(scenario, awaiting(trace, ErrorBehavior.suspend()));
    expect((await host.getWorkflow(id)).status).toBe("suspended");

    await scenario.clock.advance("1s");
    await host.resumeWorkflow(id);
    await scenario.clock.advance("1s");
    expect(trace.lines).toEqual(["a fails", "b begins"]);
    await scenario.clock.advance("3s");

    expect(trace.lines.slice(2)).toEqual(["b ends", "undo a", "undo b", "after"]);
  });

  it("a failure after a suspend command is no compensation: resume runs the step again", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    let runs = 0;
    const definition = new WorkflowBuilder<Traced>()
      .saga((b) =>
        b.thenFn("a", async (ctx) => {
          runs += 1;
          await trace.takes("a", 1_000, { fails: runs === 1 })[1](ctx);
        }),
      )
      .compensateWithFn(...trace.undoes("all"))
      .build("w", 1);
    const { host, id } = await begin(scenario, definition);

    await host.suspendWorkflow(id);
    await scenario.clock.advance("5s");
    expect(await statuses(host, id)).toEqual(["saga running", "a failed"]);
    await host.resumeWorkflow(id);
    await scenario.clock.advance("5s");

    expect(trace.lines).toEqual(["a begins", "a fails", "a begins", "a ends"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("retryWorkflow, after another branch has terminated the instance, goes on with what was being undone", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = new WorkflowBuilder<Traced>()
      .parallel((p) =>
        p
          .branch((x) =>
            x
              .saga((b) =>
                b
                  .thenFn(...trace.does("a"))
                  .compensateWithSequence((c) => c.delay("10s").thenFn(...trace.does("undo a")))
                  .thenFn(...trace.fails("b")),
              )
              .compensateWithFn(...trace.undoes("all")),
          )
          .branch((x) =>
            x
              .delay("1s")
              .thenFn(...trace.fails("other", { times: 1 }))
              .onError(ErrorBehavior.terminate()),
          ),
      )
      .build("w", 1);
    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("1s");
    expect((await host.getWorkflow(id)).status).toBe("terminated");

    expect(await host.retryWorkflow(id)).toBe(true);
    await scenario.clock.advance("20s");

    expect(trace.lines).toEqual(["a", "b fails", "other fails", "other", "undo a", "undo all"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});
