import { ErrorBehavior, WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory, Stimulus } from "../../../src/test-support/index.ts";
import { data, ended, sorted, type Log } from "./log.ts";

/** A bit of everything in each other, in several instances that share events. */
export const mixed: ProgramFactory = (bodies) => {
  const child = new WorkflowBuilder<Log>()
    .waitFor("open", () => "all", { effectiveDate: new Date(0) }) // it may be created behind the event
    .thenFn("inner", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("inner"))
    .build("mixed-child", 1);
  const definition = new WorkflowBuilder<Log>()
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: 150, maxRetries: "unlimited" }))
    .parallel((p) =>
      p
        .branch((b) =>
          b.saga((s) =>
            s
              .thenFn("book", (ctx) => bodies.pause(ctx))
              .output((_, d) => void d.log.push("book"))
              .compensateWithSequence((u) => u.thenFn("unbook", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("unbook")))
              .waitFor("pay", (d) => d.key, { timeout: 2_500 })
              .onTimeout((t) =>
                t
                  .thenFn("unpaid", () => {
                    throw new Error("unpaid");
                  })
                  .onError(ErrorBehavior.compensate()),
              ),
          ),
        )
        .branch((b) => b.subWorkflow(child, (d) => data(d.key)).output((result, d) => void d.log.push(...result.log)))
        .branch((b) =>
          b.forEach(
            () => [0, 1, 2],
            (each) =>
              each
                .waitFor("open", () => "all")
                .thenFn("go", async (ctx) => {
                  await bodies.sleep(ctx, 40);
                  if (ctx.attempt === 1) throw new Error("once more");
                })
                .output((_, d, ctx) => void d.log.push(`go ${ctx.item}`)),
          ),
        )
        .branch((b) =>
          b.recur(
            400,
            (d) => d.log.filter((line) => line === "tick").length === 3,
            (r) => r.thenFn("tick", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("tick")),
          ),
        ),
    )
    .thenFn("last", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("last"))
    .build("mixed", 1);
  const ids = ["m1", "m2", "m3", "m4"];
  const starts = ids.map((id) => `start ${id}`);
  return {
    name: "mixed",
    definitions: [definition, child],
    stimuli: [
      ...ids.map((id, n): Stimulus => ({ name: `start ${id}`, atMs: 50 * n, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
      { name: "open", atMs: 600, after: starts, act: (client) => client.publishEvent("open", "all", 1, { id: "open" }) },
      { name: "open again", atMs: 600, after: starts, act: (client) => client.publishEvent("open", "all", 2, { id: "open again" }) },
      { name: "pay m1", atMs: 900, after: ["start m1"], act: (client) => client.publishEvent("pay", "m1", 1, { id: "pay m1" }) },
      { name: "pay m2", atMs: 2_450, after: ["start m2"], act: (client) => client.publishEvent("pay", "m2", 1, { id: "pay m2" }) },
      { name: "pay m3 too late", atMs: 2_600, after: ["start m3"], act: (client) => client.publishEvent("pay", "m3", 1, { id: "pay m3" }) },
    ],
    workflowIds: ids,
    verdict: (final) =>
      ids.flatMap((id) => {
        const all = ["book", "go 0", "go 1", "go 2", "inner", "last", "tick", "tick", "tick"];
        const paid = ended(final, id, "complete", (log) => [sorted(log), log.at(-1)], [all, "last"]);
        const unpaid = ended(final, id, "complete", (log) => [sorted(log), log.at(-1)], [[...all, "unbook"], "last"]);
        return paid.length > 0 && unpaid.length > 0 ? paid : [];
      }),
  };
};
