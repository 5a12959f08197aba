import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { cancelPointer, endInstance } from "../../src/executor/cancellation.ts";
import { startChild } from "../../src/executor/child-workflow.ts";
import { openWait } from "../../src/executor/flow.ts";
import { childId } from "../../src/executor/pointer-factory.ts";
import { samplePointer, sampleWorkflow } from "../../src/test-support/fixtures.ts";
import { Gate, PassHarness } from "./pass-harness.ts";
import { runningPointer, scopeOf, stepOf } from "./scope-of.ts";

interface Data {
  n: number;
}
const definition = new WorkflowBuilder<Data>().thenFn("a", () => {}).build("w", 1);
const pointers = [
  samplePointer({ status: "running" }),
  samplePointer({ seq: 2, status: "waitingForEvent", resultCount: 3 }),
  samplePointer({ seq: 3, status: "sleeping", dueAt: new Date(5) }),
  samplePointer({ seq: 4, status: "failed", endSeq: 8 }),
];

describe("the end of an instance", () => {
  it("cancels everything that is open, in order, and closes its subscriptions", () => {
    const scope = scopeOf(definition, { pointers });

    endInstance(scope, "complete");

    const at = new Date("2026-01-01T00:00:00Z");
    expect(scope.state.changedPointers()).toEqual([
      { ...pointers[0], status: "cancelled", endedAt: at, endSeq: 11 },
      { ...pointers[1], status: "cancelled", endedAt: at, endSeq: 12 },
      samplePointer({ seq: 3, status: "cancelled", endedAt: at, endSeq: 13 }),
      { ...pointers[3], status: "cancelled", endedAt: at, endSeq: 14 },
    ]);
    expect(scope.state.effects.closeSubscriptions).toEqual(["w/2/3"]);
    expect([scope.state.status, scope.state.completedAt]).toEqual(["complete", at]);
  });

  it("leaves the pointer alone whose failure brought it about", () => {
    const scope = scopeOf(definition, { pointers });

    endInstance(scope, "terminated", pointers[3]);

    expect(scope.state.changedPointers().map(({ id }) => id)).toEqual(["1", "2", "3"]);
    expect(scope.state.pointer("4")).toEqual(pointers[3]);
  });

  it("is sent to those who wait for it, with the data, and the error if there is one", () => {
    const error = { code: "WFE_STEP_FAILED", message: "no" };
    const sound = scopeOf(definition, { data: { n: 1 } });
    const failed = scopeOf(definition, { data: { n: 1 }, error });

    endInstance(sound, "complete");
    endInstance(failed, "terminated");

    const sent = {
      id: `wfe.completed/w/${Date.UTC(2026, 0, 1)}/0`,
      name: "wfe.workflow.completed",
      key: "w",
      time: new Date("2026-01-01T00:00:00Z"),
    };
    expect([sound, failed].map(({ state }) => state.effects.events)).toEqual([
      [{ ...sent, data: '{"status":"complete","data":{"n":1}}' }],
      [{ ...sent, data: '{"status":"terminated","data":{"n":1},"error":{"code":"WFE_STEP_FAILED","message":"no"}}' }],
    ]);
    expect([sound, failed].map(({ state }) => state.effects.lifecycle.map(({ type }) => type))).toEqual([["completed"], ["terminated"]]);
  });
});

describe("endWorkflow", () => {
  it("ends the instance from any depth in the commit of the step before it: bodies are aborted and not awaited, waits are closed", async () => {
    const harness = await PassHarness.start();
    const reasons: unknown[] = [];
    const [began, never] = [new Gate(), new Gate()];
    const ends = new WorkflowBuilder<Data>()
      .parallel((p) =>
        p
          .branch((b) =>
            b.thenFn("runs", async ({ signal }) => {
              signal.addEventListener("abort", () => void reasons.push((signal.reason as Error).message));
              began.open();
              await never.opened;
            }),
          )
          .branch((b) => b.waitFor("paid", "1"))
          .branch((b) => b.delay("1h"))
          .branch((b) =>
            b
              .thenFn("last", () => began.opened.then(() => 7))
              .saveAs("n")
              .endWorkflow(),
          ),
      )
      .thenFn("behind", () => {})
      .build("w", 1);
    await harness.create(ends, { n: 0 });

    expect(await harness.run()).toEqual({ kind: "idle" });

    expect(await harness.state()).toEqual({
      status: "complete",
      data: { n: 7 },
      pointers: ["parallel: cancelled", "runs: cancelled", "waitFor paid: cancelled", "delay: cancelled", "last: complete", "endWorkflow: complete"],
    });
    expect(reasons).toEqual(["the step was cancelled by its workflow"]);
    expect(harness.commits).toHaveLength(2);
    expect(harness.events.filter(({ type }) => type === "completed")).toHaveLength(1);
    expect(await harness.store.getSubscriptions("paid", "1", new Date(harness.clock.now()))).toEqual([]);
  });
});

describe("a pointer that is cancelled", () => {
  const waits = new WorkflowBuilder<Data>().waitForAny({ a: { event: "a", key: "1" }, b: { event: "b", key: "1" } }).build("w", 1);
  const woken = samplePointer({ status: "pending", attempt: 1, eventData: "1" });

  it("gives back the event that came with this very decision", () => {
    const scope = scopeOf(waits, { pointers: [woken] });
    scope.state.effects.consume.push({ subscriptionId: "other/1/0", eventId: "e0" }, { subscriptionId: "w/1/0/b", eventId: "e1" });

    cancelPointer(scope, woken);

    expect(scope.state.effects).toMatchObject({ consume: [{ eventId: "e0" }], closeSubscriptions: ["w/1/0/b"] });
  });

  it("has no subscription where this very decision has opened it, and one that stood under its id before is closed", () => {
    const scope = scopeOf(waits, { pointers: [samplePointer({ status: "pending", attempt: 1 })] });
    const topics = ["a", "b"].map((name) => ({ name, key: "1", label: name, bound: { storedAfter: "creation" } as const }));
    scope.state.effects.closeSubscriptions.push("w/1/0/a");

    openWait(scope, samplePointer({ attempt: 1 }), { topics });
    cancelPointer(scope, scope.state.pointer("1") ?? woken);

    expect(scope.state.effects).toMatchObject({ openSubscriptions: [], closeSubscriptions: ["w/1/0/a"] });
  });

  it("has no child where this very decision has started it", () => {
    const parent = new WorkflowBuilder<Data>().subWorkflow("child", (data: Data) => data).build("w", 1);
    const scope = scopeOf(parent);
    const child = sampleWorkflow(childId(scope.state.row, runningPointer()));

    startChild(scope, stepOf(parent), runningPointer(), child);
    cancelPointer(scope, scope.state.pointer("1") ?? woken);

    expect(scope.state.effects).toMatchObject({ children: [], commands: [], openSubscriptions: [] });
  });

  it("keeps the one that it has used", () => {
    const scope = scopeOf(waits, { pointers: [woken] });

    cancelPointer(scope, woken);

    expect(scope.state.effects).toMatchObject({ consume: [], closeSubscriptions: [] });
  });

  it("polls no longer", () => {
    const scope = scopeOf(definition, { pointers: [] });

    cancelPointer(scope, samplePointer({ status: "sleeping", eventName: "wfe.poll", eventKey: "{}", dueAt: new Date(5) }));

    expect(scope.state.changedPointers()).toEqual([samplePointer({ status: "cancelled", endedAt: new Date("2026-01-01T00:00:00Z"), endSeq: 11 })]);
  });
});
