import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { askCancelWhen, recordCancelFailure } from "../../src/executor/cancel-condition.ts";
import { NonRetryableError } from "../../src/errors/step-errors.ts";
import { runningPointer, scopeOf, stepOf } from "./scope-of.ts";

interface Data {
  off: boolean;
}
/** What the first step's cancelWhen says. */
function asked(condition: ((data: Readonly<Data>) => unknown) | undefined) {
  const step = new WorkflowBuilder<Data>().thenFn("s", () => {});
  const definition = (condition === undefined ? step : step.cancelWhen(condition as () => boolean)).build("w", 1);
  return askCancelWhen(scopeOf(definition, { data: { off: true } }), stepOf(definition), runningPointer());
}

describe("cancelWhen", () => {
  it("is asked with the data of the moment; a step without one does not answer", () => {
    expect([asked((data) => data.off), asked((data) => !data.off), asked(undefined)]).toEqual([{ holds: true }, { holds: false }, undefined]);
  });

  it("gives what it throws, and refuses what is no boolean", () => {
    const thrown = new Error("broken");

    expect(
      asked(() => {
        throw thrown;
      }),
    ).toEqual({ thrown });
    expect(asked(() => 1)).toEqual({ thrown: new NonRetryableError('the cancelWhen of the step "s" gave 1 in place of true or false') });
  });

  it("that has failed is recorded with the pointer, which goes on, and not a second time", () => {
    const definition = new WorkflowBuilder<Data>()
      .thenFn("s", () => {})
      .cancelWhen(() => false)
      .build("w", 1);
    const scope = scopeOf(definition);

    recordCancelFailure(scope, stepOf(definition), runningPointer(), new Error("broken"));
    recordCancelFailure(scope, stepOf(definition), scope.state.pointer("1") ?? runningPointer(), new Error("broken again"));

    expect(scope.state.effects.errors.map(({ message }) => message)).toEqual(["broken"]);
    expect(scope.state.effects.lifecycle).toMatchObject([{ type: "error", step: "s" }]);
    expect([scope.state.error, scope.state.pointer("1")?.status]).toEqual([undefined, "running"]);
  });
});
