import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { NonRetryableError, TimeoutError } from "../../src/errors/step-errors.ts";
import { SerializationError } from "../../src/errors/value-errors.ts";
import { WfeError } from "../../src/errors/wfe-error.ts";
import { handleFailure } from "../../src/executor/error-handler.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import type { ExecutionErrorRow } from "../../src/models/execution-error.ts";
import { samplePointer } from "../../src/test-support/fixtures.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { PassHarness } from "./pass-harness.ts";
import { runningPointer, type ScopeParts, scopeOf, stepOf } from "./scope-of.ts";

const w = (): WorkflowBuilder<{ n: number }> => new WorkflowBuilder<{ n: number }>();
const step = () => w().thenFn("s", () => {});

/** The instance after a failure of its first step. */
function after(definition: AnyDefinition, thrown: unknown, parts: ScopeParts = {}) {
  const scope = scopeOf(definition, parts);
  const pointer = scope.state.pointer("1") ?? runningPointer();
  handleFailure(scope, stepOf(definition), pointer, thrown);
  const { state } = scope;
  return {
    status: state.status,
    error: state.error,
    pointers: state.changedPointers(),
    events: state.effects.lifecycle.map(({ type }) => type),
    errors: state.effects.errors,
    sent: state.effects.events.map(({ name }) => name),
  };
}

const retryOnce = ErrorBehavior.retry({ interval: "10s", maxRetries: 1 });

describe("a failure", () => {
  it("is recorded with step, attempt and instant, and published", () => {
    const thrown = new NonRetryableError("card declined", { data: { code: 51 } });
    const scope = scopeOf(step().build("w", 1));

    handleFailure(scope, stepOf(scope.definition.definition), runningPointer({ attempt: 3 }), thrown);

    expect(scope.state.effects.errors).toEqual<ExecutionErrorRow[]>([
      {
        workflowId: "w",
        pointerId: "1",
        step: "s",
        attempt: 3,
        at: new Date("2026-01-01T00:00:00Z"),
        code: "WFE_STEP_FAILED",
        message: "card declined",
        data: '{"code":51}',
        ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
      },
    ]);
    expect(scope.state.effects.lifecycle[0]).toMatchObject({
      type: "error",
      step: "s",
      stepId: 0,
      pointerId: "1",
      attempt: 3,
      error: { code: "WFE_STEP_FAILED", message: "card declined" },
    });
  });

  it("is recorded without a stack when what was thrown has none", () => {
    expect(after(step().build("w", 1), "no").errors).toEqual([
      { workflowId: "w", pointerId: "1", step: "s", attempt: 1, at: new Date("2026-01-01T00:00:00Z"), code: "WFE_STEP_FAILED", message: "no" },
    ]);
  });

  it("is described by the code of another copy's error, which is no Error of this realm", () => {
    const foreign = { [Symbol.for("wfe.error")]: true, code: "WFE_TIMEOUT", message: "too late" };

    expect(after(step().build("w", 1), foreign).errors).toMatchObject([{ code: "WFE_TIMEOUT", message: "too late" }]);
  });

  it("is recorded even if its data throws when it is looked at", () => {
    const data = {
      get secret(): never {
        throw "do not touch"; // oxlint-disable-line typescript/only-throw-error -- people do
      },
    };

    expect(after(step().build("w", 1), new NonRetryableError("no", { data })).errors).toMatchObject([
      { message: "no", data: '"a value that cannot be shown"' },
    ]);
  });
});

