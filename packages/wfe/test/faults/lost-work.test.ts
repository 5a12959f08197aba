import { expect, it } from "vitest";
import {
  defineEvent,
  ErrorBehavior,
  PersistenceError,
  type Providers,
  WorkflowBuilder,
  type WorkflowHost,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { losingQueue, onEachStore } from "./setting.ts";

const paid = defineEvent<string>("paid");
const noop = (): void => {};

/** Faults 1 to 16 of the engine's ancestor, in which work was lost, hung, or was done again. */
onEachStore("work is not lost", (open) => {
  it("keeps a hint for an instance whose lease is held elsewhere, until it is free (fault 1)", async () => {
    const { clock, start, providers } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .thenFn("a", () => 1)
      .saveAs("n")
      .build("w", 1);
    const { locks } = await providers();
    const lease = await locks.acquireLock("busy", { ttl: "10m" });
    // The sweep does not help here: only the hint can be in time.
    const host = await start((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h", lockTtl: "10m" });
    await host.startWorkflow(definition, { n: 0 }, { id: "busy" });
    await clock.advance("30s");
    expect(await host.getWorkflow("busy")).toMatchObject({ status: "runnable", data: { n: 0 } });

    await lease?.release();
    await clock.advance("1s");

    expect(await host.getWorkflow("busy")).toMatchObject({ status: "complete", data: { n: 1 } });
  });

  it("finds what is due at once when it starts with an empty queue (fault 2)", async () => {
    const { clock, start, providers, build } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .waitFor(paid, "1")
      .delay("1m")
      .thenFn("a", () => 1)
      .saveAs("n")
      .build("w", 1);
    const lossy = await providers();
    const client = new WorkflowHostBuilder()
      .useProviders({ ...lossy, queue: losingQueue(lossy.queue) })
      .useClock(clock)
      .buildClient();
    await client.start();
    const id = await client.startWorkflow(definition, { n: 0 });
    await client.publishEvent(paid, "1", "yes");
    await client.stop();
    const first = build((h) => h.registerWorkflowDefinition(definition), { ...lossy, queue: losingQueue(lossy.queue) });
    await first.start(); // the instance and the event
    await clock.settle();
    expect((await first.getHistory(id)).map(({ status }) => status)).toEqual(["complete", "sleeping"]);
    await first.stop();
    await clock.advance("2m");

    const second = await start((h) => h.registerWorkflowDefinition(definition)); // the delay, over since
    await clock.settle();

    expect(await second.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
  });

  it("costs a sweep interval at most when every hint is lost, whatever the hint was for (fault 3)", async () => {
    const { clock, build, providers } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .thenFn("a", noop)
      .delay("1h")
      .waitFor(paid, "1")
      .thenFn("b", (ctx) => {
        if (ctx.attempt === 1) throw new Error("once");
        return 1;
      })
      .onError(ErrorBehavior.retry({ interval: "1m" }))
      .saveAs("n")
      .build("w", 1);
    const lossy = await providers();
    // Two hosts, each with room for one: what is started on a host that has no room depends on hints alone.
    const room = (): WorkflowHost =>
      build(
        (h) => h.registerWorkflowDefinition(definition),
        { ...lossy, queue: losingQueue(lossy.queue) },
        { maxConcurrentWorkflows: 1, sweepInterval: "1s" },
      );
    const [first, second] = [room(), room()];
    for (const host of [first, second]) await host.start();
    const ids = await Promise.all(Array.from({ length: 10 }, () => first.startWorkflow(definition, { n: 0 })));
    await clock.advance("12s");
    expect(await first.countWorkflows({ status: "runnable" })).toBe(10);
    for (const id of ids) expect((await second.getHistory(id)).map(({ status }) => status)).toEqual(["complete", "sleeping"]);
    await clock.advance("1h");
    await second.publishEvent(paid, "1", "yes");
    await clock.advance("12s");
    await Promise.all(ids.slice(0, 5).map((id) => second.suspendWorkflow(id)));
    await clock.advance("5m");
    await Promise.all(ids.slice(0, 5).map((id) => second.resumeWorkflow(id)));
    await clock.advance("2m");

    expect(await first.countWorkflows({ status: "complete" })).toBe(10);
  });

  it("survives a consumer that takes a hint and is never heard of again (fault 4)", async () => {
    const { clock, build, providers } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .thenFn("a", () => 1)
      .saveAs("n")
      .build("w", 1);
    const own = await providers();
    const client = new WorkflowHostBuilder().useProviders(own).useClock(clock).buildClient();
    await client.start();
    const id = await client.startWorkflow(definition, { n: 0 });
    await clock.settle();
    expect((await own.queue.dequeueWork("workflow", { limit: 10, wait: 0 })).map((item) => item.id)).toEqual([id]);

    // Without a sweep: the item itself has to come back after its visibility time.
    const host = build((h) => h.registerWorkflowDefinition(definition), withoutDueWork(await providers()), { sweepInterval: "1h" });
    await host.start();
    await clock.advance("29s");
    expect((await host.getWorkflow(id)).status).toBe("runnable");
    await clock.advance("2s");

    expect((await host.getWorkflow(id)).status).toBe("complete");
    await client.stop();
  });

  it("tries again when the store was away while it looked at an instance (fault 5)", async () => {
    const { clock, build, providers } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .thenFn("a", () => 1)
      .saveAs("n")
      .build("w", 1);
    const own = await providers();
    let away = false;
    const persistence = new Proxy(own.persistence, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          if (away && key !== "start" && key !== "stop")
            return Promise.reject(new PersistenceError("WFE_STORE_UNREACHABLE", "away", { retryable: true }));
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    const host = build((h) => h.registerWorkflowDefinition(definition), { ...own, persistence });
    await host.start();
    const client = new WorkflowHostBuilder().useProviders(own).useClock(clock).buildClient();
    await client.start();
    away = true;
    const ids = await Promise.all(Array.from({ length: 20 }, () => client.startWorkflow(definition, { n: 0 })));
    await clock.advance("10m");
    away = false;
    await clock.advance("1m");

    for (const id of ids) expect((await client.getWorkflow(id)).status).toBe("complete");
    await client.stop();
  });

  it("gives a wait the event that was published before the workflow came to it (fault 6)", async () => {
    const { clock, start } = await open();
    const definition = new WorkflowBuilder<{ got: string }>().delay("1d").waitFor(paid, "1").saveAs("got").build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h", takeOverInterval: "1h" });
    const id = await host.startWorkflow(definition, { got: "" });

    await host.publishEvent(paid, "1", "early");
    await clock.advance("25h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: "early" } });
  });

  it("serves the other subscribers of an event when one of them is gone (fault 15)", async () => {
    const { clock, start } = await open();
    const definition = new WorkflowBuilder<{ got: string }>().waitFor(paid, "1").saveAs("got").build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));
    const begin = (): Promise<string> => host.startWorkflow(definition, { got: "" });
    const [gone, over, left] = [await begin(), await begin(), await begin()];
    await clock.settle();
    await host.terminateWorkflow(gone);
    await host.terminateWorkflow(over);
    await clock.advance("1m");
    expect(await host.purgeWorkflows({ status: "terminated", olderThan: "1s" })).toBe(2);

    await host.publishEvent(paid, "1", "yes");
    await clock.settle();

    expect(await host.getWorkflow(left)).toMatchObject({ status: "complete", data: { got: "yes" } });
  });
});

onEachStore("the end of an instance is told", (open) => {
  const child = new WorkflowBuilder<{ n: number; fails: boolean }>()
    .thenFn("work", (ctx) => {
      if (ctx.data.fails) throw new Error("no");
      return 42;
    })
    .onError(ErrorBehavior.terminate())
    .saveAs("n")
    .build("child", 1);
  const parent = new WorkflowBuilder<{ fails: boolean; starts: number; end: { status: string; data: { n: number } } | null }>()
    .thenFn("start child", async (ctx) => {
      // A fixed id makes the start idempotent: a repeat after a crash finds the child that is there.
      await ctx.host.startWorkflow(child, { n: 0, fails: ctx.data.fails }, { id: `${ctx.workflow.id}-child` });
      if (ctx.attempt === 1) throw new Error("lost after the start");
    })
    .onError(ErrorBehavior.retry({ interval: "1s" }))
    .waitFor("wfe.workflow.completed", (_, ctx) => `${ctx.workflow.id}-child`)
    .output((end, data) => void (data.end = end as never))
    .build("parent", 1);

  it.each([
    [false, "complete", 42],
    [true, "terminated", 0],
  ])("to one that began to wait long after it (failing: %s), with its status (faults 7, 8, 9)", async (fails, status, n) => {
    const { clock, start } = await open();
    const host = await start((h) => {
      h.registerWorkflowDefinition(child);
      h.registerWorkflowDefinition(parent);
    });

    const id = await host.startWorkflow(parent, { fails, starts: 0, end: null });
    await clock.advance("5s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { end: { status, data: { n } } } });
  });

  it("once, and its start is idempotent: a repeated step starts no second child (fault 14)", async () => {
    const { clock, start } = await open();
    const host = await start((h) => {
      h.registerWorkflowDefinition(child);
      h.registerWorkflowDefinition(parent);
    });

    await host.startWorkflow(parent, { fails: false, starts: 0, end: null });
    await clock.advance("5s");

    expect(await host.countWorkflows({ definitionId: "child" })).toBe(1);
    expect(await host.countWorkflows({ status: "complete" })).toBe(2);
  });

  it("when a command ended it, too (fault 8)", async () => {
    const { clock, start } = await open();
    const waits = new WorkflowBuilder<{ n: number }>().waitFor(paid, "never").build("waits", 1);
    const observer = new WorkflowBuilder<{ end: { status: string } | null }>()
      .waitFor("wfe.workflow.completed", "the other")
      .output((end, data) => void (data.end = end as never))
      .build("observer", 1);
    const host = await start((h) => {
      h.registerWorkflowDefinition(waits);
      h.registerWorkflowDefinition(observer);
    });
    const id = await host.startWorkflow(observer, { end: null });
    await host.startWorkflow(waits, { n: 0 }, { id: "the other" });
    await clock.settle();

    await host.terminateWorkflow("the other");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { end: { status: "terminated" } } });
  });
});

/** A store whose sweep finds nothing. */
function withoutDueWork(providers: Providers): Providers {
  return { ...providers, persistence: replacing(providers.persistence, { claimDueInstances: () => Promise.resolve([]) }) };
}
