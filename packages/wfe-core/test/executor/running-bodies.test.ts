import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { CancelledError } from "../../src/errors/step-errors.ts";
import type { PassInput } from "../../src/executor/pass-input.ts";
import { RunningBodies } from "../../src/executor/running-bodies.ts";
import { StepRegistry } from "../../src/executor/step-registry.ts";
import { Gate } from "./pass-harness.ts";
import { runningPointer, scopeOf } from "./scope-of.ts";

/** Three bodies that run until their gates open, the heard inputs, and why their signals aborted. */
function setting() {
  const gates = [new Gate(), new Gate(), new Gate()];
  const began: string[] = [];
  const reasons: string[] = [];
  const heard: PassInput[] = [];
  const definition = new WorkflowBuilder<{ n: number }>()
    .thenFn("s", async ({ pointer, signal }) => {
      began.push(pointer.id);
      signal.addEventListener("abort", () => void reasons.push(`${pointer.id} ${(signal.reason as CancelledError).reason}`));
      await gates[Number(pointer.id) - 1]?.opened;
    })
    .build("w", 1);
  const pointers = [runningPointer(), runningPointer({ seq: 2 }), runningPointer({ seq: 3 })];
  const scope = scopeOf(definition, { pointers });
  const bodies = new RunningBodies();
  const start = (of = pointers): void => bodies.start(scope, new StepRegistry(), of, (input) => void heard.push(input));
  return { gates, began, reasons, heard, scope, bodies, pointers, start };
}

const settled = (pointerId: string): PassInput => ({
  kind: "settled",
  pointerId,
  attempt: 1,
  outcome: { result: { kind: "next" }, source: undefined },
});
const interrupted = (pointerId: string): PassInput => ({ kind: "interrupted", pointerId, attempt: 1 });

describe("running bodies", () => {
  it("are active until their end is heard", async () => {
    const { gates, heard, scope, bodies, start } = setting();
    start();
    expect(bodies.active).toBe(3);

    gates[1]?.open();
    await scope.clock.settle();

    expect([heard, bodies.active]).toEqual([[settled("2")], 2]);
  });

  it("are not started when the commit that says so has cancelled them, or another start has come", () => {
    const { began, scope, bodies, pointers, start } = setting();
    scope.state.put({ ...runningPointer(), status: "cancelled" });
    scope.state.put(runningPointer({ seq: 2, attempt: 2 }));

    start(pointers);

    expect([began, bodies.active]).toEqual([["3"], 1]);
  });

  it("are called off when a commit has cancelled their pointers: they are not heard any more", async () => {
    const { gates, reasons, heard, scope, bodies, start } = setting();
    start();

    scope.state.put({ ...runningPointer(), status: "cancelled" });
    scope.state.put(runningPointer({ seq: 2, attempt: 2 }));
    bodies.forget(scope, []);
    for (const gate of gates) gate.open();
    await scope.clock.settle();

    expect([reasons, heard]).toEqual([["1 cancelled", "2 cancelled"], [settled("3")]]);
    expect(bodies.active).toBe(0);
  });

  it("are called off all together, which is told for each, and is final", async () => {
    const { gates, reasons, heard, scope, bodies, start } = setting();
    start();

    const inputs = bodies.abort("shutdown");
    for (const gate of gates) gate.open();
    await scope.clock.settle();

    expect([inputs, bodies.abort("terminated")]).toEqual([[interrupted("1"), interrupted("2"), interrupted("3")], []]);
    expect([reasons, heard, bodies.active]).toEqual([["1 shutdown", "2 shutdown", "3 shutdown"], [], 0]);
  });

  it("that were heard are not called off, committed or not", async () => {
    const { gates, reasons, heard, scope, bodies, start } = setting();
    start();
    gates[0]?.open();
    gates[1]?.open();
    await scope.clock.settle();

    bodies.forget(scope, heard.slice(0, 1));

    expect(bodies.abort("shutdown")).toEqual([interrupted("3")]);
    expect([reasons, bodies.active]).toEqual([["3 shutdown"], 0]);
  });

  it("may start again once what came of them is committed", () => {
    const { began, scope, bodies, start } = setting();
    start([runningPointer()]);
    const inputs = bodies.abort("shutdown");

    bodies.forget(scope, inputs);
    start([runningPointer()]);

    expect([began, bodies.active]).toEqual([["1", "1"], 1]);
  });
});
