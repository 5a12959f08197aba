import { expect, it } from "vitest";
import { defineEvent, type Middleware, type PassContext, WorkflowBuilder, type WorkflowInstance } from "../../src/index.ts";
import { LosableLocks } from "../losable-locks.ts";
import { replacing } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const told = defineEvent<number>("told");
const never = new Promise<never>(() => {});

/** Takes the attempt of its step. */
const once = new WorkflowBuilder<Data>()
  .thenFn("once", ({ attempt }) => attempt)
  .saveAs("n")
  .build("once", 1);

/** Two passes: up to a wait, and behind it. */
const waits = new WorkflowBuilder<Data>()
  .waitFor(told, "k")
  .saveAs("n")
  .thenFn("after", () => {})
  .build("waits", 1);

/** What a pass that throws `error` is told of, without the name of the instance. */
const failed = (delayMs: number): string => `the pass of the workflow w has failed; it is tried again in ${delayMs} ms`;

/** A middleware that stands still before its first pass until it is called off, and notes why; later ones go on. */
function standing(heard: unknown[], where: "before" | "behind" = "before"): Middleware {
  let passes = 0;
  return {
    aroundWorkflow: async (ctx, next) => {
      passes += 1;
      if (passes > 1) return next();
      if (where === "behind") await next();
      ctx.signal.addEventListener("abort", () => heard.push(ctx.signal.reason));
      return never;
    },
  };
}

