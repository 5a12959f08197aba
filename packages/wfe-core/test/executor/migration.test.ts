import { describe, expect, it } from "vitest";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import type { Chain } from "../../src/builder/chain.ts";
import type { BranchBuilder } from "../../src/builder/verbs.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { childId } from "../../src/executor/pointer-factory.ts";
import { migratePointers } from "../../src/executor/migration.ts";
import { LEFT_BEHIND, type PointerRow } from "../../src/models/pointer-row.ts";
import type { WorkflowDefinition } from "../../src/models/workflow-definition.ts";
import type { WorkflowRecord } from "../../src/models/workflow-row.ts";
import { instant, samplePointer, sampleWorkflow } from "../../src/test-support/fixtures.ts";

interface Data {
  n: number;
}

const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const noop = (): void => {};

type Options = Parameters<typeof migratePointers>[3];

function migrated(
  pointers: readonly Partial<PointerRow>[],
  from: WorkflowDefinition<unknown, never> | undefined,
  to: WorkflowDefinition<unknown, never>,
  options: Options = {},
): {
  readonly moved: readonly (readonly [string, number])[];
  readonly faults: readonly (readonly [string, string | undefined])[];
  readonly messages: string;
  readonly pointers: readonly PointerRow[];
} {
  const rows = pointers.map((changes, index) => samplePointer({ seq: index + 1, ...changes }));
  const record: WorkflowRecord = {
    ...sampleWorkflow("w"),
    status: "runnable",
    revision: 1,
    controlSeq: 0,
    inboxSeq: 0,
    sequence: 20,
    pointers: rows,
  };
  const { moved, faults, pointers: written } = migratePointers(record, from as AnyDefinition | undefined, to as AnyDefinition, options);
  return {
    moved: moved.map(({ pointerId, to: { stepId } }) => [pointerId, stepId]),
    faults: faults.map(({ reason, pointerId }) => [reason, pointerId]),
    messages: faults.map(({ message }) => message).join("\n"),
    pointers: written,
  };
}

