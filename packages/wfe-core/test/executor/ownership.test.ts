import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { CancelledError } from "../../src/errors/step-errors.ts";
import { defineEvent } from "../../src/models/event.ts";
import { sampleChange } from "../../src/test-support/fixtures.ts";
import { Gate, PassHarness } from "./pass-harness.ts";

interface Data {
  log: string[];
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const paid = defineEvent<string>("paid");

/** A body that runs until its gate opens, and tells why it was called off. */
function held(): {
  readonly gate: Gate;
  readonly began: Gate;
  readonly reasons: unknown[];
  readonly run: (ctx: { readonly signal: AbortSignal }) => Promise<void>;
} {
  const gate = new Gate();
  const began = new Gate();
  const reasons: unknown[] = [];
  return {
    gate,
    began,
    reasons,
    run: async ({ signal }) => {
      signal.addEventListener("abort", () => reasons.push((signal.reason as CancelledError).reason));
      began.open();
      await gate.opened;
      signal.throwIfAborted();
    },
  };
}

describe("who may move an instance", () => {
  it("refuses a frozen owner after another has claimed its running step, before that one's first result (race 7, fault 17)", async () => {
    const harness = await PassHarness.start();
    const first = held();
    const second = held();
    let starts = 0;
    const definition = w()
      .thenFn("a", (ctx) => (++starts === 1 ? first : second).run(ctx))
      .thenFn("b", () => {})
      .build("w", 1);
    await harness.create(definition, { log: [] });

    const frozen = await harness.begin("w", 1_000);
    await first.began.opened;
    // The frozen owner does not notice the end of its lease: its signal is the only thing that would tell it.
    await harness.clock.advance(999);
    const hold = new Gate();
    harness.intercept("persistWorkflow", async (next, change, now) => {
      if (change.pointers.some(({ id, status }) => id === "1" && status === "complete") && harness.commits.length === 1) await hold.opened;
      return next(change, now);
    });
    first.gate.open();
    await harness.clock.settle(); // its result is on the way to the store
    await harness.clock.advance(1);
    const owner = await harness.begin("w");
    await second.began.opened; // claimed: the commit that says `running` again is acknowledged
    hold.open();
    expect(await frozen.end).toEqual({ kind: "lost" });
    second.gate.open();
    expect(await owner.end).toEqual({ kind: "idle" });

    const { pointers, revision } = await harness.stored();
    expect(pointers).toMatchObject([
      { stepName: "a", status: "complete", attempt: 2, crashCount: 1 },
      { stepName: "b", status: "complete", attempt: 1 },
    ]);
    expect(revision).toBe(4);
  });

  it("aborts the signal and stops when the lease ends, without asking anyone", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { log: [] });

    const { end } = await harness.begin("w", 5_000);
    await body.began.opened;
    harness.intercept("persistWorkflow", () => Promise.reject(new Error("nothing may be sent any more")));
    harness.intercept("loadForPass", () => Promise.reject(new Error("nothing may be asked any more")));
    await harness.clock.advance(5_000);

    expect(await end).toEqual({ kind: "lost" });
    expect(body.reasons).toEqual(["leaseLost"]);
    expect(await harness.state()).toMatchObject({ pointers: ["a: running"] });
  });

  it("drops the pass when another owner has committed", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { log: [] });
    const { end } = await harness.begin();
    await body.began.opened;

    const other = await harness.stored();
    await harness.store.persistWorkflow(
      {
        workflowId: "w",
        commitId: "other",
        expected: { revision: other.revision, controlSeq: 0 },
        seenInboxSeq: 0,
        status: "runnable",
        sequence: other.sequence,
        pointers: [],
        openSubscriptions: [],
        consume: [],
        closeSubscriptions: [],
        children: [],
        events: [],
        commands: [],
        errors: [],
      },
      new Date(harness.clock.now()),
    );
    body.gate.open();

