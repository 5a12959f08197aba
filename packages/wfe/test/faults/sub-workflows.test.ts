import { expect, it } from "vitest";
import { defineEvent, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { losingQueue, onEachStore } from "./setting.ts";

interface Data {
  n: number;
}
const go = defineEvent<number>("go");
const quick = new WorkflowBuilder<Data>()
  .thenFn("double", (ctx) => 2 * ctx.data.n)
  .saveAs("n")
  .build("quick", 1);
const slow = new WorkflowBuilder<Data>().waitFor(go, "k").saveAs("n").build("slow", 1);
const parentOf = (child: WorkflowDefinition<Data>): WorkflowDefinition<Data> =>
  new WorkflowBuilder<Data>()
    .subWorkflow(child, (data) => ({ n: data.n + 1 }))
    .output((result, data) => void (data.n = result.n))
    .build("parent", 1);

/** Faults 7, 8 and 9 of the engine's ancestor, in which parents and children lost each other. */
onEachStore("a parent and its child", (open) => {
  it("meet, though the child is faster than all that its parent's host does behind the commit (fault 7)", async () => {
    const { clock, build, providers } = await open();
    const parent = parentOf(quick);
    const given = await providers();
    const { persistence } = given;
    // The answer to the parent's commit comes when another host has long ended the child.
    const late = new Proxy(persistence, {
      get: (target, key: keyof typeof persistence) => {
        const method = target[key] as (...args: unknown[]) => Promise<unknown>;
        if (key !== "persistWorkflow") return method.bind(target);
        return async (...args: unknown[]) => {
          const result = await method.apply(target, args);
          await new Promise<void>((resolve) => void clock.setTimer(5_000, resolve));
          return result;
        };
      },
    });
    const first = build(
      (h) => [quick, parent].forEach((definition) => h.registerWorkflowDefinition(definition)),
      { ...given, persistence: late },
      { sweepInterval: "20s" },
    );
    const second = build((h) => h.registerWorkflowDefinition(quick), await providers(), { sweepInterval: "1s" });
    await first.start();
    await second.start();

    const id = await first.startWorkflow(parent, { n: 1 });
    await clock.advance("3s");
    expect(await second.countWorkflows({ definitionId: "quick", status: "complete" })).toBe(1);
    await clock.advance("1m");

    expect(await first.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 4 } });
  });

  it("hear of each other's end, however it came, by the commit that ends them (faults 8, 9)", async () => {
    const { clock, build, providers } = await open();
    const parent = parentOf(slow);
    const given = await providers();
    const host = build((h) => [slow, parent].forEach((definition) => h.registerWorkflowDefinition(definition)), {
      ...given,
      queue: losingQueue(given.queue),
    });
    await host.start();
    const id = await host.startWorkflow(parent, { n: 1 });
    await clock.advance("1s");
    const child = (await host.listWorkflows({ definitionId: "slow" })).items[0]?.id ?? "";

    await host.terminateWorkflow(child);
    await clock.advance("5s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_CHILD_TERMINATED", data: { childId: child } } });
  });
});
