import { describe, expect, it } from "vitest";
import { DefinitionError, DefinitionExistsError, StepKeyTakenError, StepNotRegisteredError } from "../../src/errors/definition-errors.ts";
import {
  DefinitionNotFoundError,
  EventNotFoundError,
  StepNotFoundError,
  SubscriptionNotFoundError,
  WorkflowNotFoundError,
} from "../../src/errors/lookup-errors.ts";
import {
  CancelledError,
  NonRetryableError,
  PointersTooManyError,
  StepCrashedError,
  StepExecutionError,
  TimeoutError,
} from "../../src/errors/step-errors.ts";
import { PollError } from "../../src/errors/poll-errors.ts";
import { ConflictError, LockError, PersistenceError, QueueError } from "../../src/errors/store-errors.ts";
import { InputInvalidError, PayloadTooLargeError, SerializationError } from "../../src/errors/value-errors.ts";
import { isWfeError, WfeError } from "../../src/errors/wfe-error.ts";
import {
  WorkflowAlreadyExistsError,
  WorkflowNameTakenError,
  WorkflowSuspendedError,
  WorkflowTerminatedError,
} from "../../src/errors/workflow-errors.ts";

const cause = new Error("below");
const with_ = { cause };

describe("every error of the engine", () => {
  it.each<[WfeError, string, string, RegExp]>([
    [new WorkflowNotFoundError("a", with_), "WorkflowNotFoundError", "WFE_WORKFLOW_NOT_FOUND", /"a"/],
    [new DefinitionNotFoundError("d", 2, with_), "DefinitionNotFoundError", "WFE_DEFINITION_NOT_FOUND", /"d" version 2.*registerWorkflowDefinition/],
    [new DefinitionNotFoundError("d", undefined, with_), "DefinitionNotFoundError", "WFE_DEFINITION_NOT_FOUND", /"d" is not/],
    [new EventNotFoundError("e", with_), "EventNotFoundError", "WFE_EVENT_NOT_FOUND", /"e"/],
    [new SubscriptionNotFoundError("s", with_), "SubscriptionNotFoundError", "WFE_SUBSCRIPTION_NOT_FOUND", /"s"/],
    [new StepNotFoundError("d", 2, 7, with_), "StepNotFoundError", "WFE_STEP_NOT_FOUND", /no step 7/],
    [new DefinitionError("d", 2, ["one"], with_), "DefinitionError", "WFE_DEFINITION_INVALID", /has a fault:\n- one/],
    [new DefinitionError("d", 2, ["one", "two"], with_), "DefinitionError", "WFE_DEFINITION_INVALID", /2 faults:\n- one\n- two/],
    [
      new DefinitionExistsError("d", 2, "a".repeat(64), "b".repeat(64), with_),
      "DefinitionExistsError",
      "WFE_DEFINITION_EXISTS",
      /aaaaaaaaaaaa.*bbbbbbbbbbbb/,
    ],
    [new StepNotRegisteredError(["A", "B"], with_), "StepNotRegisteredError", "WFE_STEP_NOT_REGISTERED", /"A", "B".*registerStepFactory/],
    [new StepKeyTakenError("k", "the class A", "the class B", with_), "StepKeyTakenError", "WFE_STEP_KEY_TAKEN", /"k".*class A.*class B/],
    [new StepExecutionError("no", with_), "StepExecutionError", "WFE_STEP_FAILED", /^no$/],
    [new NonRetryableError("no", with_), "NonRetryableError", "WFE_STEP_FAILED", /^no$/],
    [new StepCrashedError("s", 5, with_), "StepCrashedError", "WFE_STEP_CRASHED", /"s" was started 5 times/],
    [new PointersTooManyError(11, 10, with_), "PointersTooManyError", "WFE_POINTERS_TOO_MANY", /11 open pointers, the limit is 10/],
    [new CancelledError("terminated", with_), "CancelledError", "WFE_CANCELLED", /was terminated/],
    [new SerializationError("the data", "a.b", "is a Date", with_), "SerializationError", "WFE_VALUE_NOT_STORABLE", /a\.b is a Date/],
    [new SerializationError("the data", "", "is a Date", with_), "SerializationError", "WFE_VALUE_NOT_STORABLE", /the value is a Date/],
    [new PayloadTooLargeError("the data", 11, 10, with_), "PayloadTooLargeError", "WFE_PAYLOAD_TOO_LARGE", /11 characters.*limit is 10/],
    [new InputInvalidError("the input", ["total: required"], with_), "InputInvalidError", "WFE_INPUT_INVALID", /- total: required/],
    [new ConflictError("a", "revision", undefined, with_), "ConflictError", "WFE_COMMIT_CONFLICT", /\(revision\)/],
    [new PersistenceError("WFE_STORE_FULL", "full", with_), "PersistenceError", "WFE_STORE_FULL", /^full$/],
    [new PollError("WFE_POLL_REJECTED", "no", with_), "PollError", "WFE_POLL_REJECTED", /^no$/],
    [new LockError("away", with_), "LockError", "WFE_LOCK_BACKEND", /^away$/],
    [new QueueError("away", with_), "QueueError", "WFE_QUEUE_BACKEND", /^away$/],
    [new WorkflowNameTakenError("n", with_), "WorkflowNameTakenError", "WFE_WORKFLOW_NAME_TAKEN", /"n"/],
    [
      new WorkflowAlreadyExistsError("a", { definitionId: "d", version: 2, inputDigest: "x" }, with_),
      "WorkflowAlreadyExistsError",
      "WFE_WORKFLOW_ALREADY_EXISTS",
      /"a" exists already, of the definition "d" version 2/,
    ],
    [
      new WorkflowSuspendedError("a", { code: "WFE_STEP_FAILED", message: "declined" }, with_),
      "WorkflowSuspendedError",
      "WFE_WORKFLOW_SUSPENDED",
      /suspended: declined; resumeWorkflow/,
    ],
    [new WorkflowSuspendedError("a", undefined, with_), "WorkflowSuspendedError", "WFE_WORKFLOW_SUSPENDED", /is suspended; resumeWorkflow/],
    [
      new WorkflowTerminatedError("a", { code: "WFE_STEP_FAILED", message: "declined" }, with_),
      "WorkflowTerminatedError",
      "WFE_WORKFLOW_TERMINATED",
      /: declined$/,
    ],
    [new WorkflowTerminatedError("a", undefined, with_), "WorkflowTerminatedError", "WFE_WORKFLOW_TERMINATED", /was terminated$/],
  ])("%# has its name, its code, a message that helps, and its cause", (error, name, code, message) => {
    expect({ name: error.name, code: error.code, cause: error.cause, retryable: error.retryable }).toEqual({ name, code, cause, retryable: false });
    expect(error.message).toMatch(message);
    expect(error).toBeInstanceOf(WfeError);
    expect(isWfeError(error, error.code)).toBe(true);
  });

  it("may be retried when the same call may succeed later", () => {
    expect(new TimeoutError("the wait", 5)).toMatchObject({
      code: "WFE_TIMEOUT",
      retryable: true,
      message: "the wait took longer than its limit of 5 ms",
    });
    expect(new TimeoutError("the wait", 5, { retryable: false }).retryable).toBe(false);
    expect(new LockError("away", { retryable: true, code: "WFE_PROVIDER_NOT_RUNNING" })).toMatchObject({
      retryable: true,
      code: "WFE_PROVIDER_NOT_RUNNING",
    });
    expect(new QueueError("away", { code: "WFE_PROVIDER_NOT_RUNNING" }).code).toBe("WFE_PROVIDER_NOT_RUNNING");
  });

  it("has no cause when it was given none", () => {
    expect(Object.hasOwn(new WorkflowNotFoundError("a"), "cause")).toBe(false);
  });
});

describe("isWfeError", () => {
  it("knows errors of another copy of the package", async () => {
    const copy = (await import(`../../src/errors/wfe-error.ts?copy=${"another"}`)) as typeof import("../../src/errors/wfe-error.ts");
    const foreign = new copy.WfeError("WFE_TIMEOUT", "late");

    expect(foreign).not.toBeInstanceOf(WfeError);
    expect(isWfeError(foreign, "WFE_TIMEOUT")).toBe(true);
  });

  it("is not taken in by things that look like one", () => {
    expect([new Error("x"), { code: "WFE_TIMEOUT" }, null, undefined, "WFE_TIMEOUT"].map((value) => isWfeError(value))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(isWfeError(new TimeoutError("x", 1), "WFE_CANCELLED")).toBe(false);
  });
});