    expect(await end).toEqual({ kind: "lost" });
    expect(await harness.state()).toMatchObject({ pointers: ["a: running"] });
  });

  it("stops at once when a poke shows that another owner has gone on", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { log: [] });
    const { end, pass } = await harness.begin();
    await body.began.opened;
    harness.intercept("loadForPass", async (next, id, options) => {
      const loaded = await next(id, options);
      return loaded === undefined ? undefined : { ...loaded, row: { ...loaded.row, revision: loaded.row.revision + 1 } };
    });

    pass.poke();

    expect(await end).toEqual({ kind: "lost" });
    expect(body.reasons).toEqual(["superseded"]);
  });

  it.each([
    ["missing", async (harness: PassHarness) => harness.run("nobody")],
    [
      "unknownDefinition",
      async (harness: PassHarness) => {
        await harness.create(
          w()
            .thenFn("a", () => {})
            .build("w", 1),
          { log: [] },
        );
        harness.register(
          w()
            .thenFn("a", () => {})
            .thenFn("b", () => {})
            .build("w", 1),
        );
        return harness.run();
      },
    ],
    [
      "idle",
      async (harness: PassHarness) => {
        await harness.create(
          w()
            .thenFn("a", () => {})
            .build("w", 1),
          { log: [] },
        );
        await harness.store.command("w", "suspend", new Date(0));
        return harness.run();
      },
    ],
  ])("ends as %s without writing anything", async (kind, run) => {
    const harness = await PassHarness.start();

    expect(await run(harness)).toMatchObject({ kind });
    expect(harness.commits).toEqual([]);
  });

  it("ends when the instance was removed under it", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { log: [] });
    const { end, pass } = await harness.begin();
    await body.began.opened;
    await harness.store.command("w", "terminate", new Date(0));
    await harness.store.deleteWorkflows(["w"]);

    pass.poke();

    expect(await end).toEqual({ kind: "missing" });
  });
});

describe("a step whose host is lost", () => {
  it("is run again with the next attempt, up to maxCrashes times, and then fails (fault 10)", async () => {
    const harness = await PassHarness.start({ maxCrashes: 3 });
    const attempts: number[] = [];
    const definition = w()
      .thenFn("killer", (ctx) => {
        attempts.push(ctx.attempt);
        return new Promise<void>(() => {});
      })
      .build("w", 1);
    await harness.create(definition, { log: [] });

    for (let host = 0; host < 4; host += 1) {
      const { end } = await harness.begin("w", 1_000);
      await harness.clock.advance(1_000);
      await end;
    }

    expect(attempts).toEqual([1, 2, 3]);
    expect(await harness.state()).toMatchObject({ status: "suspended", pointers: ["killer: failed"] });
    expect(await harness.store.getErrors("w")).toMatchObject([{ code: "WFE_STEP_CRASHED", attempt: 3 }]);
  });

  it("does not count as crashed when its host stopped in order", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { log: [] });
    const { end, pass } = await harness.begin();
    await body.began.opened;

    pass.abort();

    expect(await end).toEqual({ kind: "yielded" });
    expect(body.reasons).toEqual(["shutdown"]);
    expect(await harness.stored()).toMatchObject({ dueAt: new Date(0), pointers: [{ status: "pending", attempt: 1, crashCount: 0 }] });
    expect(await harness.store.getErrors("w")).toEqual([]);
  });

  it("finishes and is committed when its host drains, and its successor is left for the next", async () => {
    const harness = await PassHarness.start();
    const body = held();
    const ran: string[] = [];
    await harness.create(
      w()
        .thenFn("a", body.run)
        .thenFn("b", () => void ran.push("b"))
        .build("w", 1),
      { log: [] },
    );
    const { end, pass } = await harness.begin();
    await body.began.opened;

    pass.drain();
    await harness.clock.settle();
    body.gate.open();

    expect(await end).toEqual({ kind: "yielded" });
    expect(ran).toEqual([]);
    expect(await harness.state()).toMatchObject({ pointers: ["a: complete", "b: pending"] });
  });
});

