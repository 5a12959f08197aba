import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { defineEvent } from "../../src/models/event.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { Gate, PassHarness } from "./pass-harness.ts";

interface Count {
  n: number;
}
const w = (): WorkflowBuilder<Count> => new WorkflowBuilder<Count>();
const noop = (): void => {};
const paid = defineEvent<number>("paid");
const everySecond = ErrorBehavior.retry({ interval: "1s", maxRetries: 2 });

/** An instance of which one pass has run. */
async function passed(definition: AnyDefinition, options: Parameters<typeof PassHarness.start>[0] = {}): Promise<PassHarness> {
  const harness = await PassHarness.start(options);
  await harness.create(definition, { n: 0 });
  await harness.run();
  return harness;
}

/** Another pass, some time later. */
async function later(harness: PassHarness, after: Parameters<PassHarness["clock"]["advance"]>[0]): Promise<void> {
  await harness.clock.advance(after);
  await harness.run();
}

async function resume(harness: PassHarness): Promise<void> {
  await harness.store.command("w", "resume", new Date(harness.clock.now()));
}

const errorsOf = (harness: PassHarness) => harness.store.getErrors("w");

describe("a wait that runs out", () => {
  it.each([
    ["saveAs", w().waitFor(paid, "k", { timeout: "1h" }).saveAs("n")],
    [
      "output",
      w()
        .waitFor(defineEvent<{ amount: number }>("paid"), "k", { timeout: "1h" })
        .output((payload, data) => {
          data.n = payload.amount; // there is no payload
        }),
    ],
  ] as const)("leaves the data alone in spite of %s, and runs its onTimeout", async (_, wait) => {
    const harness = await passed(wait.onTimeout((b) => b.thenFn("late", noop)).build("w", 1));

    await later(harness, "1h");

    expect(await harness.state()).toEqual({
      status: "complete",
      data: { n: 0 },
      pointers: ["waitFor paid: complete", "waitFor paid: timeout: complete", "late: complete"],
    });
  });

  it("fails for that reason, whatever the selector of its limit does by now", async () => {
    let asked = 0;
    const definition = w()
      .waitFor("go", "k", {
        timeout: () => {
          asked += 1;
          if (asked > 1) throw new Error("the selector is asked again");
          return "1s";
        },
      })
      .build("w", 1);
    const harness = await passed(definition);

    await later(harness, "1s");

    expect(await errorsOf(harness)).toMatchObject([{ code: "WFE_TIMEOUT", message: 'the wait of the step "waitFor go" took longer than its limit' }]);
  });
});

describe("a failing condition `when`", () => {
  /** Fails twice, then says no. */
  function failingTwice(): () => boolean {
    let asked = 0;
    return () => {
      asked += 1;
      if (asked < 3) throw new Error(`failure ${asked}`);
      return false;
    };
  }

  it.each([
    ["body", "a", w().thenFn("a", () => Promise.reject(new Error("the body runs")))],
    ["wait", "waitFor go", w().waitFor("go", "k")],
    [
      "container",
      "ifDo",
      w().ifDo(
        () => true,
        (b) => b.thenFn("inside", noop),
      ),
    ],
  ] as const)("of a %s is asked again by each retry", async (_, name, step) => {
    const harness = await passed(step.when(failingTwice()).onError(everySecond).build("w", 1));

    await later(harness, "1s");
    await later(harness, "1s");

    expect((await harness.state()).pointers).toEqual([`${name}: skipped`]);
    expect(await errorsOf(harness)).toMatchObject([
      { attempt: 1, message: "failure 1" },
      { attempt: 2, message: "failure 2" },
    ]);
  });
});

