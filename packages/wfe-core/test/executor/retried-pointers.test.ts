import { describe, expect, it } from "vitest";
import { childId } from "../../src/executor/pointer-factory.ts";
import { retriedPointers } from "../../src/executor/retried-pointers.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import type { WorkflowRecord } from "../../src/models/workflow-row.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { instant, samplePointer, sampleWorkflow } from "../../src/test-support/fixtures.ts";

const payloads = new Payloads();
const error = '{"code":"WFE_STEP_FAILED","message":"no"}';

function recordOf(status: WorkflowRecord["status"], pointers: readonly PointerRow[], changes: Partial<WorkflowRecord> = {}): WorkflowRecord {
  return { ...sampleWorkflow("w"), status, revision: 1, controlSeq: 0, inboxSeq: 0, sequence: 20, pointers, ...changes };
}

const closed = (seq: number, status: "failed" | "cancelled" | "complete", endSeq: number, changes: Partial<PointerRow> = {}): PointerRow =>
  samplePointer({ seq, status, endSeq, endedAt: instant(), attempt: 1, ...changes });
const again = (seq: number, changes: Partial<PointerRow> = {}): PointerRow => samplePointer({ seq, attempt: 1, ...changes });

describe("the pointers of a retried instance", () => {
  it("that is suspended are those that have failed, with fresh retries, and none that waits, runs or has ended", () => {
    const failed = closed(2, "failed", 9, { error, retryCount: 3, crashCount: 4, scope: ["1"] });
    const others = [samplePointer({ status: "running" }), closed(3, "complete", 8), samplePointer({ seq: 4, status: "sleeping", dueAt: instant() })];

    expect(retriedPointers(recordOf("suspended", [...others, failed]), payloads)).toEqual([again(2, { scope: ["1"] })]);
    expect(retriedPointers(recordOf("suspended", others), payloads)).toEqual([]);
  });

  it("that is suspended are also sagas that would have compensated the failure", () => {
    const state = (phase: string): Partial<PointerRow> => ({ status: "running", error, persistenceData: JSON.stringify({ phase }) });
    const failed = closed(4, "failed", 9, { error, scope: ["1", "2", "3"] });
    const containers = [
      samplePointer(state("suspended")),
      samplePointer({ seq: 2, ...state("compensating") }),
      samplePointer({ seq: 3, status: "running", persistenceData: "null" }),
    ];
    const stranger = samplePointer({ seq: 5, ...state("suspended") });

    expect(retriedPointers(recordOf("suspended", [...containers, failed, stranger]), payloads)).toEqual([
      again(4, { scope: ["1", "2", "3"] }),
      samplePointer({ status: "running" }),
    ]);
  });

  it("that an error has terminated are also those that this has cancelled: containers open, sleeps sleep on", () => {
    const pointers = [
      closed(1, "cancelled", 11, { persistenceData: "[1]" }),
      closed(2, "failed", 10, { error, scope: ["1"], retryCount: 2 }),
      closed(3, "cancelled", 12, { scope: ["1"], dueAt: instant(5) }),
      closed(4, "cancelled", 13),
      closed(5, "cancelled", 9), // before
      closed(6, "complete", 8),
    ];

    expect(retriedPointers(recordOf("terminated", pointers), payloads)).toEqual([
      again(2, { scope: ["1"] }),
      again(1, { status: "running", persistenceData: "[1]" }),
      again(3, { scope: ["1"], status: "sleeping", dueAt: instant(5) }),
      again(4),
    ]);
  });

  it("start another child, unless theirs has ended, or it is no child that they wait for", () => {
    const waits = (seq: number, row: WorkflowRecord) => ({ eventName: "wfe.workflow.completed", eventKey: childId(row, samplePointer({ seq })) });
    const none = recordOf("terminated", []);
    const ended = { ...waits(3, none), eventData: '{"status":"complete"}' };
    const other = { eventName: "wfe.workflow.completed", eventKey: "some other instance" };
    const pointers = [
      closed(1, "failed", 10, { error }),
      closed(2, "cancelled", 11, waits(2, none)),
      closed(3, "cancelled", 12, ended),
      closed(4, "cancelled", 13, other),
    ];

    expect(retriedPointers({ ...none, pointers }, payloads)).toEqual([
      again(1),
      again(2, { ...waits(2, none), resultCount: 1 }),
      again(3, ended),
      again(4, other),
    ]);
  });

  it("go on undoing where a saga stood between two compensators", () => {
    const undoing = { error, persistenceData: '{"phase":"compensating"}' };
    const pointers = [closed(1, "failed", 10, { error }), closed(2, "cancelled", 11, undoing)];

    expect(retriedPointers(recordOf("terminated", pointers), payloads)).toEqual([again(1), again(2, { status: "running", ...undoing })]);
  });

  it("are none of one that a command has terminated, of a child, and of any other status", () => {
    const failed = closed(1, "failed", 10, { error });
    const { endSeq: _, ...unknownEnd } = failed;

    expect(retriedPointers(recordOf("terminated", [closed(1, "cancelled", 10)]), payloads)).toBeUndefined();
    expect(retriedPointers(recordOf("terminated", [unknownEnd]), payloads)).toBeUndefined();
    expect(retriedPointers(recordOf("terminated", [failed], { parent: { workflowId: "p", pointerId: "1", depth: 1 } }), payloads)).toBeUndefined();
    for (const status of ["runnable", "complete"] as const) expect(retriedPointers(recordOf(status, [failed]), payloads)).toBeUndefined();
  });
});
