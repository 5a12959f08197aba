import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { blocksEnded, enterPrimitive, primitiveDue } from "../../src/executor/primitive-runner.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { samplePointer } from "../../src/test-support/fixtures.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { PassHarness } from "./pass-harness.ts";
import { type ScopeParts, scopeOf } from "./scope-of.ts";

interface Data {
  n: number;
  log: string[];
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const noop = (): void => {};
const started = { startedAt: new Date("2026-01-01T00:00:00Z") };

/** The scope after the first step, a pending primitive, was entered. */
function entered(definition: AnyDefinition, parts: ScopeParts = {}) {
  const scope = scopeOf(definition, { data: { n: 0, log: [] }, pointers: [samplePointer()], ...parts });
  enterPrimitive(scope, scope.state.pointer("1") ?? samplePointer());
  return scope;
}

async function start(definition: AnyDefinition): Promise<PassHarness> {
  const harness = await PassHarness.start();
  await harness.create(definition, { n: 0, log: [] });
  return harness;
}

describe("entering a primitive", () => {
  it("that sleeps counts a start, tells of it, and keeps its state", () => {
    const { state } = entered(w().delay("1m").build("w", 1));

    expect(state.changedPointers()).toEqual([
      samplePointer({ ...started, status: "sleeping", attempt: 1, dueAt: new Date("2026-01-01T00:01:00Z"), persistenceData: "{}" }),
    ]);
    expect(state.effects.lifecycle.map(({ type }) => type)).toEqual(["stepStarted"]);
  });

  it("that waits opens a subscription, with its limit if there is one", () => {
    const { state } = entered(
      w()
        .waitFor("paid", (data) => String(data.n), { timeout: "1m", effectiveDate: new Date(7) })
        .build("w", 1),
    );
    const endless = entered(w().waitFor("paid", "1").build("w", 1));

    expect(state.changedPointers()).toEqual([
      samplePointer({ ...started, status: "waitingForEvent", attempt: 1, eventName: "paid", eventKey: "0", dueAt: new Date("2026-01-01T00:01:00Z") }),
    ]);
    expect(state.effects.openSubscriptions).toEqual([{ id: "w/1/0", pointerId: "1", name: "paid", key: "0", bound: { effectiveDate: new Date(7) } }]);
    expect(endless.state.changedPointers()).toEqual([
      samplePointer({ ...started, status: "waitingForEvent", attempt: 1, eventName: "paid", eventKey: "1" }),
    ]);
  });

  it("that opens blocks holds them, and tells of nothing itself", () => {
    const { state } = entered(
      w()
        .parallel((p) => p.branch((b) => b.thenFn("a", noop)))
        .build("w", 1),
    );

    expect(state.changedPointers()).toMatchObject([
      { id: "1", status: "running", attempt: 1 },
      { id: "11", stepName: "a", status: "pending", scope: ["1"] },
    ]);
    expect(state.effects.lifecycle).toEqual([]);
  });

  it("whose expression throws is a failed attempt of its step, with the behavior of its step", () => {
    const failing = w()
      .ifDo(
        () => {
          throw new Error("no such field");
        },
        (b) => b.thenFn("a", noop),
      )
      .onError(ErrorBehavior.suspend());

    const { state } = entered(failing.build("w", 1));

    expect([state.status, state.changedPointers()]).toMatchObject(["suspended", [{ status: "failed", attempt: 1 }]]);
    expect(state.effects.errors).toMatchObject([{ step: "ifDo", attempt: 1, message: "no such field" }]);
  });

  it("whose expression is asynchronous is a failed attempt", () => {
    const asynchronous = () => Promise.resolve(true) as never;

    const { state } = entered(
      w()
        .ifDo(asynchronous, (b) => b.thenFn("a", noop))
        .build("w", 1),
    );

    expect(state.effects.errors).toMatchObject([{ message: expect.stringContaining('0.condition of the step "ifDo" is asynchronous') as string }]);
  });
});

describe("a due time that has come", () => {
  it("ends a delay and goes on behind it", () => {
    const definition = w().delay("1m").thenFn("a", noop).build("w", 1);
    const scope = scopeOf(definition, { pointers: [] });

    primitiveDue(scope, samplePointer({ status: "sleeping", attempt: 1, dueAt: new Date(5), persistenceData: "{}" }));

    expect(scope.state.changedPointers()).toMatchObject([
      { id: "1", status: "complete" },
      { stepName: "a", status: "pending" },
    ]);
    expect(scope.state.changedPointers()[0]?.dueAt).toBeUndefined();
  });

  it("closes the subscription of a wait, which leads into its block", () => {
    const definition = w()
      .waitFor("paid", "1", { timeout: "1m" })
      .onTimeout((b) => b.thenFn("late", noop))
      .build("w", 1);
    const scope = scopeOf(definition, { pointers: [] });

    primitiveDue(scope, samplePointer({ status: "waitingForEvent", attempt: 1, resultCount: 2 }));

    expect(scope.state.effects.closeSubscriptions).toEqual(["w/1/2"]);
    expect(scope.state.changedPointers()).toMatchObject([{ status: "complete" }, { stepId: 1, status: "pending" }]);
  });

  it("of a retry enters the primitive anew", async () => {
    let asked = 0;
    const harness = await start(
      w()
        .delay(() => {
          asked += 1;
          if (asked === 1) throw new Error("once");
          return "1m";
        })
        .onError(ErrorBehavior.retry({ interval: "1s" }))
        .build("w", 1),
    );

    expect(await harness.run()).toEqual({ kind: "idle", dueAt: new Date("2026-01-01T00:00:01Z") });
    await harness.clock.advance("1s");
    expect(await harness.run()).toEqual({ kind: "idle", dueAt: new Date("2026-01-01T00:01:01Z") });
    await harness.clock.advance("1m");
    await harness.run();

    expect([asked, (await harness.state()).status]).toEqual([2, "complete"]);
    expect((await harness.stored()).pointers).toMatchObject([{ attempt: 2, retryCount: 0 }]);
  });

  it("of a wait that is retried opens another subscription, with its limit counted afresh", async () => {
    const harness = await start(
      w()
        .waitFor("paid", "1", { timeout: "1m" })
        .onError(ErrorBehavior.retry({ interval: "1s" }))
        .build("w", 1),
    );

    await harness.run();
    await harness.clock.advance("1m");
    await harness.run();
    await harness.clock.advance("1s");

    expect(await harness.run()).toEqual({ kind: "idle", dueAt: new Date("2026-01-01T00:02:01Z") });
    const changes = harness.commits.map(({ openSubscriptions, closeSubscriptions }) => [openSubscriptions.map(({ id }) => id), closeSubscriptions]);
    expect(changes).toEqual([
      [["w/1/0"], []],
      [[], ["w/1/0"]],
      [["w/1/1"], []],
    ]);
  });
});

describe("a wait that has run out", () => {
  it("has no payload for its output mappings: they are left out", async () => {
    const harness = await start(
      w()
        .waitFor<string>("paid", "1", { timeout: "1m" })
        .output((payload, data) => void data.log.push(payload))
        .onTimeout((b) => b.thenFn("late", noop))
        .build("w", 1),
    );
    await harness.run();
    await harness.clock.advance("1m");

    await harness.run();

    expect(await harness.state()).toMatchObject({ status: "complete", data: { log: [] } });
  });
});

describe("a zero delay", () => {
  it("goes on in the same pass", async () => {
    const harness = await start(
      w()
        .delay(0)
        .delay(() => 0)
        .thenFn("a", noop)
        .build("w", 1),
    );

    expect(await harness.run()).toEqual({ kind: "idle" });
    expect((await harness.state()).pointers).toEqual(["delay: complete", "delay: complete", "a: complete"]);
  });
});

describe("what a wait has got", () => {
  it("is kept over a failing output mapping, and not waited for again", async () => {
    let maps = 0;
    const harness = await start(
      w()
        .waitFor<string>("paid", "1")
        .output((payload, data) => {
          maps += 1;
          if (maps === 1) throw new Error("once");
          data.log.push(payload);
        })
        .onError(ErrorBehavior.retry({ interval: 0 }))
        .build("w", 1),
    );
    await harness.run();
    const now = new Date(harness.clock.now());
    await harness.store.createEvent({ id: "e", name: "paid", key: "1", data: '"cash"', time: now }, now);
    await harness.store.deliverEvents([{ name: "paid", key: "1" }], now);

    await harness.run();

    expect(await harness.state()).toEqual({ status: "complete", data: { n: 0, log: ["cash"] }, pointers: ["waitFor paid: complete"] });
    expect(harness.commits.flatMap(({ openSubscriptions }) => openSubscriptions)).toHaveLength(1);
  });
});

describe("the end of what a container opened", () => {
  const loop = w()
    .whileDo(
      (data) => data.n < 1,
      (b) => b.thenFn("count", noop),
    )
    .build("w", 1);
  const container = samplePointer({ status: "running", attempt: 1 });

  it("opens the next iteration without writing the container", () => {
    const scope = scopeOf(loop, { data: { n: 0 }, pointers: [container] });

    const open = scope.state.pointer("1") as PointerRow; // given
    blocksEnded(scope, open, undefined);

    expect(scope.state.changedPointers()).toMatchObject([{ stepName: "count", status: "pending", scope: ["1"] }]);
    expect(scope.state.pointer("1")).toBe(open);
  });

  it("ends the container when its primitive says so, or says nothing", () => {
    const branches = w()
      .parallel((p) => p.branch((b) => b.thenFn("a", noop)))
      .build("w", 1);
    const scopes = [scopeOf(loop, { data: { n: 1 }, pointers: [container] }), scopeOf(branches, { pointers: [container] })];

    for (const scope of scopes) blocksEnded(scope, container, undefined);

    expect(scopes.map(({ state }) => state.changedPointers().map(({ status }) => status))).toEqual([["complete"], ["complete"]]);
  });

  it("knows the list of a sequential forEach from the container, and which iteration has ended", () => {
    const each = w()
      .forEach(
        () => [],
        (b) => b.thenFn("take", noop),
        { parallel: false },
      )
      .build("w", 1);
    const holding = { ...container, persistenceData: '{"items":["a","b"]}' };
    const scope = scopeOf(each, { pointers: [holding] });

    blocksEnded(scope, scope.state.pointer("1") as PointerRow, 0); // given

    expect(scope.state.changedPointers()).toMatchObject([{ stepName: "take", item: '"b"', index: 1 }]);
  });

  it("that cannot be followed by the next iteration is a failure, and another attempt goes on there", () => {
    const each = w()
      .forEach(
        () => [],
        (b) => b.thenFn("take", noop),
        { parallel: false },
      )
      .build("w", 1);
    const holding = { ...container, persistenceData: '{"items":["a","b","c"]}' };
    const full = scopeOf(each, { pointers: [holding], limits: { maxOpenPointers: 1 } });

    blocksEnded(full, holding, 1);
    const [failed] = full.state.changedPointers();
    expect(failed).toMatchObject({ status: "failed", persistenceData: holding.persistenceData });
    const again = entered(each, { pointers: [{ ...holding, status: "pending", resultCount: failed?.resultCount ?? 0 }] });

    expect(again.state.changedPointers()).toMatchObject([{ status: "running" }, { stepName: "take", item: '"c"', index: 2 }]);
  });
});