describe("the counterpart of a step", () => {
  it("has its id, whatever its name; else the same name, kind and key, where one step alone has them", () => {
    const v1 = w().thenFn("a", noop).id("first").thenFn("b", noop).thenFn("c", noop).id("third").thenFn("d", noop).build("w", 1);
    const v2 = w()
      .thenFn("new", noop)
      .thenFn("other", noop)
      .id("first")
      .thenFn("b", noop)
      .id("b")
      .thenFn("c", noop)
      .thenFn("d", noop)
      .id("third")
      .build("w", 2);

    const at = (stepId: number) => migrated([{ stepId, stepName: "stored" }], v1, v2);

    expect(at(0).moved).toEqual([["1", 1]]);
    expect(at(1).moved).toEqual([["1", 2]]);
    expect(at(2).moved).toEqual([["1", 4]]);
    expect(at(3)).toMatchObject({ moved: [], faults: [["step", "1"]] }); // the one of its name is that of another
    expect(at(9).faults).toEqual([["step", "1"]]);
    expect(at(0).pointers).toEqual([samplePointer({ stepId: 1, stepName: "other" })]);
  });

  it("of several of one name is the one in the counterpart of its block, by role and value", () => {
    const version = (n: number): AnyDefinition =>
      (n === 1 ? w() : w().thenFn("new", noop))
        .ifDo(
          () => true,
          (b) => b.thenFn("say", noop),
          (b) => b.thenFn("say", noop),
        )
        .decide(
          () => "x",
          (d) => d.case("x", (b) => b.thenFn("say", noop)).otherwise((b) => b.thenFn("say", noop)),
        )
        .build("w", n);
    const [v1, v2] = [version(1), version(2)];
    const steps = v1.graph.steps;
    const holder = (kind: string): number => steps.findIndex((step) => step.kind === kind);
    const entry = (kind: string, block: number): number => steps[holder(kind)]?.blocks?.[block]?.entry ?? -9;

    for (const [kind, block] of [
      ["if", 0],
      ["if", 1],
      ["decide", 0],
      ["decide", 1],
    ] as const) {
      const pointers = [
        { stepId: holder(kind), status: "running" },
        { stepId: entry(kind, block), scope: ["1"] },
      ] as const;
      expect(migrated(pointers, v1, v2)).toMatchObject({
        faults: [],
        moved: [
          ["1", holder(kind) + 1],
          ["2", entry(kind, block) + 1],
        ],
      });
    }
  });

  it("is uncertain between several in one block, and is then named, by number, name or id", () => {
    const v1 = w().delay("1s").delay("2s").thenFn("end", noop).build("w", 1);
    const v2 = w().delay("1s").thenFn("new", noop).delay("2s").id("second").thenFn("end", noop).build("w", 2);
    const at = (stepId: number, steps?: Options["steps"]) => migrated([{ stepId, stepName: "delay" }], v1, v2, steps === undefined ? {} : { steps });

    expect(at(1).faults).toEqual([["step", "1"]]);
    expect(at(1).messages).toContain("several steps (0, 2 there)");
    expect(at(1, { 1: 2 }).moved).toEqual([["1", 2]]);
    expect(at(1, { 1: "second" }).moved).toEqual([["1", 2]]);
    expect(at(1, { 1: "0" }).moved).toEqual([["1", 0]]);
    expect(at(2, { end: "new" }).moved).toEqual([["1", 1]]);
  });

  it("is the step itself in a version with the same graph", () => {
    const v1 = w().delay("1s").delay("2s").build("w", 1);

    expect(migrated([{ stepId: 1, stepName: "delay" }], v1, w().delay("1m").delay("2m").build("w", 2)).pointers).toEqual([]);
    expect(migrated([{ stepId: 1 }], v1, w().delay("1m").delay("2m").build("w", 2)).moved).toEqual([["1", 1]]);
  });

  it("is named in vain: all that is wrong with the mapping is said at once, also of what no pointer stands at", () => {
    const v1 = w().delay("1s").delay("2s").thenFn("end", noop).build("w", 1);

    const { faults, messages } = migrated([{ stepId: 2 }], v1, v1, { steps: { delay: 0, nothing: 0, 7: 0, end: 9, 0: "delay", 1: "nobody" } });

    expect(faults.map(([reason]) => reason)).toEqual(Array.from({ length: 6 }, () => "mapping"));
    for (const text of ["several steps of version 1", '"nothing"', '"7"', "no step 9", "use its number, or give it an id", '"nobody"'])
      expect(messages).toContain(text);
  });

  it("is named by the stored name or the number, where nobody knows the definition; what no pointer stands at is no fault", () => {
    const v2 = w().thenFn("new", noop).thenFn("a", noop).build("w", 2);
    const at = (stepId: number, stepName: string) => ({ stepId, stepName });

    expect(migrated([at(0, "a")], undefined, v2).faults).toEqual([["step", "1"]]);
    expect(migrated([at(0, "a")], undefined, v2, { steps: { a: "a", 5: 0 } })).toMatchObject({ faults: [], moved: [["1", 1]] });
    expect(migrated([at(0, "a"), at(3, "a")], undefined, v2, { steps: { a: "a" } }).faults.map(([reason]) => reason)).toEqual([
      "mapping",
      "step",
      "step",
    ]);
    expect(migrated([at(0, "a")], undefined, v2, { steps: { b: "a" } }).faults.map(([reason]) => reason)).toEqual(["step"]);
  });
});

