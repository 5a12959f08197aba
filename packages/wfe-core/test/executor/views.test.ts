import { describe, expect, it } from "vitest";
import { decodedInstance, errorView, pointerView } from "../../src/executor/views.ts";
import type { WorkflowRow } from "../../src/models/workflow-row.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { instant, sampleExecutionError, samplePointer, sampleWorkflow } from "../../src/test-support/fixtures.ts";

const payloads = new Payloads();

describe("the view of a pointer", () => {
  it("has its payloads decoded and nothing that is the engine's own", () => {
    const row = samplePointer({
      status: "complete",
      item: '"a"',
      index: 0,
      persistenceData: "[1]",
      outcome: "null",
      eventData: '"the engine\'s"',
      crashCount: 1,
      resultCount: 2,
      endedAt: instant(),
    });

    const view = pointerView(row, payloads);

    expect({ ...view }).toEqual({
      id: "1",
      stepId: 0,
      status: "complete",
      scope: [],
      attempt: 0,
      retryCount: 0,
      index: 0,
      endedAt: instant(),
      item: "a",
      persistenceData: [1],
      outcome: null,
    });
    expect(Object.isFrozen(view)).toBe(true);
  });

  it("can be had, and read but for it, when a payload is not readable", () => {
    const view = pointerView(samplePointer({ item: "{", outcome: "1" }), payloads);

    expect([view.id, view.outcome]).toEqual(["1", 1]);
    expect(() => view.item).toThrow("the item of a pointer cannot be decoded");
  });
});

describe("the view of an instance", () => {
  const { pointers: _, ...created } = sampleWorkflow("w");
  const { dueAt: __, ...bare } = created;
  const row: WorkflowRow = { ...bare, status: "runnable", revision: 3, controlSeq: 1, inboxSeq: 2, sequence: 4 };
  const visible = { id: "w", name: "name of w", definitionId: "sample", version: 1, status: "runnable", data: { total: 1 }, createdAt: instant() };

  it("leaves out what there is not, and all counters", () => {
    expect(decodedInstance(row, payloads)).toEqual(visible);
  });

  it("shows everything that there is", () => {
    const full: WorkflowRow = {
      ...row,
      status: "terminated",
      reference: "order 7",
      error: '{"code":"WFE_STEP_FAILED","message":"no"}',
      parent: { workflowId: "p", pointerId: "1", depth: 1 },
      rootWorkflowId: "r",
      traceContext: { traceparent: "00-1-1-01" },
      dueAt: instant(1),
      completedAt: instant(2),
    };

    expect(decodedInstance(full, payloads)).toEqual({
      ...visible,
      status: "terminated",
      reference: "order 7",
      error: { code: "WFE_STEP_FAILED", message: "no" },
      parent: { workflowId: "p", pointerId: "1" },
      rootWorkflowId: "r",
      traceContext: { traceparent: "00-1-1-01" },
      dueAt: instant(1),
      completedAt: instant(2),
    });
  });

  it("cannot be had when the data is not readable", () => {
    expect(() => decodedInstance({ ...row, data: "{" }, payloads)).toThrow("the data cannot be decoded");
  });
});

describe("the view of a failure", () => {
  it("has its data decoded, if it carries some", () => {
    const error = sampleExecutionError("w");

    expect([errorView(error, payloads), errorView({ ...error, data: '{"declined":51}' }, payloads)]).toEqual([
      error,
      { ...error, data: { declined: 51 } },
    ]);
  });
});
