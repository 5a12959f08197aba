import { describe, expect, it } from "vitest";
import { childId } from "../../src/executor/pointer-factory.ts";
import { endpointOf, kindsThatMay, standingOf } from "../../src/executor/pointer-standing.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { instant, samplePointer } from "../../src/test-support/fixtures.ts";

const ROW = { id: "w", createdAt: instant() };
const payloads = new Payloads();
const standing = (changes: Partial<PointerRow>): ReturnType<typeof standingOf> => standingOf(ROW, samplePointer(changes), payloads);
const error = { code: "WFE_STEP_FAILED", message: "no" };
const saga = JSON.stringify({ phase: "compensating", failed: "3", error });
const POLL: Partial<PointerRow> = {
  status: "sleeping",
  eventName: "wfe.poll",
  eventKey: JSON.stringify({ config: { url: "https://a.test/" }, deadlineMs: 7 }),
};

describe("the standing of a pointer", () => {
  it.each<[string, Partial<PointerRow>, ReturnType<typeof standingOf>]>([
    ["could start", { status: "pending" }, { kind: "pending" }],
    ["runs", { status: "running", persistenceData: saga }, { kind: "running" }],
    ["runs with an error of its cancelWhen", { status: "running", persistenceData: '{"phase":1}', error: "{}" }, { kind: "running" }],
    ["is undone", { status: "running", persistenceData: saga, error: "{}" }, { kind: "compensation", phase: "compensating", error }],
    ["sleeps", { status: "sleeping" }, { kind: "sleep" }],
    ["tries again", { status: "sleeping", retryCount: 1 }, { kind: "retry" }],
    ["polls, after failures too", { ...POLL, retryCount: 1 }, { kind: "poll" }],
    ["waits for an event", { status: "waitingForEvent", eventName: "go", eventKey: "k" }, { kind: "event" }],
    ["waits for one of several", { status: "waitingForEvent" }, { kind: "event" }],
    ["offers an activity", { status: "waitingForEvent", eventName: "wfe.activity", eventKey: "k" }, { kind: "activity" }],
    ["waits for the end of another", { status: "waitingForEvent", eventName: "wfe.workflow.completed", eventKey: "x" }, { kind: "event" }],
    ["has failed", { status: "failed", error: "{}" }, { kind: "failed" }],
  ])("%s", (_, changes, expected) => {
    expect(standing(changes)).toEqual(expected);
  });

  it("waits for its own child, by the id that its run gives it", () => {
    const pointer = samplePointer({ status: "waitingForEvent", eventName: "wfe.workflow.completed", resultCount: 2 });
    const id = childId(ROW, pointer);

    expect(standingOf(ROW, { ...pointer, eventKey: id }, payloads)).toEqual({ kind: "child", childId: id });
    expect(standingOf(ROW, { ...pointer, eventKey: id, resultCount: 3 }, payloads)).toEqual({ kind: "event" });
  });

  it("says that what a saga keeps cannot be read", () => {
    expect(() => standing({ status: "running", persistenceData: "{", error: "{}" })).toThrow(
      expect.objectContaining({ code: "WFE_PAYLOAD_UNREADABLE" }),
    );
  });
});

describe("the kinds of steps that may have a pointer", () => {
  const may = (changes: Partial<PointerRow>, holdsOthers = false): readonly string[] | undefined => {
    const pointer = samplePointer(changes);
    const kinds = kindsThatMay(standingOf(ROW, pointer, payloads).kind, pointer, holdsOthers);
    return kinds === undefined ? undefined : [...kinds];
  };

  it("follow from what it does, where that tells", () => {
    expect(may({ status: "pending" })).toBe(undefined);
    expect(may({ status: "sleeping" })).toBe(undefined);
    expect(may({ status: "waitingForEvent", eventName: "go", eventKey: "k" })).toEqual(["waitFor", "step", "inline"]);
    expect(may({ status: "waitingForEvent" })).toEqual(["waitForAny"]);
    expect(may({ status: "waitingForEvent", eventName: "wfe.activity" })).toEqual(["activity"]);
    expect(may(POLL)).toEqual(["pollEndpoint", "step", "inline"]);
    expect(may({ status: "running", persistenceData: saga, error: "{}" })).toEqual(["saga"]);
    expect(may({ status: "running" }, true)).toContain("forEach");
    expect(may({ status: "running" }, true)).not.toContain("delay");
    expect([...(kindsThatMay("child", samplePointer(), false) ?? [])]).toEqual(["subWorkflow"]);
  });
});

describe("the endpoint of a pointer", () => {
  it("is the one that its poll asks, until its last request", () => {
    expect(endpointOf(samplePointer(POLL), payloads)).toEqual({ url: "https://a.test/", deadline: new Date(7) });
    expect(endpointOf(samplePointer({ eventName: "go", eventKey: "{}" }), payloads)).toBe(undefined);
  });
});