describe("a failing function of an engine step", () => {
  it("counts as one attempt each time", async () => {
    const definition = w()
      .ifDo(
        () => {
          throw new Error("no such field");
        },
        (b) => b.thenFn("inside", noop),
      )
      .onError(everySecond)
      .build("w", 1);
    const harness = await passed(definition);

    for (let retry = 1; retry <= 3; retry += 1) await later(harness, "1s");

    expect((await errorsOf(harness)).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect((await harness.state()).status).toBe("suspended");
  });
});

describe("a body's result", () => {
  it("that branches without state ends the step behind the branches, though it had persisted before", async () => {
    const ran: unknown[] = [];
    const definition = w()
      .thenFn("split", (ctx) => {
        ran.push("split");
        return ctx.persistenceData === undefined ? ExecutionResult.persist("asked") : ExecutionResult.branch(["x"]);
      })
      .children((b) => b.thenFn("child", (ctx) => void ran.push(ctx.item)))
      .build("w", 1);

    const harness = await passed(definition);

    expect(ran).toEqual(["split", "split", "x"]);
    expect((await harness.state()).status).toBe("complete");
  });

  it("that waits for an event with an invalid effectiveDate fails the step, not the pass", async () => {
    const definition = w()
      .thenFn("a", () => ExecutionResult.waitForEvent("go", "k", { effectiveDate: new Date("nonsense") }))
      .build("w", 1);

    const harness = await passed(definition);

    expect(await harness.state()).toMatchObject({ status: "suspended", pointers: ["a: failed"] });
    expect(await errorsOf(harness)).toMatchObject([
      { step: "a", message: 'the step "a" waits for an event with an effectiveDate that is no valid Date' },
    ]);
  });

  it("that is a failure which terminates an instance that was just resumed keeps its pointer failed", async () => {
    const harness = await PassHarness.start();
    const began = new Gate();
    const fails = new Gate();
    const definition = w()
      .thenFn("a", async () => {
        began.open();
        await fails.opened;
        throw new Error("no");
      })
      .onError(ErrorBehavior.terminate())
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    const { pass, end } = await harness.begin();
    await began.opened;
    await harness.store.command("w", "suspend", new Date(harness.clock.now()));
    pass.poke();
    await harness.clock.settle();

    await resume(harness);
    pass.poke();
    fails.open(); // the resume and the failure are decided together

    expect(await end).toEqual({ kind: "idle" });
    expect(await harness.state()).toMatchObject({ status: "terminated", pointers: ["a: failed"] });
  });
});

describe("a delay beyond the last instant there is", () => {
  it.each([
    ["delay", w().delay("100000000d")],
    ["body", w().thenFn("body", () => ExecutionResult.sleep("100000000d"))],
  ] as const)("is due at that instant: a %s", async (_, step) => {
    const last = new Date(8.64e15);

    const harness = await passed(step.build("w", 1));

    const { dueAt, pointers } = await harness.stored();
    expect([dueAt, pointers[0]?.status, pointers[0]?.dueAt]).toEqual([last, "sleeping", last]);
  });
});

describe("a decide", () => {
  it.each([
    ["a negative zero", -0, 0],
    ["a property that is undefined", { a: 1, b: undefined }, { a: 1 }],
  ])("takes %s as JSON does", async (_, selected: unknown, value: unknown) => {
    const definition = w()
      .decide(
        () => selected as number,
        (d) => d.case(value as number, (b) => b.thenFn("same", noop)).otherwise((b) => b.thenFn("other", noop)),
      )
      .build("w", 1);

    const harness = await passed(definition);

    expect((await harness.state()).pointers).toEqual(["decide: complete", "same: complete"]);
  });
});

describe("a sequential forEach that fails between two iterations", () => {
  it("goes on there after a resume when it was refused for too many open pointers", async () => {
    const harness = await PassHarness.start();
    const took: number[] = [];
    const definition = w()
      .forEach(
        () => [0, 1, 2],
        (each) => each.thenFn("take", (ctx) => void took.push(ctx.item)).delay("1m"),
        { parallel: false },
      )
      .build("w", 1);
    const runs = async (): Promise<void> => {
      await harness.run();
      await harness.clock.advance("1m");
    };
    await harness.create(definition, { n: 0 });
    await runs();
    harness.limit({ maxOpenPointers: 1 }); // another host, with no room for the second iteration
    await runs();
    expect([(await harness.state()).status, took]).toEqual(["suspended", [0]]);
    expect(await errorsOf(harness)).toMatchObject([{ step: "forEach", code: "WFE_POINTERS_TOO_MANY" }]);

    harness.limit({ maxOpenPointers: 2 });
    await resume(harness);
    for (let run = 0; run < 3; run += 1) await runs();

    expect([(await harness.state()).status, took]).toEqual(["complete", [0, 1, 2]]);
  });

  it("goes on there after a resume when its list could not be read for a while", async () => {
    const harness = await PassHarness.start();
    const took: number[] = [];
    const second = new Gate();
    const definition = w()
      .forEach(
        () => [0, 1, 2],
        (b) =>
          b.thenFn("take", async (ctx) => {
            took.push(ctx.item);
            if (ctx.item === 1) await second.opened;
          }),
        { parallel: false },
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    const first = await harness.begin();
    await harness.clock.settle();
    first.pass.abort(); // its host stops in the second iteration
    await first.end;
    await first.lease.release();
    second.open();
    let prefix = "not JSON: ";
    const withLists = (rows: readonly PointerRow[], change: (text: string) => string): readonly PointerRow[] =>
      rows.map((row) => (row.persistenceData === undefined ? row : { ...row, persistenceData: change(row.persistenceData) }));
    harness.intercept("loadForPass", async (next, id, options) => {
      const loaded = await next(id, options);
      return loaded?.pointers === undefined ? loaded : { ...loaded, pointers: withLists(loaded.pointers, (text) => prefix + text) };
    });
    harness.intercept("persistWorkflow", (next, change, now) =>
      next({ ...change, pointers: withLists(change.pointers, (text) => text.slice(prefix.length)) }, now),
    );
    await harness.run();
    expect([(await harness.state()).status, took]).toEqual(["suspended", [0, 1, 1]]);

    prefix = "";
    await resume(harness);
    await harness.run();

    expect([(await harness.state()).status, took]).toEqual(["complete", [0, 1, 1, 2]]);
  });
});
