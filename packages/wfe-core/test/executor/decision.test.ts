import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { decide } from "../../src/executor/decision.ts";
import type { PassInput } from "../../src/executor/pass-input.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { samplePointer } from "../../src/test-support/fixtures.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { PassHarness } from "./pass-harness.ts";
import { runningPointer, type ScopeParts, scopeOf } from "./scope-of.ts";

interface Data {
  n: number;
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const noop = (): void => {};
const chain = w().thenFn("a", noop).thenFn("b", noop).build("w", 1);
const wait = w().waitFor("paid", "1", { timeout: "1m" }).build("w", 1);
const waiting = samplePointer({ status: "waitingForEvent", attempt: 1, resultCount: 1, dueAt: new Date("2026-01-01T00:01:00Z") });
const delivery: PassInput = {
  kind: "delivery",
  delivery: { subscriptionId: "w/1/1", pointerId: "1", eventId: "e", data: '"cash"' },
};
const ended = (changes: Partial<Extract<PassInput, { kind: "settled" }>> = {}): PassInput => ({
  kind: "settled",
  pointerId: "1",
  attempt: 1,
  outcome: { result: { kind: "next" }, source: undefined },
  ...changes,
});

/** What follows from the inputs. */
function decided(definition: AnyDefinition, parts: ScopeParts, inputs: readonly PassInput[], room = 16, starts = true) {
  const scope = scopeOf(definition, { data: { n: 0 }, ...parts });
  const starting = decide(scope, inputs, room, starts);
  return {
    state: scope.state,
    starting: starting.map(({ id }) => id),
    pointers: scope.state.changedPointers().map(({ stepName, id, status, attempt }) => `${stepName ?? id} ${status} ${attempt}`),
  };
}

describe("the end of a body", () => {
  it("ends its step and starts the next", () => {
    const { pointers, starting } = decided(chain, {}, [ended()]);

    expect([pointers, starting]).toEqual([["1 complete 1", "b running 1"], ["11"]]);
  });

  it("that was not the last start of its pointer, or whose pointer is gone, is dropped", () => {
    const late = decided(chain, { pointers: [runningPointer({ attempt: 2 })] }, [ended()]);
    const pending = decided(chain, { pointers: [samplePointer({ attempt: 1 })] }, [ended()], 0);
    const gone = decided(chain, { pointers: [samplePointer({ seq: 2 })] }, [ended()], 0);

    expect([late.pointers, pending.pointers, gone.pointers]).toEqual([[], [], []]);
  });

  it("with an error is a failed attempt, and so is one whose result cannot be applied", () => {
    const thrown = decided(chain, {}, [ended({ outcome: { error: new Error("no") } })]);
    const unusable = decided(chain, {}, [ended({ outcome: { result: { kind: "sleep", duration: -1 }, source: undefined } })]);

    expect([thrown.pointers, unusable.pointers]).toEqual([["1 sleeping 1"], ["1 failed 1"]]);
    expect(thrown.state.effects.errors).toMatchObject([{ message: "no" }]);
  });
});

describe("a body that was called off because the host stops", () => {
  it("is pending again and counts as no crash", () => {
    const { state, pointers } = decided(chain, {}, [{ kind: "interrupted", pointerId: "1", attempt: 1 }], 16, false);

    expect(pointers).toEqual(["1 pending 1"]);
    expect(state.pointer("1")).toMatchObject({ crashCount: 0 });
  });

  it("is left alone when its pointer has ended, or has started again", () => {
    const inputs: readonly PassInput[] = [{ kind: "interrupted", pointerId: "1", attempt: 1 }];

    expect(decided(chain, { pointers: [samplePointer({ seq: 2 })] }, inputs, 0).pointers).toEqual([]);
    expect(decided(chain, { pointers: [runningPointer({ attempt: 2 })] }, inputs, 0).pointers).toEqual([]);
  });
});

describe("a body that is said to run and was never started", () => {
  it("is pending again, and the start does not count", () => {
    const inputs: readonly PassInput[] = [{ kind: "notStarted", pointerId: "1", attempt: 3 }];

    expect(decided(chain, { pointers: [runningPointer({ attempt: 3 })] }, inputs, 0).pointers).toEqual(["1 pending 2"]);
    expect(decided(chain, { pointers: [runningPointer({ attempt: 4 })] }, inputs, 0).pointers).toEqual([]);
  });
});

describe("a delivery", () => {
  it("wakes the pointer whose open subscription it is for, and its limit counts no longer", () => {
    const { state, pointers } = decided(wait, { pointers: [waiting] }, [delivery], 16, false);

    expect(pointers).toEqual(["1 pending 0"]);
    expect(state.pointer("1")).toMatchObject({ eventData: '"cash"' });
    expect(state.pointer("1")?.dueAt).toBeUndefined();
    expect(state.effects.consume).toEqual([{ subscriptionId: "w/1/1", eventId: "e" }]);
  });

  it("that cannot be read for a wait for several fails the step, and is used up", () => {
    const several = w()
      .waitForAny({ first: { event: "paid", key: () => "1" }, other: { event: "off", key: () => "1" } })
      .build("w", 1);
    const { state } = decided(
      several,
      { pointers: [waiting] },
      [{ kind: "delivery", delivery: { subscriptionId: "w/1/1/first", pointerId: "1", eventId: "e", data: "{" } }],
      16,
      false,
    );

    expect(state.effects).toMatchObject({
      consume: [{ subscriptionId: "w/1/1/first", eventId: "e" }],
      closeSubscriptions: ["w/1/1/other"],
      errors: [{ code: "WFE_PAYLOAD_UNREADABLE" }],
    });
    expect(state.pointer("1")).toMatchObject({ status: "failed" });
  });

  it("without a payload wakes it all the same", () => {
    const { state } = decided(
      wait,
      { pointers: [waiting] },
      [{ kind: "delivery", delivery: { subscriptionId: "w/1/1", pointerId: "1", eventId: "e" } }],
      16,
      false,
    );

    expect(state.pointer("1")).toMatchObject({ status: "pending", eventData: "null" });
  });

  it.each<[string, ScopeParts]>([
    ["an earlier wait of the pointer", { pointers: [{ ...waiting, resultCount: 2 }] }],
    ["a pointer that does not wait", { pointers: [{ ...waiting, status: "failed" }] }],
    ["a pointer that has ended", { pointers: [{ ...waiting, id: "2", seq: 2 }] }],
    ["a suspended instance", { pointers: [waiting], row: { status: "suspended" } }],
  ])("for %s is left in the inbox", (_, parts) => {
    const { state, pointers } = decided(wait, parts, [delivery]);

    expect([pointers, state.effects.consume]).toEqual([[], []]);
  });
});

describe("taking an instance over", () => {
  it("runs bodies again that have lost their host, and counts the crash", () => {
    const { state, pointers, starting } = decided(chain, { pointers: [runningPointer({ crashCount: 1 })] }, [{ kind: "takeOver" }]);

    expect([pointers, starting]).toEqual([["1 running 2"], ["1"]]);
    expect(state.pointer("1")).toMatchObject({ crashCount: 2 });
  });

  it("gives a body up that has crashed too often", () => {
    const { state } = decided(chain, { pointers: [runningPointer({ crashCount: 4, attempt: 5 })] }, [{ kind: "takeOver" }]);

    expect(state.status).toBe("suspended");
    expect(state.effects.errors).toMatchObject([{ code: "WFE_STEP_CRASHED", attempt: 5 }]);
  });

  it("leaves containers alone that wait for what is inside, and pointers that do not run", () => {
    const definition = w()
      .whileDo(
        () => true,
        (b) => b.delay("1m"),
      )
      .build("w", 1);
    const pointers = [
      samplePointer({ status: "running", attempt: 1 }),
      samplePointer({ seq: 2, stepId: 1, status: "sleeping", scope: ["1"], dueAt: new Date("2026-01-01T00:01:00Z"), persistenceData: "{}" }),
    ];

    expect(decided(definition, { pointers }, [{ kind: "takeOver" }]).pointers).toEqual([]);
  });

  it("goes on with a container in which nothing is open", () => {
    const definition = w()
      .whileDo(
        (data) => data.n < 1,
        (b) => b.thenFn("inside", noop),
      )
      .thenFn("behind", noop)
      .build("w", 1);
    const container = runningPointer();

    const again = decided(definition, { pointers: [container] }, [{ kind: "takeOver" }]);
    const over = decided(definition, { pointers: [container], data: { n: 1 } }, [{ kind: "takeOver" }]);

    expect([again.pointers, over.pointers]).toEqual([["inside running 1"], ["1 complete 1", "behind running 1"]]);
  });
});

describe("a resume", () => {
  it("runs failed steps again with fresh retries, and nothing else", () => {
    const failed = samplePointer({ status: "failed", attempt: 3, retryCount: 2, crashCount: 1, endedAt: new Date(0), endSeq: 9 });
    const { state, pointers } = decided(
      chain,
      { pointers: [failed, samplePointer({ seq: 2, stepId: 1, status: "sleeping" })] },
      [{ kind: "rearm" }],
      0,
    );

    expect(pointers).toEqual(["1 pending 3"]);
    expect(state.pointer("1")).toEqual(samplePointer({ attempt: 3 }));
  });
});

describe("due times", () => {
  const sleeping = samplePointer({ status: "sleeping", attempt: 1, retryCount: 1, dueAt: new Date("2026-01-01T00:00:00Z") });

  it("that have come start bodies again and end waits", () => {
    const limit = { ...waiting, dueAt: new Date("2026-01-01T00:00:00Z") };

    expect(decided(chain, { pointers: [sleeping] }, []).pointers).toEqual(["1 running 2"]);
    expect(decided(wait, { pointers: [limit] }, []).state.effects).toMatchObject({
      closeSubscriptions: ["w/1/1"],
      errors: [{ code: "WFE_TIMEOUT" }],
    });
  });

  it.each<[string, ScopeParts, boolean]>([
    ["while the instance is suspended", { pointers: [sleeping], row: { status: "suspended" } }, true],
    ["while the host stops", { pointers: [sleeping] }, false],
    ["before their time", { pointers: [{ ...sleeping, dueAt: new Date("2026-01-01T00:00:00.001Z") }] }, true],
  ])("start nothing %s", (_, parts, starts) => {
    expect(decided(chain, parts, [], 16, starts).pointers).toEqual([]);
  });
});

describe("due times that come again at once", () => {
  it("are looked at so many times, so that what came of it is committed now and then", () => {
    const definition = w()
      .recur(
        "1s",
        () => {
          throw new Error("no");
        },
        (b) => b.thenFn("inside", noop),
      )
      .onError(ErrorBehavior.retry({ interval: 0, maxRetries: "unlimited" }))
      .build("w", 1);
    const waits = samplePointer({
      status: "sleeping",
      attempt: 1,
      dueAt: new Date("2026-01-01T00:00:00Z"),
      persistenceData: '{"startMs":0,"phase":"waits"}',
    });

    const { state } = decided(definition, { pointers: [waits] }, []);

    expect(state.effects.errors).toHaveLength(1_000);
    expect(state.pointer("1")).toMatchObject({ status: "sleeping", retryCount: 1_000 });
  });
});

describe("what starts", () => {
  const three = [samplePointer(), samplePointer({ seq: 2 }), samplePointer({ seq: 3 })];

  it("is as much as there is room for, in order, each told of", () => {
    const { state, starting } = decided(chain, { pointers: three }, [], 2);

    expect(starting).toEqual(["1", "2"]);
    expect(state.pointer("3")).toEqual(three[2]);
    expect(state.effects.lifecycle.map(({ type }) => type)).toEqual(["stepStarted", "stepStarted"]);
  });

  it.each<[string, ScopeParts, boolean]>([
    ["while the instance is suspended", { row: { status: "suspended" } }, true],
    ["while the host stops", {}, false],
  ])("is nothing %s, while containers close all the same", (_, parts, starts) => {
    const definition = w()
      .ifDo(
        () => true,
        (b) => b.thenFn("inside", noop),
      )
      .thenFn("behind", noop)
      .build("w", 1);
    const pointers = [samplePointer({ status: "running", attempt: 1 }), runningPointer({ seq: 2, stepId: 1, scope: ["1"] })];

    const { pointers: changed, starting } = decided(definition, { pointers, ...parts }, [ended({ pointerId: "2" })], 16, starts);

    expect([changed, starting]).toEqual([["1 complete 1", "2 complete 1", "behind pending 0"], []]);
  });

  it("is nothing in the decision that suspends the instance, whatever comes first in it", () => {
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("first", noop))
          .branch((b) =>
            b
              .thenFn("fails", noop)
              .when(() => {
                throw new Error("no such field");
              })
              .onError(ErrorBehavior.suspend()),
          ),
      )
      .build("w", 1);
    const { state, starting, pointers } = decided(definition, { pointers: [samplePointer()] }, []);

    expect([state.status, starting]).toEqual(["suspended", []]);
    expect(pointers).toEqual(["1 running 1", "first pending 0", "fails failed 1"]);
    expect(state.takeBody()).toMatchObject({ stepName: "first" });
  });

