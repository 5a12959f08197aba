import { describe, expect, it } from "vitest";
import { buildWorkflow, WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { BranchBuilder } from "../../src/builder/verbs.ts";
import { DefinitionError } from "../../src/errors/definition-errors.ts";
import { defineStep, type StepBody } from "../../src/traits/step-body.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";

class Plain implements StepBody {
  run(): ExecutionResult {
    return ExecutionResult.next();
  }
}
const notAPromise = /a workflow builder is not a promise/;

describe("a builder", () => {
  const builder = (): PromiseLike<unknown> => new WorkflowBuilder().then(Plain) as never; // what a mistaken caller holds it for

  it("refuses to be awaited", async () => {
    await expect((async () => await builder())()).rejects.toThrow(notAPromise);
  });

  it("refuses to be resolved", async () => {
    await expect(Promise.resolve(builder())).rejects.toThrow(notAPromise);
  });

  it("refuses to be returned by an async function", async () => {
    await expect((async () => builder())()).rejects.toThrow(notAPromise);
  });

  it("refuses to be awaited among others", async () => {
    await expect(Promise.all([builder(), Promise.resolve()])).rejects.toThrow(notAPromise);
  });

  it("refuses to be awaited before its first step", async () => {
    await expect(Promise.resolve(new WorkflowBuilder() as unknown)).rejects.toThrow(notAPromise);
  });

  it("takes a class, and a function step with the selector of its input", () => {
    const step = defineStep("add", (n: number) => n + 1);

    expect(() => new WorkflowBuilder<{ n: number }>().then(Plain).then(step, (data) => data.n)).not.toThrow();
  });

  it("reports an async block as a fault, and leaves no unhandled rejection", () => {
    const asyncBlock = (async (b: BranchBuilder<unknown>) => b.then(Plain) as unknown) as never;

    expect(() => new WorkflowBuilder().saga(asyncBlock).build("w", 1)).toThrow(
      /the block body of the step "saga" must return the chain of its own steps, and not be async$/,
    );
    expect(() => new WorkflowBuilder().use(asyncBlock).build("w", 1)).toThrow(/a fragment given to use.* gone on, and not be async$/);
    expect(() => new WorkflowBuilder().parallel((async () => 1) as never).build("w", 1)).toThrow(
      /parallel of the step "parallel" must return .* gave, and not be async/,
    );
    expect(() => buildWorkflow("w", 1, asyncBlock)).toThrow(DefinitionError);
  });
});
