import { describe, expect, it } from "vitest";
import { defineActivity } from "../../src/models/activity.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { defineEvent, isEngineEvent } from "../../src/models/event.ts";
import { ExecutionResult, resultBody } from "../../src/models/execution-result.ts";
import { isFinal, isOpen, POINTER_STATUSES, WORKFLOW_STATUSES } from "../../src/models/workflow-status.ts";
import { defineStep, stepRef } from "../../src/traits/step-body.ts";

describe("named definitions", () => {
  it.each([
    ["an event", () => defineEvent("")],
    ["an event of the engine's own", () => defineEvent("wfe.workflow.completed")],
    ["an event that is no text", () => defineEvent(5 as never)],
    ["an activity", () => defineActivity("")],
    ["an activity that is blank", () => defineActivity(" ")],
    ["an activity that is no text", () => defineActivity(undefined as never)],
    ["a step", () => defineStep("", () => {})],
    ["a step reference", () => stepRef("")],
  ])("refuse %s without a usable name", (_, define) => {
    expect(define).toThrow(RangeError);
  });

  it("carry their name and their schema", () => {
    const schema = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value: value as string }) } } as const;

    expect(defineEvent<string>("paid")).toEqual({ name: "paid" });
    expect(defineEvent<string>("paid", schema)).toEqual({ name: "paid", schema });
    expect(defineActivity<string, string>("ask")).toEqual({ name: "ask" });
    expect(stepRef("ship")).toEqual({ kind: "stepRef", stepType: "ship" });
  });

  it("know the engine's own events", () => {
    expect(["wfe.", "wfe.x", "wfex", "paid"].map(isEngineEvent)).toEqual([true, true, false, false]);
  });
});

describe("ErrorBehavior", () => {
  it("makes plain data", () => {
    expect([
      ErrorBehavior.retry({ interval: "1s", maxRetries: 2 }),
      ErrorBehavior.suspend(),
      ErrorBehavior.terminate(),
      ErrorBehavior.compensate(),
    ]).toEqual([{ kind: "retry", interval: "1s", maxRetries: 2 }, { kind: "suspend" }, { kind: "terminate" }, { kind: "compensate" }]);
  });
});

describe("ExecutionResult", () => {
  const at = new Date(5);
  it.each([
    [ExecutionResult.next(), { kind: "next" }],
    [ExecutionResult.next({ output: { a: 1 } }), { kind: "next", output: { a: 1 } }],
    [ExecutionResult.outcome("x"), { kind: "outcome", value: "x" }],
    [ExecutionResult.outcome("x", { output: { a: 1 } }), { kind: "outcome", value: "x", output: { a: 1 } }],
    [ExecutionResult.persist(1), { kind: "persist", persistenceData: 1 }],
    [ExecutionResult.branch([1]), { kind: "branch", values: [1] }],
    [ExecutionResult.branch([1], null), { kind: "branch", values: [1], persistenceData: null }],
    [ExecutionResult.sleep("1s"), { kind: "sleep", duration: "1s" }],
    [ExecutionResult.sleep("1s", 2), { kind: "sleep", duration: "1s", persistenceData: 2 }],
    [ExecutionResult.waitForEvent("paid", ""), { kind: "waitForEvent", name: "paid", key: "" }],
    [
      ExecutionResult.waitForEvent(defineEvent("paid"), "1", { effectiveDate: at }),
      { kind: "waitForEvent", name: "paid", key: "1", effectiveDate: at },
    ],
  ])("%# is read as what it says", (result, body) => {
    expect(resultBody(result)).toEqual(body);
    expect(Object.isFrozen(result)).toBe(true);
  });

  it("is told from a value that looks like one", () => {
    expect([{ kind: "next" }, null, "next", undefined].map(resultBody)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("statuses", () => {
  it("are open until something has dealt with the pointer", () => {
    expect(POINTER_STATUSES.filter(isOpen)).toEqual(["pending", "running", "sleeping", "waitingForEvent", "failed"]);
  });

  it("are final for an instance that is over", () => {
    expect(WORKFLOW_STATUSES.filter(isFinal)).toEqual(["complete", "terminated"]);
  });
});
