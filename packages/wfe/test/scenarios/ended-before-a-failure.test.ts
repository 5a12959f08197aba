import { expect, it } from "vitest";
import {
  type BranchBuilder,
  type Chain,
  ErrorBehavior,
  ExecutionResult,
  WorkflowBuilder,
  type WorkflowDefinition,
  type WorkflowHost,
} from "../../src/index.ts";
import { type Scenario, scenarios } from "./scenario.ts";
import { begin, statuses, Trace, type Traced } from "./traced-saga.ts";

const seldom = { sweepInterval: "1d" } as const;

type Block = (b: BranchBuilder<Traced>) => Chain;

/** A block that ends after an hour, beside a wait that fails soon after that. */
const beside = (block: Block, failing: ErrorBehavior): Block => {
  return (b) => b.parallel((p) => p.branch(block).branch((x) => x.waitFor("never", "k", { timeout: "61m" }).onError(failing)));
};

/** The end of such a block, behind a step that has finished before. */
const ending = (trace: Trace): Block => {
  return (b) =>
    b
      .thenFn(...trace.does("a"))
      .compensateWithFn(...trace.undoes("a"))
      .delay("1h");
};

/** Starts a workflow, and has nobody there until all its times have come: another host, then, sees all in one decision. */
async function late(scenario: Scenario, definition: WorkflowDefinition<Traced>): Promise<{ readonly host: WorkflowHost; readonly id: string }> {
  const { host: first, id } = await begin(scenario, definition, seldom);
  await first.stop();
  await scenario.clock.advance("2h");
  const host = await scenario.host((h) => h.registerWorkflowDefinition(definition), seldom);
  await scenario.clock.advance("1m");
  return { host, id };
}

scenarios("a container that ends just before a failure", (open) => {
  const containers: Record<string, (b: BranchBuilder<Traced>, block: Block) => Chain> = {
    ifDo: (b, block) => b.ifDo(() => true, block),
    "a forEach in order": (b, block) => b.forEach(() => [1], block, { parallel: false }),
    "a parallel forEach": (b, block) => b.forEach(() => [1], block),
    decide: (b, block) =>
      b.decide(
        () => 1,
        (d) => d.case(1, block),
      ),
    saga: (b, block) => b.saga(block),
    "the children of a step": (b, block) => b.thenFn("branches", () => ExecutionResult.branch([1])).children(block),
  };

  it("has ended when retryWorkflow takes the terminated instance up again: nothing in it runs again", async () => {
    const scenario = await open();
    for (const [name, container] of Object.entries(containers)) {
      const trace = new Trace(scenario.clock);
      const definition: WorkflowDefinition<Traced> = new WorkflowBuilder<Traced>()
        .use(
          beside((b) => b.use((x: BranchBuilder<Traced>) => container(x, ending(trace))).thenFn(...trace.does("behind")), ErrorBehavior.terminate()),
        )
        .build(name, 1);

      const { host, id } = await late(scenario, definition);
      const { status } = await host.getWorkflow(id);
      await host.retryWorkflow(id);
      await scenario.clock.advance("1m");

      expect([name, status, trace.lines]).toEqual([name, "terminated", ["a", "behind"]]);
    }
  });

  it("has finished for a saga around both: a nested saga is undone by its own compensator alone", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = new WorkflowBuilder<Traced>()
      .saga(beside((b) => b.saga(ending(trace)).compensateWithFn(...trace.undoes("inner")), ErrorBehavior.compensate()))
      .build("w", 1);

    const { host, id } = await late(scenario, definition);

    expect(trace.lines).toEqual(["a", "undo inner"]);
    expect(await statuses(host, id)).toContain("a complete");
  });
});
