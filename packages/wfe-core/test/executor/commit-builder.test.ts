import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { PayloadTooLargeError } from "../../src/errors/value-errors.ts";
import { buildChange, rowAfter } from "../../src/executor/commit-builder.ts";
import type { WorkflowChange } from "../../src/models/workflow-change.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { instant, sampleChange, samplePointer } from "../../src/test-support/fixtures.ts";
import { scopeOf } from "./scope-of.ts";

const definition = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("w", 1);
const payloads = new Payloads();
const row = { revision: 3, controlSeq: 2, inboxSeq: 1, sequence: 10 };

describe("the change of a commit", () => {
  it("has what is new, and expects the counters of the row as it was last seen", () => {
    const { state } = scopeOf(definition, { data: { n: 1 }, row, pointers: [] });
    state.put(samplePointer({ seq: 11 }));
    state.nextSequence();

    expect(buildChange(state, "c", undefined, payloads)).toEqual<WorkflowChange>({
      workflowId: "w",
      commitId: "c",
      expected: { revision: 3, controlSeq: 2 },
      seenInboxSeq: 1,
      status: "runnable",
      sequence: 11,
      pointers: [samplePointer({ seq: 11 })],
      openSubscriptions: [],
      consume: [],
      closeSubscriptions: [],
      children: [],
      events: [],
      commands: [],
      errors: [],
    });
  });

  it("has data, error, end and due time only where there are some", () => {
    const { state } = scopeOf(definition, { data: { n: 1 }, row, pointers: [] });
    state.data = payloads.stored({ n: 2 }, "the data");
    state.error = { code: "c", message: "m" };
    state.completedAt = instant(5);

    expect(buildChange(state, "c", instant(7), payloads)).toMatchObject({
      data: '{"n":2}',
      error: '{"code":"c","message":"m"}',
      completedAt: instant(5),
      dueAt: instant(7),
    });
  });

  it("that closes a subscription expects the inbox too: an event that came meanwhile beats it", () => {
    const { state } = scopeOf(definition, { row, pointers: [] });
    state.effects.closeSubscriptions.push("s");

    expect(buildChange(state, "c", undefined, payloads).expected).toEqual({ revision: 3, controlSeq: 2, inboxSeq: 1 });
  });

  it("is refused when the data has outgrown its limit", () => {
    const { state } = scopeOf(definition, { row, pointers: [] });
    state.data = payloads.stored({ n: 12_345 }, "the data");

    expect(() => buildChange(state, "c", undefined, new Payloads({ limits: { data: 10 } }))).toThrow(new PayloadTooLargeError("the data", 11, 10));
  });
});

describe("the row after an accepted change", () => {
  const kept = {
    reference: "order 7",
    description: "an order",
    parent: { workflowId: "p", pointerId: "1", depth: 1 },
    rootWorkflowId: "p",
    traceContext: { traceparent: "00-1-1-01" },
  };
  const { state } = scopeOf(definition, {
    row: { ...row, ...kept, dueAt: instant(1), error: '"former"', completedAt: instant(2), commitId: "former" },
    pointers: [],
  });
  const result = { revision: 4, inboxSeq: 5, pendingDeliveries: [] };

  it("is the former one with what the store answered, and nothing of the former due time, error and end", () => {
    const { dueAt: _, error: __, completedAt: ___, ...former } = state.row;
    const change = sampleChange("w", "c", { status: "suspended", sequence: 12 });

    expect(rowAfter(state.row, change, result)).toEqual({
      ...former,
      ...kept,
      revision: 4,
      inboxSeq: 5,
      status: "suspended",
      sequence: 12,
      commitId: "c",
    });
  });

  it("has what the change says of data, due time, error and end", () => {
    const change = sampleChange("w", "c", { data: '{"n":2}', dueAt: instant(7), error: '"new"', completedAt: instant(8) });

    expect(rowAfter(state.row, change, result)).toMatchObject({ data: '{"n":2}', dueAt: instant(7), error: '"new"', completedAt: instant(8) });
  });
});