describe("commands against a pass in progress", () => {
  it("suspend between a step's end and its commit: the result is kept, and nothing is started (race 6)", async () => {
    const harness = await PassHarness.start();
    const body = held();
    const ran: string[] = [];
    const definition = w()
      .thenFn("a", body.run)
      .output((_, data) => void data.log.push("a"))
      .thenFn("b", () => void ran.push("b"))
      .build("w", 1);
    await harness.create(definition, { log: [] });
    const { end } = await harness.begin();
    await body.began.opened;

    expect(await harness.store.command("w", "suspend", new Date(harness.clock.now()))).toBe(true);
    body.gate.open();

    expect(await end).toEqual({ kind: "idle" });
    expect(await harness.state()).toEqual({ status: "suspended", data: { log: ["a"] }, pointers: ["a: complete", "b: pending"] });
    expect(ran).toEqual([]);
    expect(body.reasons).toEqual([]);
  });

  it("suspend and resume between a step's end and its commit: the flow goes on", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(
      w()
        .thenFn("a", body.run)
        .thenFn("b", () => {})
        .build("w", 1),
      { log: [] },
    );
    const { end } = await harness.begin();
    await body.began.opened;

    await harness.store.command("w", "suspend", new Date(harness.clock.now()));
    await harness.store.command("w", "resume", new Date(harness.clock.now()));
    body.gate.open();

    expect(await end).toEqual({ kind: "idle" });
    expect(await harness.state()).toMatchObject({ status: "complete", pointers: ["a: complete", "b: complete"] });
  });

  it("suspend keeps the instance suspended even when its last step ends under it", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { log: [] });
    const { end, pass, lease } = await harness.begin();
    await body.began.opened;
    await harness.store.command("w", "suspend", new Date(harness.clock.now()));
    pass.poke();
    await harness.clock.settle();
    body.gate.open();
    await end;
    await lease.release();
    expect((await harness.state()).status).toBe("suspended");

    await harness.store.command("w", "resume", new Date(harness.clock.now()));
    await harness.run();

    expect((await harness.state()).status).toBe("complete");
  });

  it("terminate aborts running bodies, and what they do after it is not heard (fault 18)", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(
      w()
        .thenFn("a", body.run)
        .thenFn("b", () => {})
        .build("w", 1),
      { log: [] },
    );
    const { end, pass } = await harness.begin();
    await body.began.opened;

    await harness.store.command("w", "terminate", new Date(harness.clock.now()));
    pass.poke();
    expect(await end).toEqual({ kind: "idle" });
    body.gate.open();
    await harness.clock.settle();

    expect(body.reasons).toEqual(["terminated"]);
    expect(await harness.state()).toMatchObject({ status: "terminated", pointers: ["a: cancelled"] });
    expect(await harness.store.getErrors("w")).toEqual([]);
  });

  it("learns of a command with the next renewal of its lease at the latest", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { log: [] });
    const { end, pass } = await harness.begin();
    await body.began.opened;
    await harness.store.command("w", "terminate", new Date(harness.clock.now()));

    for (const signals of await harness.store.readSignals(["w"])) pass.signals(signals);

    expect(await end).toEqual({ kind: "idle" });
    expect(body.reasons).toEqual(["terminated"]);
  });

  it("learns of a migration with the next renewal of its lease at the latest, stops, and is to be followed by another pass", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { log: [] });
    const { end, pass } = await harness.begin();
    await body.began.opened;
    const [before] = await harness.store.readSignals(["w"]);
    const definition = { version: 2, fingerprint: "e".repeat(64) };
    await harness.store.persistWorkflow(sampleChange("w", "migration", { definition }, before), new Date(harness.clock.now()));

    for (const signals of await harness.store.readSignals(["w"])) pass.signals(signals);

    expect(await end).toEqual({ kind: "lost" });
    expect([body.reasons, pass.isPoked]).toEqual([["superseded"], true]);
  });
});

describe("an event against the end of its wait", () => {
  it("beats a timeout that was decided before it was seen", async () => {
    const harness = await PassHarness.start();
    const definition = w()
      .waitFor(paid, "1", { timeout: "1h" })
      .output((payload, data) => void data.log.push(payload))
      .onTimeout((b) => b.thenFn("late", () => {}))
      .build("w", 1);
    await harness.create(definition, { log: [] });
    await harness.run();
    await harness.clock.advance("1h");
    harness.intercept("persistWorkflow", async (next, change, now) => {
      // Between the pass's decision to time out and its commit.
      if (change.closeSubscriptions.length > 0 && (await harness.store.getEvent("e")) === undefined) {
        await harness.store.createEvent({ id: "e", name: "paid", key: "1", data: '"in time"', time: now }, now);
        await harness.store.deliverEvents([{ name: "paid", key: "1" }], now);
      }
      return next(change, now);
    });

    await harness.run();

    expect(await harness.state()).toEqual({ status: "complete", data: { log: ["in time"] }, pointers: ["waitFor paid: complete"] });
  });

  it("is taken from the answer of the very commit that opens the wait (fault 6)", async () => {
    const harness = await PassHarness.start();
    const definition = w()
      .thenFn("a", async () => {
        const now = new Date(harness.clock.now());
        await harness.store.createEvent({ id: "e", name: "paid", key: "1", data: '"early"', time: now }, now);
        await harness.store.deliverEvents([{ name: "paid", key: "1" }], now);
      })
      .waitFor(paid, "1")
      .output((payload, data) => void data.log.push(payload))
      .build("w", 1);
    await harness.create(definition, { log: [] });

    expect(await harness.run()).toEqual({ kind: "idle" });
    expect((await harness.state()).data).toEqual({ log: ["early"] });
  });
});
