import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { CancelledError } from "../../src/errors/step-errors.ts";
import { PersistenceError } from "../../src/errors/store-errors.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import { Gate, PassHarness } from "./pass-harness.ts";

interface Data {
  log: string[];
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const noop = (): void => {};
const unreachable = (): PersistenceError => new PersistenceError("WFE_STORE_UNREACHABLE", "the store is away", { retryable: true });

/** Holds the n-th commit until its gate is opened: before it reaches the store, or when the store has it and only the answer is missing. */
function holdCommit(harness: PassHarness, nth: number, where: "before" | "behind"): { readonly reached: Promise<void>; goOn(): void } {
  const reached = new Gate();
  const goesOn = new Gate();
  let commits = 0;
  harness.intercept("persistWorkflow", async (next, change, now) => {
    commits += 1;
    if (commits !== nth) return next(change, now);
    const result = where === "behind" ? await next(change, now) : undefined;
    reached.open();
    await goesOn.opened;
    return result ?? next(change, now);
  });
  return { reached: reached.opened, goOn: () => goesOn.open() };
}

/** One long body beside a quick one, and the reasons for which the long one was called off. */
async function longBesideQuick(): Promise<{ readonly harness: PassHarness; readonly reasons: unknown[] }> {
  const harness = await PassHarness.start();
  const reasons: unknown[] = [];
  const definition = w()
    .parallel((p) =>
      p
        .branch((b) =>
          b.thenFn("long", async (ctx) => {
            ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason instanceof CancelledError && ctx.signal.reason.reason));
            await new Promise(() => {}); // never ends, and does not listen
          }),
        )
        .branch((b) => b.thenFn("quick", noop)),
    )
    .build("w", 1);
  await harness.create(definition, { log: [] });
  return { harness, reasons };
}

describe("an abort while a commit is in flight", () => {
  it("leaves the result alone that the commit carries: its step is not run again", async () => {
    const harness = await PassHarness.start();
    const ran: unknown[] = [];
    const definition = w()
      .thenFn("split", () => {
        ran.push("split");
        return ExecutionResult.branch(["x", "y"]);
      })
      .children((b) => b.thenFn("child", (ctx) => void ran.push(ctx.item)))
      .build("w", 1);
    await harness.create(definition, { log: [] });
    const commit = holdCommit(harness, 2, "before");
    const { pass, end, lease } = await harness.begin();
    await commit.reached;

    pass.abort();
    commit.goOn();
    expect(await end).toEqual({ kind: "yielded" });
    await lease.release();
    await harness.run();

    expect(ran).toEqual(["split", "x", "y"]);
    expect(await harness.state()).toEqual({
      status: "complete",
      data: { log: [] },
      pointers: ["split: complete", "child: complete", "child: complete"],
    });
  });

  it("starts no body that the commit says to run; the attempt does not count", async () => {
    const harness = await PassHarness.start();
    const attempts: number[] = [];
    const definition = w()
      .thenFn("a", noop)
      .thenFn("b", (ctx) => void attempts.push(ctx.attempt))
      .build("w", 1);
    await harness.create(definition, { log: [] });
    const commit = holdCommit(harness, 2, "before");
    const { pass, end, lease } = await harness.begin();
    await commit.reached;

    pass.abort();
    commit.goOn();
    expect(await end).toEqual({ kind: "yielded" });
    expect((await harness.stored()).pointers).toMatchObject([{ status: "complete" }, { status: "pending", attempt: 0 }]);
    expect(attempts).toEqual([]);
    await lease.release();
    await harness.run();

    expect(attempts).toEqual([1]);
    expect((await harness.state()).status).toBe("complete");
  });
});

describe("a lease that ends while a commit is in flight", () => {
  it("is the end of the pass: no body starts that the commit says to run", async () => {
    const harness = await PassHarness.start();
    const ran: string[] = [];
    const definition = w()
      .thenFn("a", () => void ran.push("a"))
      .build("w", 1);
    await harness.create(definition, { log: [] });
    const commit = holdCommit(harness, 1, "behind");
    const { end } = await harness.begin("w", 1_000);
    await commit.reached;

    await harness.clock.advance(1_000);
    commit.goOn();

    expect(await end).toEqual({ kind: "lost" });
    await harness.clock.settle();
    expect(ran).toEqual([]);
  });
});

describe("a store that never answers", () => {
  it.each([
    ["commits", (harness: PassHarness) => harness.intercept("persistWorkflow", () => new Promise(() => {}))],
    [
      "looks at what has come",
      (harness: PassHarness) => harness.intercept("loadForPass", (next, id, options) => (options === undefined ? next(id) : new Promise(() => {}))),
    ],
  ])("keeps a pass that %s until the end of its lease, not longer", async (_, hang) => {
    const { harness } = await longBesideQuick();
    hang(harness);
    const { pass, end } = await harness.begin("w", 1_000);
    const seen: unknown[] = [];
    void end.then((ended) => seen.push(ended));

    pass.poke();
    await harness.clock.advance(999);
    seen.push("the lease ends");
    await harness.clock.advance(1);

    expect(seen).toEqual(["the lease ends", { kind: "lost" }]);
  });
});

describe("a store that fails", () => {
  it("is asked once more by an aborted pass, which then ends: its bodies were called off with the reason shutdown", async () => {
    const { harness, reasons } = await longBesideQuick();
    const tries: string[] = [];
    harness.intercept("persistWorkflow", (next, change, now) => {
      if (harness.commits.length === 0) return next(change, now);
      tries.push(change.commitId);
      return Promise.reject(unreachable());
    });
    const { pass, end } = await harness.begin();
    await harness.clock.advance(10); // the commit of the quick body has failed, and waits for another try
    expect(tries).toHaveLength(1);

    pass.abort();
    await harness.clock.advance("10s");

    expect(await end).toEqual({ kind: "lost" });
    expect(tries).toEqual([tries[0], tries[0]]);
    expect(reasons).toEqual(["shutdown"]);
    expect(harness.warnings).toEqual([
      "a commit of the workflow w is tried again in 20 ms",
      "a commit of the workflow w has failed, and the host stops",
    ]);
  });

  it("for good ends the pass, and calls its bodies off with the reason failed", async () => {
    const { harness, reasons } = await longBesideQuick();
    const readOnly = new PersistenceError("WFE_STORE_READ_ONLY", "the store is read-only");
    harness.intercept("persistWorkflow", (next, change, now) => (harness.commits.length === 0 ? next(change, now) : Promise.reject(readOnly)));

    const end = await harness.run();

    expect(end).toEqual({ kind: "failed", error: readOnly });
    expect(reasons).toEqual(["failed"]);
  });
});
