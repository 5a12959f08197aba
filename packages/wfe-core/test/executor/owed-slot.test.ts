import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { PassHarness } from "./pass-harness.ts";

describe("a pass whose bodies each take longer than others shall wait", () => {
  it("gives its slot back at the first moment at which none runs", async () => {
    const harness = await PassHarness.start();
    const definition = new WorkflowBuilder<{ n: number }>()
      .whileDo(
        () => true,
        (b) => b.thenFn("long", () => new Promise<void>((resolve) => void harness.clock.setTimer(2_000, resolve))),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    harness.contended = true;

    const { end } = await harness.begin("w", 3_600_000);
    await harness.clock.advance("10s");

    expect(await Promise.race([end, Promise.resolve("still running")])).toEqual({ kind: "yielded" });
  });

  it("ends as lost with its lease when the store gives no answer to its load", async () => {
    const harness = await PassHarness.start();
    await harness.create(new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("w", 1), { n: 0 });
    harness.intercept("loadForPass", () => new Promise(() => {}));

    const { end } = await harness.begin("w", 1_000);
    await harness.clock.advance("1s");

    expect(await Promise.race([end, Promise.resolve("still running")])).toEqual({ kind: "lost" });
  });
});
