import { expect, it } from "vitest";
import { defineEvent, ErrorBehavior, WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import { eventually } from "../../src/test-support/index.ts";
import { counting } from "./counting-providers.ts";
import { onEachStore } from "./setting.ts";

const paid = defineEvent<string>("paid");
const noop = (): void => {};

interface Count {
  n: number;
}

/** Faults 50 to 55 of the engine's ancestor, in which waiting, size or company cost time. */
onEachStore("it costs what it is worth", (open) => {
  it("lets an instance sleep in a branch for a retry, and wait in another for an event, without a pass (fault 50)", async () => {
    const { clock, build, providers } = await open();
    const definition = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("flaky", (ctx) => {
                if (ctx.attempt === 1) throw new Error("once");
              })
              .onError(ErrorBehavior.retry({ interval: "60s" })),
          )
          .branch((b) => b.waitFor(paid, "1"))
          .branch((b) => b.delay("2h")),
      )
      .build("w", 1);
    const { providers: counted, calls } = counting(await providers());
    const host = build((h) => h.registerWorkflowDefinition(definition), counted, { sweepInterval: "10s", takeOverInterval: "10s" });
    await host.start();
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.settle();
    const passes = (): number => calls.get("acquireLock") ?? 0;
    const before = passes();

    await clock.advance("59s");
    expect(passes() - before).toBe(0);
    await clock.advance("1h");
    expect(passes() - before).toBe(1); // the retry
    expect(calls.get("loadForPass")).toBe(1);
    await host.publishEvent(paid, "1", "yes");
    await clock.advance("2h");

    expect(passes() - before).toBe(3); // the event, the end of the delay
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("runs other instances, and other branches, while a step takes long (fault 51)", async () => {
    const { clock, start } = await open();
    let finish = noop;
    const long = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("slow", () => long))
          .branch((b) =>
            b
              .thenFn("quick", () => 1)
              .saveAs("n")
              .thenFn("quicker", () => 2)
              .saveAs("n"),
          ),
      )
      .build("slow", 1);
    const quick = new WorkflowBuilder<Count>()
      .thenFn("quick", () => 1)
      .saveAs("n")
      .build("quick", 1);
    const host = await start((h) => {
      h.registerWorkflowDefinition(slow);
      h.registerWorkflowDefinition(quick);
    });

    const held = await host.startWorkflow(slow, { n: 0 });
    const others = await Promise.all(Array.from({ length: 50 }, () => host.startWorkflow(quick, { n: 0 })));
    await clock.settle();

    expect(await host.getWorkflow(held)).toMatchObject({ status: "runnable", data: { n: 2 } });
    for (const id of others) expect((await host.getWorkflow(id)).status).toBe("complete");
    finish();
    await clock.settle();
    expect((await host.getWorkflow(held)).status).toBe("complete");
  });

  it("does not spin on instances of a definition that no host here knows (fault 51)", async () => {
    const { clock, build, providers } = await open();
    const unknown = new WorkflowBuilder<Count>().thenFn("a", noop).build("unknown", 1);
    const own = await providers();
    const client = new WorkflowHostBuilder().useProviders(own).useClock(clock).buildClient();
    await client.start();
    for (let n = 0; n < 20; n += 1) await client.startWorkflow(unknown, { n });
    const { providers: counted, calls } = counting(await providers());
    const host = build(noop, counted);
    await host.start();

    await clock.advance("10m");

    // Each hint is looked at with growing pauses: after 100 ms, 200 ms, … 30 s.
    expect(calls.get("acquireLock") ?? 0).toBeLessThanOrEqual(20 * 30);
    expect(await client.countWorkflows({ status: "runnable" })).toBe(20);
    await client.stop();
  });

  it("loads an instance once for all its steps, and not at all when it has just made it (fault 53)", async () => {
    const { clock, build, providers } = await open();
    let builder = new WorkflowBuilder<Count>().thenFn("0", noop);
    for (let n = 1; n < 10; n += 1) builder = builder.thenFn(String(n), noop);
    const definition = builder.build("ten", 1);
    const own = await providers();
    const { providers: counted, calls } = counting(own);
    const host = build((h) => h.registerWorkflowDefinition(definition), counted);
    await host.start();
    await host.startWorkflow(definition, { n: 0 });
    await clock.settle();
    expect(calls.get("loadForPass") ?? 0).toBe(0);

    const client = new WorkflowHostBuilder().useProviders(own).useClock(clock).buildClient();
    await client.start();
    await client.startWorkflow(definition, { n: 0 });
    await clock.advance("2s");

    expect(calls.get("loadForPass")).toBe(1);
    expect(await host.countWorkflows({ status: "complete" })).toBe(2);
    await client.stop();
  });

  it("goes from step to step without any time passing, and asks nothing but the sweep while idle (fault 54)", async () => {
    const { clock, build, providers } = await open();
    let builder = new WorkflowBuilder<Count>().thenFn("0", noop);
    for (let n = 1; n < 10; n += 1) builder = builder.thenFn(String(n), noop);
    const definition = builder.build("ten", 1);
    const { providers: counted, calls } = counting(await providers());
    const host = build((h) => h.registerWorkflowDefinition(definition), counted, { sweepInterval: "1s" });
    await host.start();
    const began = clock.now();

    const id = await host.startWorkflow(definition, { n: 0 });
    await eventually(async () => (await host.getWorkflow(id)).status === "complete");
    expect(clock.now()).toBe(began);
    await clock.settle();
    calls.clear();
    await clock.advance("10s");

    const { acquireLock, persistWorkflow, loadForPass, queueWork, ...others } = Object.fromEntries(calls);
    expect({ acquireLock, persistWorkflow, loadForPass, queueWork }).toEqual({});
    const presence = counted.locks.orphans === undefined ? {} : { orphans: 10 };
    expect(others).toEqual({ ...presence, claimDueInstances: 10, getRunnableEvents: 10, processCommands: 10 });
  });

  it("keeps one hint for an instance, however often something points at it (fault 55)", async () => {
    const { clock, providers } = await open();
    const { queue } = await providers();

    for (let n = 0; n < 200; n += 1) await queue.queueWork("x", "workflow");
    await clock.settle();
    const items = await queue.dequeueWork("workflow", { limit: 100, wait: 0 });
    for (let n = 0; n < 200; n += 1) await queue.queueWork("x", "workflow");
    await items[0]?.ack();
    const again = await queue.dequeueWork("workflow", { limit: 100, wait: 0 });
    await again[0]?.ack();

    expect([items.length, again.length]).toEqual([1, 1]);
    expect(await queue.dequeueWork("workflow", { limit: 100, wait: 0 })).toEqual([]);
  });
});