describe("a pointer that is moved", () => {
  const kinds = w()
    .thenFn("body", noop)
    .waitFor("told", "k")
    .waitForAny({ x: { event: "told", key: "k" } })
    .activity("work", () => 1)
    .subWorkflow("child", () => ({}))
    .forEach(
      () => [1],
      (b) => b.thenFn("in parallel", noop),
    )
    .forEach(
      () => [1],
      (b) => b.thenFn("in sequence", noop),
      { parallel: false },
    )
    .name("sequential")
    .delay("1s")
    .build("w", 2);
  const number = (name: string): number => kinds.graph.steps.findIndex((step) => step.name === name);
  const row = { id: "w", createdAt: instant() };
  const waits = (eventName: string, eventKey = "k"): Partial<PointerRow> => ({ status: "waitingForEvent", eventName, eventKey });

  it.each([
    ["one that has not begun, at any step", { status: "pending" }, "sequential", undefined],
    ["one that has failed, at any step", { status: "failed" }, "delay", undefined],
    ["a wait, at a wait for that event", waits("told"), "waitFor told", undefined],
    ["a wait, at a wait for another event", waits("asked"), "waitFor told", "wait"],
    ["a wait, at an activity", waits("told"), "activity work", "kind"],
    ["a wait of several events, at one", { status: "waitingForEvent" }, "waitFor told", "kind"],
    ["a wait of several events that nobody knows, at another", { status: "waitingForEvent" }, "waitForAny told", "wait"],
    ["an activity, at an activity", waits("wfe.activity"), "activity work", undefined],
    ["an activity, at a wait", waits("wfe.activity"), "waitFor told", "kind"],
    ["a sub-workflow, at a body", waits("wfe.workflow.completed", childId(row, samplePointer())), "body", "kind"],
    ["a poll, at a wait", { status: "sleeping", eventName: "wfe.poll", persistenceData: "1" }, "waitFor told", "kind"],
    ["one that sleeps with a state, at a delay", { status: "sleeping", persistenceData: "{}" }, "delay", undefined],
    ["one that sleeps with a state, at a wait", { status: "sleeping", persistenceData: "{}" }, "waitFor told", "kind"],
    ["one with an outcome, at a body", { status: "pending", outcome: "1" }, "body", "kind"],
    ["one with a state, at an activity", { status: "pending", persistenceData: "1" }, "delay", "kind"],
  ] as const)("of a definition that nobody knows goes by what it keeps: %s", (_, pointer, target, reason) => {
    const { faults } = migrated([{ stepId: 0, stepName: "old", ...pointer }], undefined, kinds, { steps: { old: number(target) } });

    expect(faults).toEqual(reason === undefined ? [] : [[reason, "1"]]);
  });

  it("stays at a step of its kind, and with what it waits for", () => {
    const others = w()
      .waitForAny({ x: { event: "told", key: "k" }, y: { event: "told", key: "k" } })
      .name("any")
      .activity("other work", () => 1)
      .name("act")
      .subWorkflow("other child", () => ({}))
      .name("sub")
      .delay("1s")
      .thenFn("fn", noop)
      .build("w", 1);
    const to = (name: string, target: string, pointer: Partial<PointerRow>) =>
      migrated([{ stepId: others.graph.steps.findIndex((step) => step.name === name), ...pointer }], others, kinds, {
        steps: { [name]: number(target) },
      }).faults;

    expect(to("any", "waitForAny told", { status: "waitingForEvent" })).toEqual([["wait", "1"]]);
    expect(to("act", "activity work", { status: "waitingForEvent" })).toEqual([["wait", "1"]]);
    expect(to("sub", kinds.graph.steps.find(({ kind }) => kind === "subWorkflow")?.name ?? "", { status: "waitingForEvent" })).toEqual([
      ["wait", "1"],
    ]);
    expect(to("delay", "body", { status: "sleeping", persistenceData: "{}" })).toEqual([["kind", "1"]]);
    expect(to("fn", "body", { status: "waitingForEvent", eventName: "asked", eventKey: "k" })).toEqual([]);
  });

  it("that iterates goes on in the way it does", () => {
    const forEach = kinds.graph.steps.findIndex(({ kind }) => kind === "forEach");
    const inside = kinds.graph.steps[forEach]?.blocks?.[0]?.entry ?? -9;
    const sequential = number("sequential");
    const insideSequence = kinds.graph.steps[sequential]?.blocks?.[0]?.entry ?? -9;
    const container = (changes: Partial<PointerRow>): Partial<PointerRow>[] => [
      { stepId: forEach, status: "running", ...changes },
      { stepId: inside, scope: ["1"] },
    ];

    expect(migrated(container({}), kinds, kinds).faults).toEqual([]);
    expect(migrated(container({ persistenceData: '{"items":[1]}' }), kinds, kinds).faults).toEqual([["kind", "1"]]);
    expect(migrated(container({}), kinds, kinds, { steps: { [forEach]: sequential, [inside]: insideSequence } }).faults).toEqual([["kind", "1"]]);
    expect(migrated(container({}), undefined, kinds, { steps: { [forEach]: sequential, [inside]: insideSequence } }).faults).toEqual([["kind", "1"]]);
  });

  it("stays inside of what it stands in", () => {
    const v1 = w()
      .ifDo(
        () => true,
        (b) => b.thenFn("a", noop),
      )
      .thenFn("b", noop)
      .build("w", 1);
    const v2 = w()
      .thenFn("a", noop)
      .ifDo(
        () => true,
        (b) => b.thenFn("b", noop),
      )
      .build("w", 2);
    const of = (name: string): number => v1.graph.steps.findIndex((step) => step.name === name);
    const inside = [
      { stepId: of("ifDo"), status: "running" },
      { stepId: of("a"), scope: ["1"] },
    ] as const;

    expect(migrated(inside, v1, v2)).toMatchObject({
      faults: [["scope", "2"]],
      messages: expect.stringContaining("would leave what it stands in") as string,
    });
    expect(migrated([{ stepId: of("b") }], v1, v2).faults).toEqual([["scope", "1"]]);
    expect(migrated([{ stepId: of("nothing") }, { stepId: 1, scope: ["1"] }], v1, v2, { steps: { a: "b" } }).faults).toEqual([["step", "1"]]);
  });

  it("stays in the compensator of what it undoes", () => {
    const v = w().thenFn("a", noop).compensateWithFn("undo a", noop).thenFn("b", noop).compensateWithFn("undo b", noop).build("w", 1);
    const of = (name: string): number => v.graph.steps.findIndex((step) => step.name === name);
    const pointers = [
      { stepId: of("a"), status: "compensated", attempt: 1, endSeq: 1 },
      { stepId: of("undo a"), compensates: "1" },
    ] as const;

    expect(migrated(pointers, v, v)).toMatchObject({
      faults: [],
      moved: [
        ["1", of("a")],
        ["2", of("undo a")],
      ],
    });
    expect(migrated(pointers, v, v, { steps: { "undo a": "undo b" } }).faults).toEqual([["scope", "2"]]);
    expect(migrated(pointers, v, v, { steps: { "undo a": "b" } }).faults).toEqual([["scope", "2"]]);
    expect(migrated(pointers, undefined, v, { steps: { [of("undo a")]: of("undo a") } }).faults).toEqual([["step", "1"]]);
  });

  it("that runs is called off only when that is said, and runs again", () => {
    const v = w().thenFn("a", noop).build("w", 1);
    const running = { status: "running", attempt: 2, stepName: "a" } as const;

    expect(migrated([running], v, v).faults).toEqual([["running", "1"]]);
    expect(migrated([running], undefined, v, { steps: { 0: 0 } }).faults).toEqual([["running", "1"]]);
    expect(migrated([running], v, v, { interruptRunning: true })).toMatchObject({ faults: [], pointers: [{ status: "pending", attempt: 2 }] });
  });
});

