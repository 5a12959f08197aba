import { describe, expect, it } from "vitest";
import { summaryOf } from "../../src/host/explanation-summary.ts";
import { instanceWayOut, pointerWayOut } from "../../src/host/way-out.ts";
import type { ExplainedPointer, InstanceReason, PointerReason, WorkflowExplanation } from "../../src/index.ts";
import { instant } from "../../src/test-support/index.ts";

const error = { code: "WFE_STEP_FAILED", message: "no" };
const child = { name: "c-1", definitionId: "c", version: 2 } as const;

function summary(reasons: readonly InstanceReason[], pointers: readonly PointerReason[] = [], changes: Partial<WorkflowExplanation> = {}): string[] {
  const explained = pointers.map((reason, index): ExplainedPointer => ({ id: String(index), stepId: index, step: `s${index}`, attempt: 2, reason }));
  const explanation = {
    ...{ id: "w", name: "w-1", definitionId: "w", version: 1, status: "runnable", at: instant() },
    ...{ reasons, openPointers: pointers.length, pointers: explained, lease: { kind: "free" }, unblock: [] },
    ...changes,
  } satisfies Omit<WorkflowExplanation, "summary">;
  return summaryOf(explanation).split("\n").slice(1);
}

describe("the summary of an explanation", () => {
  it.each<[PointerReason, string]>([
    [
      {
        kind: "event",
        events: [
          { name: "a", key: "k", given: "e" },
          { name: "b", key: "k", undelivered: { eventId: "f" } },
        ],
      },
      'waits for the event "a" with the key "k" (given: e), or the event "b" with the key "k" (stored, and given by the next delivery: f)',
    ],
    [
      { kind: "event", events: [{ name: "a", key: "k", undelivered: { eventId: "f", eligibleAt: instant() } }] },
      'waits for the event "a" with the key "k" (stored, and given by 2026-01-01T00:00:00.000Z: f)',
    ],
    [
      { kind: "activity", activity: "ship", submitted: false, claim: { workerId: "me", until: instant() } },
      'waits for the activity "ship", claimed by "me" until 2026-01-01T00:00:00.000Z',
    ],
    [{ kind: "activity", activity: "ship", submitted: false }, 'waits for the activity "ship", claimed by nobody'],
    [{ kind: "activity", activity: "ship", submitted: true }, 'waits for the activity "ship", whose outcome was submitted'],
    [{ kind: "child", id: "x" }, 'waits for the end of the sub-workflow "x", which is not stored any more'],
    [{ kind: "child", id: "x", workflow: { ...child, status: "runnable" } }, "waits for the end of the sub-workflow c-1 (c 2), which is runnable"],
    [{ kind: "time", why: "start", until: instant() }, "is to start at 2026-01-01T00:00:00.000Z"],
    [{ kind: "time", why: "delay", until: instant() }, "sleeps until 2026-01-01T00:00:00.000Z"],
    [{ kind: "retry", until: instant(), failures: 2, error }, "tries again at 2026-01-01T00:00:00.000Z, after 2 failures: no (WFE_STEP_FAILED)"],
    [{ kind: "retry", until: instant(), failures: 1 }, "tries again at 2026-01-01T00:00:00.000Z, after 1 failure"],
    [
      { kind: "poll", until: instant(), endpoint: { url: "https://a.test", deadline: instant(1) } },
      "asks https://a.test again at 2026-01-01T00:00:00.000Z, until 2026-01-01T00:00:00.001Z",
    ],
    [{ kind: "poll", until: instant() }, "asks its endpoint again at 2026-01-01T00:00:00.000Z"],
    [{ kind: "running", abandoned: false }, "runs, attempt 2"],
    [{ kind: "running", abandoned: true }, "runs, attempt 2, on a host that is gone: another takes it over"],
    [{ kind: "compensation", phase: "compensating", error, open: 1 }, "is being undone because of no (WFE_STEP_FAILED)"],
    [{ kind: "compensation", phase: "suspended", error, open: 0 }, "is to be undone by resumeWorkflow because of no (WFE_STEP_FAILED)"],
    [{ kind: "failed", error }, "has failed at attempt 2: no (WFE_STEP_FAILED)"],
    [{ kind: "ready" }, "is to start"],
  ])("says of a pointer what it waits for: %j", (reason, text) => {
    expect(summary([], [reason])).toEqual([`- the step "s0" ${text}`]);
  });

  it.each<[InstanceReason, string]>([
    [{ kind: "over", status: "terminated", since: instant(), error }, "it has ended at 2026-01-01T00:00:00.000Z: no (WFE_STEP_FAILED)"],
    [{ kind: "suspended", by: "command" }, "it was suspended by suspendWorkflow"],
    [{ kind: "suspended", by: "error", error }, "a step has failed for good: no (WFE_STEP_FAILED)"],
    [{ kind: "due", since: instant() }, "it is due since 2026-01-01T00:00:00.000Z, and nobody has begun"],
    [{ kind: "delivered", count: 1, events: [] }, "an event was given to it and not used yet"],
    [{ kind: "delivered", count: 2, events: [] }, "2 events were given to it and not used yet"],
    [{ kind: "command", command: "c", executeAt: instant() }, 'the command "c" is owed to it since 2026-01-01T00:00:00.000Z'],
    [
      {
        kind: "unknownDefinition",
        definition: { id: "d", version: 1, fingerprint: "f", problem: "fingerprint", here: "g", sameGraph: [], differences: [] },
      },
      "the definition d 1 has another graph here (fingerprint g) than the instance (f); which steps differ cannot be seen from where it stands; this host leaves it to others",
    ],
    [
      { kind: "unknownDefinition", definition: { id: "d", version: 2, fingerprint: "f", problem: "version", registered: [1] } },
      "the definition d 2 is not registered here, only version 1; this host leaves it to others",
    ],
  ])("says of an instance why it stands: %j", (reason, text) => {
    expect(summary([reason])).toEqual([`- ${text}`]);
  });

  it("names no containers, and a few pointers and ways on alone", () => {
    const pointers = Array.from({ length: 7 }, (): PointerReason => ({ kind: "ready" }));

    const lines = summary([], [...pointers, { kind: "container", open: 7 }], { unblock: Array.from({ length: 7 }, (_, n) => `way ${n}`) });

    expect(lines).toEqual([
      ...[0, 1, 2, 3, 4].map((n) => `- the step "s${n}" is to start`),
      "- and 2 more open pointers",
      ...[0, 1, 2, 3, 4].map((n) => `To move it on: way ${n}`),
      "and 2 more like that",
    ]);
  });
});

