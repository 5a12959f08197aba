import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { Gate, PassHarness } from "./pass-harness.ts";

interface Count {
  n: number;
}

/** One endless body beside steps of 600 ms each, in their own branch; which of them have ended, and when, in milliseconds from the start. */
async function longBesideShort(): Promise<{ readonly harness: PassHarness; readonly long: Gate; readonly ended: unknown[] }> {
  const harness = await PassHarness.start();
  const long = new Gate();
  const ended: unknown[] = [];
  const began = harness.clock.now();
  const short = (name: string) => async (): Promise<void> => {
    await new Promise<void>((resolve) => void harness.clock.setTimer(600, resolve));
    ended.push([name, harness.clock.now() - began]);
  };
  const definition = new WorkflowBuilder<Count>()
    .parallel((p) =>
      p
        .branch((b) => b.thenFn("long", () => long.opened))
        .branch((b) => b.thenFn("q1", short("q1")).thenFn("q2", short("q2")).thenFn("q3", short("q3")).thenFn("q4", short("q4"))),
    )
    .build("w", 1);
  await harness.create(definition, { n: 0 });
  return { harness, long, ended };
}

describe("a pass that others wait for", () => {
  it("goes on beside a body that runs longer than a second: its slot is not to be had anyway", async () => {
    const { harness, long, ended } = await longBesideShort();
    harness.contended = true;
    const { end } = await harness.begin("w", 3_600_000);

    await harness.clock.advance("10m");

    // Its turn is over with the commit that starts q3, at 1200 ms; a second later it has another.
    expect(ended).toEqual([
      ["q1", 600],
      ["q2", 1_200],
      ["q3", 1_800],
      ["q4", 2_800],
    ]);
    long.open();
    expect(await end).toEqual({ kind: "idle" });
  });

  it("goes on beside a long body also when they wait no more", async () => {
    const { harness, long, ended } = await longBesideShort();
    harness.contended = true;
    const { end } = await harness.begin("w", 3_600_000);
    await harness.clock.advance(1_300);

    harness.contended = false;
    await harness.clock.advance("10m");

    expect(ended).toHaveLength(4);
    long.open();
    expect(await end).toEqual({ kind: "idle" });
  });

  it("waits without a timer for what a saga has to undo, and gives its slot back with the answer", async () => {
    const harness = await PassHarness.start();
    const answered = new Gate();
    harness.intercept("getPointers", async (next, id, query) => {
      await answered.opened;
      return next(id, query);
    });
    const definition = new WorkflowBuilder<Count>()
      .saga((s) =>
        s
          .thenFn("a", () => 1)
          .compensateWithFn("undo a", () => {})
          // Longer than others shall wait: the turn is over with the commit that asks what is to be undone, when no body runs.
          .thenFn("fails", async () => {
            await new Promise<void>((resolve) => void harness.clock.setTimer(1_500, resolve));
            throw new Error("no");
          }),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    harness.contended = true;
    const { end } = await harness.begin("w", 3_600_000);

    await harness.clock.advance("10m");
    answered.open();
    await harness.clock.settle();

    expect(await Promise.race([end, Promise.resolve("still running")])).toEqual({ kind: "yielded" });
    expect((await harness.state()).pointers).toContain("undo a: pending");
  });

  it("gives its slot back at once after 100 commits when no body of it runs", async () => {
    const harness = await PassHarness.start();
    const definition = new WorkflowBuilder<Count>()
      .whileDo(
        (data) => data.n < 150,
        (b) => b.thenFn("count", (ctx) => ctx.data.n + 1).saveAs("n"),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    harness.contended = true;
    const began = harness.clock.now();

    const end = await harness.run();

    // The 100th commit has started a body, whose result takes one more.
    expect([end, harness.commits.length, harness.clock.now() - began]).toEqual([{ kind: "yielded" }, 101, 0]);
    harness.contended = false;
    expect([await harness.run(), (await harness.state()).data]).toEqual([{ kind: "idle" }, { n: 150 }]);
  });
});