  it("leaves out a step that the same decision has cancelled after it was chosen", async () => {
    const harness = await PassHarness.start();
    const runs: string[] = [];
    const definition = w()
      .thenFn("begin", () => void runs.push("begin"))
      .id("begin")
      .ifDo(
        () => runs.length === 1,
        (b) =>
          b
            .recur(
              "1h",
              () => false,
              (c) => c.thenFn("left", () => void runs.push("left")),
            )
            .thenFn("skipped", noop)
            .when(() => false)
            .goTo("begin"),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });

    await harness.run();

    expect(runs).toEqual(["begin", "begin"]);
    expect((await harness.state()).pointers).toEqual([
      "begin: complete",
      "ifDo: complete",
      "recur: cancelled",
      "left: cancelled",
      "skipped: skipped",
      "goTo begin: complete",
      "begin: complete",
      "ifDo: complete",
    ]);
  });

  it("leaves out steps whose condition says so, at their first start only", () => {
    const never = w()
      .thenFn("a", noop)
      .when((data) => data.n > 0)
      .thenFn("b", noop)
      .build("w", 1);

    expect(decided(never, { pointers: [samplePointer()] }, []).pointers).toEqual(["1 skipped 0", "b running 1"]);
    expect(decided(never, { pointers: [samplePointer()], data: { n: 1 } }, []).pointers).toEqual(["1 running 1"]);
    expect(decided(never, { pointers: [samplePointer({ attempt: 1, startedAt: new Date(0) })] }, []).pointers).toEqual(["1 running 2"]);
  });

  it("fails a step whose condition gives something else than true or false: its truth is nobody's guess", () => {
    const counting = w()
      .thenFn("a", noop)
      .when((data) => data.n as never)
      .build("w", 1);

    const { state, pointers } = decided(counting, { pointers: [samplePointer()], data: { n: 1 } }, []);

    expect(pointers).toEqual(["1 failed 1"]);
    expect(state.effects.errors).toMatchObject([{ step: "a", message: 'the when of the step "a" gave 1 in place of true or false' }]);
  });

  it("leaves out primitives whose condition says so", () => {
    const never = w()
      .delay("1m")
      .when(() => false)
      .thenFn("b", noop)
      .build("w", 1);

    expect(decided(never, { pointers: [samplePointer()] }, []).pointers).toEqual(["1 skipped 0", "b running 1"]);
  });

  it.each<[string, (condition: () => boolean) => AnyDefinition]>([
    [
      "body",
      (condition) =>
        w()
          .thenFn("a", noop)
          .when(condition)
          .onError(ErrorBehavior.retry({ interval: 0 }))
          .build("w", 1),
    ],
    [
      "primitive",
      (condition) =>
        w()
          .delay("1h")
          .when(condition)
          .onError(ErrorBehavior.retry({ interval: 0 }))
          .build("w", 1),
    ],
  ])("does not include a %s whose condition throws: that is a failed attempt, and the condition is asked again", async (_, make) => {
    let asked = 0;
    const harness = await PassHarness.start();
    const definition = make(() => {
      asked += 1;
      if (asked === 1) throw new Error("no such field");
      return false;
    });
    await harness.create(definition, { n: 0 });

    await harness.run();

    expect([asked, (await harness.stored()).pointers.map(({ status }) => status)]).toEqual([2, ["skipped"]]);
    expect(await harness.store.getErrors("w")).toMatchObject([{ attempt: 1, message: "no such field" }]);
  });
});

describe("an instance in which nothing is open", () => {
  it("is complete, unless it is suspended", () => {
    const last = { pointers: [runningPointer({ stepId: 1 })] };
    const runnable = decided(chain, last, [ended()]);
    const suspended = decided(chain, { ...last, row: { status: "suspended" } }, [ended()]);

    expect([runnable.state.status, suspended.state.status]).toEqual(["complete", "suspended"]);
  });
});

describe("a loop of primitives alone", () => {
  it("is committed now and then", async () => {
    const harness = await PassHarness.start();
    let rounds = 0;
    const definition = w()
      .whileDo(
        () => {
          rounds += 1;
          return rounds <= 2_500;
        },
        (b) => b.delay(0),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });

    await harness.run();

    expect((await harness.state()).status).toBe("complete");
    expect(harness.commits.length).toBe(3);
  });
});
