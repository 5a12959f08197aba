import { describe, expect, it } from "vitest";
import { errorEvent, instanceEvent, stepEvent } from "../../src/executor/lifecycle.ts";
import type { StepDefinition } from "../../src/models/step-definition.ts";
import type { WorkflowRow } from "../../src/models/workflow-row.ts";
import { instant, samplePointer, sampleWorkflow } from "../../src/test-support/fixtures.ts";

const { pointers: _, ...created } = sampleWorkflow("w", { reference: "order 7" });
const row: WorkflowRow = { ...created, status: "runnable", revision: 0, controlSeq: 0, inboxSeq: 0, sequence: 1 };
const step: StepDefinition = { id: 4, name: "charge", kind: "inline" };
const about = { workflowId: "w", definitionId: "sample", version: 1, reference: "order 7", at: instant(5) };

describe("a lifecycle event", () => {
  it("says which instance it is about, with the user's reference if there is one", () => {
    const { reference: __, ...anonymous } = row;
    const { reference: ___, ...withoutReference } = about;

    expect(instanceEvent("started", row, instant(5))).toEqual({ ...about, type: "started" });
    expect(instanceEvent("suspended", anonymous, instant(5))).toEqual({ ...withoutReference, type: "suspended" });
  });

  it("says which attempt of which step it is about", () => {
    const pointer = samplePointer({ seq: 3, attempt: 2 });
    const where = { step: "charge", stepId: 4, pointerId: "3", attempt: 2 };

    expect(stepEvent("stepRetrying", row, step, pointer, instant(5))).toEqual({ ...about, ...where, type: "stepRetrying" });
    expect(errorEvent({ code: "WFE_TIMEOUT", message: "late" }, row, step, pointer, instant(5))).toEqual({
      ...about,
      ...where,
      type: "error",
      error: { code: "WFE_TIMEOUT", message: "late" },
    });
  });
});
