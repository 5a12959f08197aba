import { expect, it } from "vitest";
import { WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { LosableLocks } from "../losable-locks.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  attempt: number;
}

/** A step whose first run does not end by itself, as one that takes long. */
function long(): WorkflowDefinition<Data> {
  return new WorkflowBuilder<Data>()
    .thenFn("long", async ({ attempt, signal }) => {
      if (attempt === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return attempt;
    })
    .saveAs("attempt")
    .build("long", 1);
}

scenarios("a lease that is lost, though nobody has taken it", (open) => {
  it("is taken again at once by who has lost it, and the step runs again", async () => {
    const { build, store, clock } = await open();
    const { locks, ...others } = store.open();
    const losable = new LosableLocks(locks, clock);
    const host = build(registers(long()), { lockTtl: "30s", sweepInterval: "1h" }, { ...others, locks: losable });
    await host.start();
    await host.startWorkflow(long(), { attempt: 0 }, { id: "w" });
    await clock.advance("5s");

    await losable.loseAll();
    await clock.advance("6s"); // a renewal finds it

    expect(await host.getWorkflow("w")).toMatchObject({ status: "complete", data: { attempt: 2 } });
  });

  it("is asked for once when another has taken it, and left to that", async () => {
    const { build, store, clock } = await open();
    const { locks, ...others } = store.open();
    const losable = new LosableLocks(locks, clock);
    const host = build(registers(long()), { lockTtl: "30s", sweepInterval: "1h" }, { ...others, locks: losable });
    await host.start();
    await host.startWorkflow(long(), { attempt: 0 }, { id: "w" });
    await clock.advance("5s");
    await losable.loseAll();
    const { locks: theirs } = store.open();
    await theirs.start();
    const lease = await theirs.acquireLock("w", { ttl: "2h" });
    losable.asked.splice(0);

    await clock.advance("30m");

    expect(losable.asked).toEqual(["w"]);
    expect(await host.getWorkflow("w")).toMatchObject({ status: "runnable", data: { attempt: 0 } });
    await lease?.release();
    await theirs.stop();
  });
});
