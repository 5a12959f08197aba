import { describe, expect, it } from "vitest";
import { InstanceState } from "../../src/executor/instance-state.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import type { WorkflowRow } from "../../src/models/workflow-row.ts";
import { sampleWorkflow, samplePointer } from "../../src/test-support/fixtures.ts";

const { pointers: _, ...created } = sampleWorkflow("w");
const row: WorkflowRow = { ...created, status: "runnable", revision: 1, controlSeq: 0, inboxSeq: 0, sequence: 10 };
const data = Object.freeze({ n: 1 });

/** Steps of an even id run a body. */
const kinds = { runsBody: (stepId: number): boolean => stepId % 2 === 0, watchesData: (): boolean => false };
const stateOf = (...pointers: readonly PointerRow[]): InstanceState => new InstanceState(row, data, undefined, pointers, kinds);
const body = (seq: number, changes: Partial<PointerRow> = {}): PointerRow => samplePointer({ seq, stepId: 0, ...changes });
const primitive = (seq: number, changes: Partial<PointerRow> = {}): PointerRow => samplePointer({ seq, stepId: 1, ...changes });
const complete = { status: "complete" } as const;

/** The ids of what is taken until there is nothing. */
function taken(take: () => PointerRow | undefined): string[] {
  const ids: string[] = [];
  for (let next = take(); next !== undefined; next = take()) ids.push(next.id);
  return ids;
}

describe("pending pointers", () => {
  it("are taken once each, those of bodies and of primitives apart, in the order in which they became pending", () => {
    const state = stateOf(body(1, { status: "running" }), primitive(2), body(3), primitive(4));
    state.put(body(1));

    expect([taken(() => state.takePrimitive()), taken(() => state.takeBody())]).toEqual([
      ["2", "4"],
      ["3", "1"],
    ]);
  });

  it("that run a body can be given back, and come before all others again", () => {
    const state = stateOf(body(1), body(2), body(3));
    const chosen = [state.takeBody(), state.takeBody()].filter((pointer) => pointer !== undefined);

    state.giveBackBodies(chosen);

    expect(taken(() => state.takeBody())).toEqual(["1", "2", "3"]);
  });

  it("are passed over when they are pending no longer", () => {
    const state = stateOf(body(1), body(2), primitive(3));
    state.put(body(1, { status: "running" }));
    state.put(primitive(3, complete));

    expect([state.hasPending(), taken(() => state.takePrimitive()), taken(() => state.takeBody()), state.hasPending()]).toEqual([
      true,
      [],
      ["2"],
      false,
    ]);
  });
});

describe("due times", () => {
  const sleeping = (seq: number, ms: number) => body(seq, { status: "sleeping", dueAt: new Date(ms) });

  it("are those of sleeping and waiting pointers, and are taken in their order once they have come", () => {
    const state = stateOf(
      sleeping(1, 30),
      primitive(2, { status: "waitingForEvent", dueAt: new Date(10) }),
      body(3, { status: "failed", dueAt: new Date(5) }),
      body(4, { status: "sleeping" }),
    );

    expect([state.nextDueMs(), taken(() => state.takeDue(10)), state.nextDueMs()]).toEqual([10, ["2"], 30]);
  });

  it("do not hold for a pointer that was put off or woken meanwhile", () => {
    const state = stateOf(sleeping(1, 10), sleeping(2, 20));
    state.put(sleeping(1, 40));
    state.put(body(2));

    expect([state.nextDueMs(), state.takeDue(30)]).toEqual([40, undefined]);
  });
});

describe("containers", () => {
  const container = primitive(1, { status: "running" });
  const child = (seq: number, changes: Partial<PointerRow> = {}) => body(seq, { scope: ["1"], index: seq, ...changes });

  it("are taken when nothing is open in them any more, with the index of what ended last", () => {
    const state = stateOf(container, child(2), child(3));

    state.put(child(2, complete));
    expect([state.openChildren("1"), state.takeDrained()]).toEqual([1, undefined]);
    state.put(child(3, complete));

    expect([state.openChildren("1"), state.takeDrained(), state.takeDrained()]).toEqual([0, { pointer: container, endedIndex: 3 }, undefined]);
  });

  it("are not taken when the next step of the chain was opened before the last one closed", () => {
    const state = stateOf(container, child(2));

    state.put(child(3));
    state.put(child(2, complete));

    expect(state.takeDrained()).toBeUndefined();
  });

  it("are not taken when something was opened in them since, or they have ended themselves", () => {
    const state = stateOf(container, child(2), primitive(5, { status: "running" }), body(6, { scope: ["5"] }));

    state.put(child(2, complete));
    state.put(child(3));
    state.put(body(6, { scope: ["5"], ...complete }));
    state.put(primitive(5, { status: "cancelled" }));

    expect(state.takeDrained()).toBeUndefined();
  });

  it("can be said to be empty, which holds only if they are", () => {
    const state = stateOf(container, primitive(2, { status: "running" }), body(3, { scope: ["2"] }));

    state.markDrained("2");
    state.markDrained("1");

    expect([state.takeDrained(), state.takeDrained()]).toEqual([{ pointer: container, endedIndex: undefined }, undefined]);
  });
});

