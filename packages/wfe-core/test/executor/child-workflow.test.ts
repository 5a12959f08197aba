import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { checkedOutput, childEnded, childTimedOut, newChild, startChild } from "../../src/executor/child-workflow.ts";
import { contextOf } from "../../src/executor/pass-scope.ts";
import { childId } from "../../src/executor/pointer-factory.ts";
import type { ChildRequest } from "../../src/executor/step-context.ts";
import type { StandardSchema } from "../../src/models/standard-schema.ts";
import { instant, sampleWorkflow } from "../../src/test-support/fixtures.ts";
import { runningPointer, scopeOf, stepOf } from "./scope-of.ts";

interface Data {
  n: number;
}

const even: StandardSchema<unknown, Data> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => ((value as Data).n % 2 === 0 ? { value: { n: 10 * (value as Data).n } } : { issues: [{ message: "odd" }] }),
  },
};
const plain = new WorkflowBuilder<Data>()
  .subWorkflow<Data>("child", (data) => ({ n: data.n + 1 }), 2)
  .timeout("1m")
  .output((result, data) => void (data.n = result.n))
  .build("w", 1);
const checked = new WorkflowBuilder<Data>().subWorkflow("child", (data) => data, { outputSchema: even }).build("w", 1);
const child = sampleWorkflow("c");
const ended = (end: unknown) => runningPointer({ status: "pending", eventName: "wfe.workflow.completed", eventData: JSON.stringify(end) });

describe("a sub-workflow", () => {
  it("is asked for with what is selected, an id of its own and its place below the first one", async () => {
    const asked: ChildRequest[] = [];
    const newOne = (request: ChildRequest): Promise<typeof child> => {
      asked.push(request);
      return Promise.resolve(child);
    };
    const first = scopeOf(plain, { data: { n: 1 }, services: { newChild: newOne } });
    const row = { parent: { workflowId: "p", pointerId: "3", depth: 4 }, rootWorkflowId: "root", traceContext: { traceparent: "t" } };
    const nested = scopeOf(plain, { data: { n: 1 }, row, services: { newChild: newOne } });

    for (const scope of [first, nested]) {
      const pointer = runningPointer();
      expect(await newChild(scope, stepOf(plain), pointer, contextOf(scope, stepOf(plain), pointer))).toBe(child);
    }

    const signal: unknown = expect.any(AbortSignal);
    const request = { id: childId(first.state.row, runningPointer()), definitionId: "child", version: 2, input: { n: 2 }, signal };
    expect(asked).toEqual([
      { ...request, parent: { workflowId: "w", pointerId: "1", depth: 1 }, rootWorkflowId: "w" },
      { ...request, parent: { workflowId: "w", pointerId: "1", depth: 5 }, rootWorkflowId: "root", traceContext: { traceparent: "t" } },
    ]);
  });

  it("is refused beyond the limit of depth", async () => {
    const scope = scopeOf(plain, { row: { parent: { workflowId: "p", pointerId: "3", depth: 2 } }, limits: { maxDepth: 2 } });
    const pointer = runningPointer();

    await expect(newChild(scope, stepOf(plain), pointer, contextOf(scope, stepOf(plain), pointer))).rejects.toMatchObject({
      code: "WFE_WORKFLOW_TOO_DEEP",
    });
  });

  it("is created by the commit that waits for its end, until the step's limit", () => {
    const scope = scopeOf(plain);

    startChild(scope, stepOf(plain), runningPointer({ crashCount: 2 }), child);

    const [waiting] = scope.state.changedPointers();
    expect(waiting).toMatchObject({ status: "waitingForEvent", eventName: "wfe.workflow.completed", eventKey: "c", crashCount: 0 });
    expect(waiting?.dueAt).toEqual(new Date(scope.clock.now() + 60_000));
    expect(scope.state.effects.children).toEqual([child]);
    expect(scope.state.effects.openSubscriptions).toMatchObject([{ pointerId: "1", name: "wfe.workflow.completed", key: "c" }]);
  });

  it("has another id after a failed one, and in another life of its parent", () => {
    const row = { id: "w", createdAt: instant() };
    const ids = [
      childId(row, runningPointer()),
      childId(row, runningPointer({ resultCount: 1 })),
      childId(row, runningPointer({ seq: 2 })),
      childId({ ...row, createdAt: instant(1) }, runningPointer()),
      childId({ ...row, id: "v" }, runningPointer()),
    ];

    expect(new Set(ids).size).toBe(5);
    expect(childId(row, runningPointer({ attempt: 7, retryCount: 3 }))).toBe(ids[0]);
  });
});

describe("the end of a sub-workflow", () => {
  it("finishes its step with its data", () => {
    const scope = scopeOf(plain, { data: { n: 1 } });

    expect(childEnded(scope, ended({ status: "complete", data: { n: 8 } }))).toBe(true);

    expect([scope.state.data, scope.state.changedPointers()[0]?.status]).toEqual([{ n: 8 }, "complete"]);
  });

  it("that is a termination fails the step, and another attempt is for another child", () => {
    const scope = scopeOf(checked);

    expect(childEnded(scope, ended({ status: "terminated", error: { code: "X", message: "no" } }))).toBe(true);

    const [failed] = scope.state.changedPointers();
    expect(failed).toMatchObject({ status: "failed", resultCount: 1 });
    expect(failed?.eventData).toBeUndefined();
    expect(scope.state.effects.errors).toMatchObject([{ code: "WFE_CHILD_TERMINATED" }]);
  });

  it("that cannot be read fails the step", () => {
    const scope = scopeOf(plain);

    expect(childEnded(scope, { ...ended(0), eventData: "no JSON" })).toBe(true);

    expect(scope.state.effects.errors).toMatchObject([{ code: "WFE_PAYLOAD_UNREADABLE" }]);
  });

  it("is left to a check where there is a schema, which says what comes of it", async () => {
    const scope = scopeOf(checked);
    const pointer = ended({ status: "complete", data: { n: 8 } });

    expect(childEnded(scope, pointer)).toBe(false);

    expect(scope.state.isDirty).toBe(false);
    expect(await checkedOutput(scope, stepOf(checked), pointer)).toEqual({ n: 80 });
    const odd = checkedOutput(scope, stepOf(checked), ended({ status: "complete", data: { n: 7 } }));
    await expect(odd).rejects.toMatchObject({ code: "WFE_OUTPUT_INVALID", issues: ["odd"], retryable: false });
  });

  it("that does not come in time fails the step, and the child is terminated", () => {
    const scope = scopeOf(plain);
    const waiting = runningPointer({ status: "waitingForEvent", dueAt: instant() });

    childTimedOut(scope, waiting);

    const id = childId(scope.state.row, waiting);
    expect(scope.state.effects.commands).toMatchObject([{ name: "terminateWorkflow", data: id }]);
    expect(scope.state.effects.closeSubscriptions).toEqual(["w/1/0"]);
    expect(scope.state.effects.errors).toMatchObject([{ code: "WFE_TIMEOUT" }]);
    expect(scope.state.changedPointers()[0]).toMatchObject({ status: "failed", resultCount: 1 });
  });
});