describe("a pointer that is closed", () => {
  const saga = (block: (b: BranchBuilder<Data>) => Chain): AnyDefinition => w().saga(block).thenFn("behind", noop).build("w", 1);
  const v1 = saga((b) =>
    b
      .thenFn("plain", noop)
      .thenFn("a", noop)
      .compensateWithFn("undo a", noop)
      .saga((c) => c.thenFn("in", noop).compensateWithFn("undo in", noop))
      .name("inner")
      .compensateWithFn("undo inner", noop),
  );
  const steps = v1.graph.steps;
  const of = (name: string): number => steps.findIndex((step) => step.name === name);
  const open = { stepId: of("saga"), status: "running" } as const;
  const done = (name: string, changes: Partial<PointerRow> = {}): Partial<PointerRow> => ({
    stepId: of(name),
    stepName: name,
    status: "complete",
    attempt: 1,
    endSeq: 5,
    endedAt: instant(),
    scope: ["1"],
    ...changes,
  });
  const without = saga((b) =>
    b
      .thenFn("new", noop)
      .thenFn("a", noop)
      .compensateWithFn("undo a", noop)
      .saga((c) => c.thenFn("in", noop))
      .name("inner"),
  );

  it("goes along where it has a counterpart, and is left behind where it has none: its number would be another step's", () => {
    const { pointers, moved, faults } = migrated([open, done("plain"), done("a"), { ...done("plain"), stepId: LEFT_BEHIND }], v1, without);

    expect(faults).toEqual([]);
    expect(moved).toEqual([
      ["1", 0],
      ["3", without.graph.steps.findIndex((step) => step.name === "a")],
    ]);
    expect(pointers.map(({ id, stepId, stepName }) => [id, stepId, stepName])).toContainEqual(["2", LEFT_BEHIND, "plain"]);
    expect(pointers.map(({ id }) => id)).not.toContain("4");
  });

  it("is a fault where what it has done could not be undone any more, unless that is accepted", () => {
    const lost = [open, done("in", { scope: ["1", "9"] })] as const;

    expect(migrated(lost, v1, without)).toMatchObject({
      faults: [["compensation", "2"]],
      messages: expect.stringContaining("has no compensator") as string,
    });
    expect(migrated(lost, v1, without, { allowLostCompensation: true }).faults).toEqual([]);
    expect(migrated([open, done("in")], undefined, without, { steps: { 0: 0 } })).toMatchObject({ faults: [["compensation", "2"]] });
    expect(migrated([open, done("in")], undefined, without, { steps: { 0: 0, in: "in" } }).faults).toEqual([]);
    expect(migrated([open, done("a")], v1, v1, { steps: { a: "inner" } }).messages).toContain(
      "has finished as a inline, and would be undone as a saga",
    );
    expect(migrated([done("in", { scope: [] }), { stepId: of("behind") }], v1, without).faults).toEqual([]); // in no open saga
    expect(migrated([open, done("in", { attempt: 0 }), done("in", { status: "compensated" })], v1, without).faults).toEqual([]);
  });

  it("and is an undone saga stays one that is undone as a whole", () => {
    const undone = [open, done("inner", { status: "compensated" })] as const;

    expect(migrated(undone, v1, v1).faults).toEqual([]);
    expect(migrated(undone, v1, without, { allowLostCompensation: true })).toMatchObject({
      faults: [["compensation", "2"]],
      messages: expect.stringContaining("would be undone again") as string,
    });
  });
});