describe("what there is to commit", () => {
  it("is nothing at first, and then every pointer that was put, in order of creation, in its last form", () => {
    const state = stateOf(body(1), body(2));
    expect(state.isDirty).toBe(false);

    state.put(body(3));
    state.put(body(1, { status: "running" }));
    state.put(body(1, complete));

    expect([state.isDirty, state.changedPointers()]).toEqual([true, [body(1, complete), body(3)]]);
    expect([...state.open()].map(({ id }) => id)).toEqual(["2", "3"]);
  });

  it.each<[string, (state: InstanceState) => void]>([
    ["the status", (state) => void (state.status = "suspended")],
    ["the data", (state) => void (state.data = { n: 2 })],
    ["the error", (state) => void (state.error = { code: "WFE_TIMEOUT", message: "late" })],
    ["a consumed event", (state) => void state.effects.consume.push({ subscriptionId: "s", eventId: "e" })],
    ["a closed subscription", (state) => void state.effects.closeSubscriptions.push("s")],
    [
      "a recorded error",
      (state) => void state.effects.errors.push({ workflowId: "w", pointerId: "1", step: "s", attempt: 1, at: new Date(0), code: "c", message: "m" }),
    ],
  ])("is %s alone, too", (_, change) => {
    const state = stateOf(body(1));

    change(state);
    expect(state.isDirty).toBe(true);
    state.accept(row);

    expect(state.isDirty).toBe(false);
  });

  it("is the truth once it is accepted: a later refusal takes back only what came since", () => {
    const state = stateOf(body(1));
    state.put(body(1, { status: "running" }));
    state.data = { n: 2 };
    state.nextSequence();
    state.accept({ ...row, revision: 2 });

    state.put(body(1, complete));
    state.data = { n: 3 };
    state.nextSequence();
    expect(state.dataChanged).toBe(true);
    state.rollback();

    expect([state.row.revision, state.pointer("1"), state.data, state.sequence, state.dataChanged]).toEqual([
      2,
      body(1, { status: "running" }),
      { n: 2 },
      11,
      false,
    ]);
  });
});

describe("a refused commit", () => {
  it("leaves everything as it was, and what was taken can be taken again", () => {
    const container = primitive(1, { status: "running" });
    const inside = body(2, { scope: ["1"] });
    const sleeping = body(3, { status: "sleeping", dueAt: new Date(10) });
    const state = stateOf(container, inside, sleeping, body(4));
    const before = [...state.open()];

    state.takeBody();
    state.put(body(2, { scope: ["1"], ...complete }));
    state.put(body(5, { scope: ["1"] }));
    state.takeDue(10);
    state.put(body(3));
    state.takeBody();
    state.put(body(4, { status: "running" }));
    state.put(body(6, complete));
    state.status = "terminated";
    state.completedAt = new Date(1);
    state.error = { code: "c", message: "m" };
    state.effects.closeSubscriptions.push("s");
    state.rollback();

    expect([state.status, state.completedAt, state.error, state.effects.closeSubscriptions, state.changedPointers(), state.isDirty]).toEqual([
      "runnable",
      undefined,
      undefined,
      [],
      [],
      false,
    ]);
    expect([...state.open()].sort((a, b) => a.seq - b.seq)).toEqual(before);
    expect([state.openChildren("1"), state.takeDrained(), state.takeDue(10)]).toEqual([1, undefined, sleeping]);
    expect(taken(() => state.takeBody()).sort()).toEqual(["2", "4"]);
  });
});

describe("a command that was seen in the store", () => {
  it("moves the status and the error outside of any commit, and a refusal keeps them", () => {
    const state = stateOf(body(1));
    const error = { code: "WFE_TIMEOUT", message: "late" };
    const stored: WorkflowRow = { ...row, status: "terminated", controlSeq: 1, completedAt: new Date(5) };
    state.put(body(1, complete));

    state.acceptControl(stored, error);
    expect([state.status, state.isDirty]).toEqual(["terminated", true]);
    state.rollback();

    expect([state.row, state.status, state.error, state.completedAt, state.isDirty]).toEqual([stored, "terminated", error, new Date(5), false]);
  });
});