scenarios("middleware around passes", (open) => {
  it("is around each pass, the first registered outermost, and sees the instance as the pass has found it", async () => {
    const order: unknown[] = [];
    const layer = (name: string): Middleware => ({
      aroundWorkflow: async ({ workflow }, next) => {
        order.push(`${name} in ${workflow.status} ${(workflow as WorkflowInstance<Data>).data.n}`);
        await next();
        order.push(`${name} out`);
      },
    });
    const { host: newHost, use, clock } = await open();
    use(layer("A"), layer("B"));
    const host = await newHost(registers(waits));

    const done = host.runWorkflow(waits, { n: 1 });
    await clock.advance("1s");
    await host.publishEvent(told, "k", 2);
    await clock.advance("1s");

    expect(await done).toEqual({ n: 2 });
    const round = ["A in runnable 1", "B in runnable 1", "B out", "A out"];
    expect(order).toEqual([...round, ...round]);
  });

  it("gives a frozen snapshot, of which a pass that changes the data changes nothing", async () => {
    const contexts: PassContext[] = [];
    const { host: newHost, use, clock } = await open();
    use({ aroundWorkflow: (ctx, next) => (contexts.push(ctx), next()) });
    const host = await newHost(registers(once));

    await host.startWorkflow(once, { n: 0 }, { id: "w", name: "named", reference: "r" });
    await clock.advance("1s");

    expect(contexts).toHaveLength(1);
    expect(contexts[0]?.workflow).toMatchObject({ id: "w", name: "named", reference: "r", definitionId: "once", version: 1, data: { n: 0 } });
    expect(Object.isFrozen(contexts[0]?.workflow.data)).toBe(true);
    expect(contexts[0]?.signal.aborted).toBe(false);
  });

  it("that throws before the pass makes it a failed one, which is tried again after a growing delay; no body has started meanwhile", async () => {
    const { host: newHost, use, clock, warnings } = await open();
    let refusals = 3;
    const error = new Error("not now");
    use({ aroundWorkflow: (_ctx, next) => (refusals-- > 0 ? Promise.reject(error) : next()) });
    const host = await newHost(registers(once), { sweepInterval: "1h", maxCrashes: 1 });

    await host.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.advance("5s");

    expect(await host.getWorkflow("w")).toMatchObject({ status: "complete", data: { n: 1 } });
    expect(warnings.map(({ message, fields }) => [message, (fields as { error: unknown }).error])).toEqual(
      [100, 200, 400].map((delayMs) => [failed(delayMs), error]),
    );
    expect(await host.getErrors("w")).toEqual([]);
  });

  it("that refuses on one host leaves the instance to another at once", async () => {
    const { host: newHost, use, clock } = await open();
    use({ aroundWorkflow: () => Promise.reject(new Error("never here")) });
    const refusing = await newHost(registers(once));
    use();

    await refusing.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.settle();
    await refusing.stop();
    const host = await newHost(registers(once), { maxCrashes: 1 });
    await clock.advance("1s"); // less than a lease

    expect(await host.getWorkflow("w")).toMatchObject({ status: "complete", data: { n: 1 } });
  });

  it("that returns without next has failed, too", async () => {
    const { host: newHost, use, clock, warnings } = await open();
    let passes = 0;
    use({ aroundWorkflow: (_ctx, next) => (++passes === 1 ? Promise.resolve() : next()) });
    const host = await newHost(registers(once));

    await host.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.advance("5s");

    expect((await host.getWorkflow("w")).status).toBe("complete");
    expect(warnings.map(({ message, fields }) => [message, String((fields as { error: unknown }).error)])).toEqual([
      [failed(100), "MiddlewareError: an aroundWorkflow has returned without next(): the pass was not run"],
    ]);
  });

  it("that throws behind the pass has that logged, and the pass stands; one that does not wait for it, too", async () => {
    const { host: newHost, use, clock, warnings } = await open();
    use({ aroundWorkflow: (_ctx, next) => (void next(), Promise.reject(new Error("too hasty"))) });
    const host = await newHost(registers(once));

    await host.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.advance("5s");

    expect(await host.getWorkflow("w")).toMatchObject({ status: "complete", data: { n: 1 } });
    expect(warnings.map(({ message }) => message)).toEqual([
      "aroundWorkflow of the middleware number 1 has failed after next(); what it is around was done, and stands",
    ]);
  });

  it("that calls next again gets an error, and the pass runs once", async () => {
    const { host: newHost, use, clock } = await open();
    const second: unknown[] = [];
    use({ aroundWorkflow: async (_ctx, next) => (await next(), next().catch((error: unknown) => void second.push(error))) });
    const host = await newHost(registers(once));

    await host.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.advance("1s");

    expect(await host.getWorkflow("w")).toMatchObject({ status: "complete", data: { n: 1 } });
    expect(second).toEqual([expect.objectContaining({ code: "WFE_MIDDLEWARE_INVALID" })]);
  });

  it("hears from next why a pass has failed, which is logged once, and changes nothing by keeping it to itself", async () => {
    const { build, store, use, clock, warnings } = await open();
    const providers = store.open();
    const { persistence } = providers;
    const error = new Error("the disk is gone");
    let commits = 0;
    const failing = replacing(persistence, {
      persistWorkflow: (change, now) => (++commits === 1 ? Promise.reject(error) : persistence.persistWorkflow(change, now)),
    });
    const heard: unknown[] = [];
    use({ aroundWorkflow: (_ctx, next) => next() }, { aroundWorkflow: (_ctx, next) => next().catch((reason: unknown) => void heard.push(reason)) });
    const host = build(registers(once), {}, { ...providers, persistence: failing });
    await host.start();

    await host.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.advance("40s");

    expect(heard).toEqual([error]);
    expect(warnings.map(({ message, fields }) => [message, (fields as { error: unknown }).error])).toEqual([[failed(100), error]]);
    expect((await host.getWorkflow("w")).status).toBe("complete");
  });

  it("that hangs before the pass is left behind by stop, and the next host runs the step as if for the first time", async () => {
    const { host: newHost, use, clock } = await open();
    const heard: unknown[] = [];
    use(standing(heard));
    const host = await newHost(registers(once), { maxCrashes: 1 });
    await host.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.advance("1s");

    const stopped = host.stop({ timeout: "2s" });
    await clock.advance("3s");
    await stopped;
    const next = await newHost(registers(once), { maxCrashes: 1 });
    await clock.advance("1s");

    expect(heard).toEqual([expect.objectContaining({ code: "WFE_CANCELLED", reason: "shutdown" })]);
    expect(await next.getWorkflow("w")).toMatchObject({ status: "complete", data: { n: 1 } });
  });

  it("that hangs before the pass hears that the workflow was terminated elsewhere, and keeps nothing", async () => {
    const { host: newHost, client: newClient, use, clock } = await open();
    const heard: unknown[] = [];
    use(standing(heard));
    const host = await newHost(registers(once), { maxConcurrentWorkflows: 1 });
    await host.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.advance("1s");

    await (await newClient()).terminateWorkflow("w");
    await clock.advance("15s"); // a renewal of its lease
    await host.startWorkflow(once, { n: 0 }, { id: "next" });
    await clock.advance("2s");

    expect(heard).toEqual([expect.objectContaining({ reason: "terminated" })]);
    expect((await host.getWorkflow("next")).status).toBe("complete");
    expect(await host.getWorkflow("w")).toMatchObject({ status: "terminated", data: { n: 0 } });
  });

  it("that takes long before the pass has the lease renewed, and the pass knows what has come meanwhile", async () => {
    const { host: newHost, use, clock } = await open();
    let ran = 0;
    const counts = new WorkflowBuilder<Data>().thenFn("count", () => void (ran += 1)).build("counts", 1);
    use({ aroundWorkflow: async (_ctx, next) => (await new Promise<void>((resolve) => void clock.setTimer(100_000, resolve)), next()) });
    const host = await newHost(registers(counts));
    await newHost(registers(counts));
    await host.startWorkflow(counts, { n: 0 }, { id: "w" });
    await clock.advance("50s");

    await host.suspendWorkflow("w");
    await clock.advance("200s");
    const whileSuspended = ran;
    await host.resumeWorkflow("w");
    await clock.advance("200s");

    expect([whileSuspended, ran]).toEqual([0, 1]);
    expect(await host.getHistory("w")).toMatchObject([{ status: "complete", attempt: 1 }]);
  });

  it("that hangs before the pass hears that the lease is lost, and the instance is taken up again", async () => {
    const { build, store, use, clock } = await open();
    const { locks, ...others } = store.open();
    const losable = new LosableLocks(locks, clock);
    const heard: unknown[] = [];
    use(standing(heard));
    const host = build(registers(once), { lockTtl: "3s", sweepInterval: "1h" }, { ...others, locks: losable });
    await host.start();
    await host.startWorkflow(once, { n: 0 }, { id: "w" });
    await clock.advance("1500ms");

    await losable.loseAll();
    await clock.advance("3s");

    expect(heard).toEqual([expect.objectContaining({ reason: "leaseLost" })]);
    expect((await host.getWorkflow("w")).status).toBe("complete");
  });

  it("that hangs behind the pass is left behind after a lease, and what has come for the instance is not lost", async () => {
    const { host: newHost, use, clock, warnings } = await open();
    use(standing([], "behind"));
    const host = await newHost(registers(waits), { lockTtl: "10s" });
    const done = host.runWorkflow(waits, { n: 0 }, { id: "w" });
    await clock.advance("1s");

    await host.publishEvent(told, "k", 5);
    await clock.advance("11s");

    expect(await done).toEqual({ n: 5 });
    expect(warnings.map(({ message }) => message)).toEqual(["an aroundWorkflow behind the pass of the workflow w is left behind"]);
  });
});