describe("the way out", () => {
  it("is nothing for what comes by itself, or is over for good", () => {
    const comes: readonly PointerReason[] = [
      { kind: "event", events: [] },
      { kind: "event", events: [{ name: "a", key: "k", given: "e" }] },
      { kind: "event", events: [{ name: "a", key: "k", undelivered: { eventId: "f" } }] },
      { kind: "activity", activity: "a", submitted: true },
      { kind: "child", id: "x" },
      { kind: "child", id: "x", workflow: { ...child, status: "complete" } },
      { kind: "compensation", phase: "compensating", error, open: 1 },
      { kind: "ready" },
    ];

    expect(comes.map((reason) => pointerWayOut(reason, "w-1"))).toEqual(comes.map(() => undefined));
    expect(instanceWayOut({ kind: "over", status: "complete", since: instant() }, "w-1", false)).toBe(undefined);
    expect(instanceWayOut({ kind: "over", status: "terminated", since: instant(), error }, "w-1", true)).toBe(undefined);
    expect(instanceWayOut({ kind: "due", since: instant() }, "w-1", false)).toBe(undefined);
  });

  it("of a wait for the end of another workflow is that end, which nobody can publish", () => {
    const events = [{ name: "wfe.workflow.completed", key: "other" }];

    expect(pointerWayOut({ kind: "event", events }, "w-1")).toBe('the end of the workflow "other"');
  });
});