describe("retry", () => {
  it("puts the step to sleep from now on, and says so after the error", () => {
    const { status, error, pointers, events } = after(step().onError(retryOnce).build("w", 1), new Error("no"), {
      pointers: [runningPointer({ crashCount: 2 })],
    });

    expect({ status, error, events }).toEqual({ status: "runnable", error: undefined, events: ["error", "stepRetrying"] });
    expect(pointers).toEqual([
      samplePointer({ status: "sleeping", attempt: 1, retryCount: 1, crashCount: 0, dueAt: new Date("2026-01-01T00:00:10Z") }),
    ]);
  });

  it.each([
    ["suspend, unless it says otherwise", retryOnce, "suspended", ["error", "suspended"]],
    ["suspend", ErrorBehavior.retry({ interval: 0, maxRetries: 0, onExhausted: "suspend" }), "suspended", ["error", "suspended"]],
    ["terminate", ErrorBehavior.retry({ interval: 0, maxRetries: 1, onExhausted: "terminate" }), "terminated", ["error", "terminated"]],
  ])("that is exhausted can %s", (_, behavior, status, events) => {
    const result = after(step().onError(behavior).build("w", 1), new Error("no"), { pointers: [runningPointer({ retryCount: 1 })] });

    expect(result).toMatchObject({ status, events, error: { code: "WFE_STEP_FAILED", message: "no" }, pointers: [{ status: "failed", endSeq: 11 }] });
  });

  it.each([
    ["the author says so", new NonRetryableError("no")],
    ["the value cannot be stored", new SerializationError("the data", "a", "is a Date")],
    ["there are too many pointers", new WfeError("WFE_POINTERS_TOO_MANY", "too many")],
  ])("is left out when it is useless: %s", (_, thrown) => {
    expect(after(step().onError(retryOnce).build("w", 1), thrown)).toMatchObject({
      status: "suspended",
      pointers: [{ status: "failed", retryCount: 0 }],
    });
  });

  it("of a body that took too long is the step's usual one", () => {
    const definition = step().build("w", 1);

    expect(after(definition, new TimeoutError("the step", 5))).toMatchObject({ pointers: [{ status: "sleeping" }] });
  });

  it("of a wait that took too long happens only if the wait itself asks for it", () => {
    const wait = () => w().waitFor("paid", "1", { timeout: 5 });
    const timeout = new TimeoutError("the wait", 5, { retryable: false });

    expect(after(wait().build("w", 1), timeout)).toMatchObject({ status: "suspended", pointers: [{ status: "failed" }] });
    expect(after(wait().onError(retryOnce).build("w", 1), timeout)).toMatchObject({ status: "runnable", pointers: [{ status: "sleeping" }] });
    expect(after(wait().onError(ErrorBehavior.terminate()).build("w", 1), timeout)).toMatchObject({ status: "terminated" });
    expect(after(wait().build("w", 1), new Error("the key is gone"))).toMatchObject({ pointers: [{ status: "sleeping" }] });
  });

  it("of a wait inherits nothing from a container when it took too long", async () => {
    const harness = await PassHarness.start();
    const definition = w()
      .ifDo(
        () => true,
        (b) => b.waitFor("paid", "1", { timeout: "1m" }),
      )
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: "unlimited" }))
      .build("w", 1);
    await harness.create(definition, { n: 0 });

    await harness.run();
    await harness.clock.advance("1m");
    await harness.run();

    expect(await harness.state()).toEqual({ status: "suspended", data: { n: 0 }, pointers: ["ifDo: running", "waitFor paid: failed"] });
    expect((await harness.store.getErrors("w")).map(({ code }) => code)).toEqual(["WFE_TIMEOUT"]);
  });
});

describe("giving up", () => {
  it("to suspend leaves the other pointers as they are", () => {
    const pointers = [runningPointer(), samplePointer({ seq: 2 })];

    const { pointers: changed, status } = after(step().onError(ErrorBehavior.suspend()).build("w", 1), new Error("no"), { pointers });

    expect({ status, changed: changed.map(({ id }) => id) }).toEqual({ status: "suspended", changed: ["1"] });
  });

  it("to terminate cancels them, and tells those who wait for the end", () => {
    const pointers = [runningPointer(), samplePointer({ seq: 2 })];

    const result = after(step().onError(ErrorBehavior.terminate()).build("w", 1), new Error("no"), { pointers });

    expect(result).toMatchObject({
      status: "terminated",
      pointers: [
        { id: "1", status: "failed" },
        { id: "2", status: "cancelled" },
      ],
      sent: ["wfe.workflow.completed"],
    });
  });

  it("under a suspension keeps the failure for the resume, whatever the behavior is", () => {
    const result = after(step().onError(ErrorBehavior.terminate()).build("w", 1), new Error("no"), { row: { status: "suspended" } });

    expect(result).toMatchObject({ status: "suspended", pointers: [{ status: "failed" }], events: ["error"], sent: [] });
  });

  it("keeps the first error that stopped the instance, with its data", () => {
    const definition = step().onError(ErrorBehavior.suspend()).build("w", 1);
    const first = { code: "WFE_TIMEOUT", message: "first" };

    expect(after(definition, new Error("second"), { error: first }).error).toBe(first);
    expect(after(definition, new NonRetryableError("no", { data: [1] })).error).toEqual({ code: "WFE_STEP_FAILED", message: "no", data: [1] });
  });
});
