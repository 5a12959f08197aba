import { describe, expect, it } from "vitest";
import {
  InMemoryWorkflowRegistry,
  type LifecyclePublisher,
  type LogEntry,
  type Providers,
  WfeError,
  WorkflowBuilder,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import {
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  VirtualClock,
  VirtualEntropy,
} from "../../src/test-support/index.ts";
import { replacing } from "../replacing.ts";

const definition = new WorkflowBuilder<{ n: number }>()
  .thenFn("a", (ctx) => {
    ctx.log.info("hello");
    return ctx.data.n + 1;
  })
  .saveAs("n")
  .build("w", 1);

function inMemory(clock = new VirtualClock()): Providers {
  return {
    persistence: new InMemoryPersistenceProvider({ store: new InMemoryStore() }),
    locks: new InMemoryLockProvider({ store: new InMemoryLockStore(clock), clock }),
    queue: new InMemoryQueueProvider({ store: new InMemoryQueueStore(clock), clock }),
  };
}

const missing = (what: string): WfeError =>
  new WfeError("WFE_PROVIDER_MISSING", `the host lacks ${what}: call useProviders(sqliteProviders({ path })), or the methods named`);

describe("a host", () => {
  it("is not built without its providers, all of which are named", () => {
    const { persistence, locks } = inMemory();

    expect(() => new WorkflowHostBuilder().build()).toThrow(
      missing("a persistence provider (usePersistence), a lock provider (useLockProvider), a queue provider (useQueueProvider)"),
    );
    expect(() => new WorkflowHostBuilder().usePersistence(persistence).useLockProvider(locks).build()).toThrow(
      missing("a queue provider (useQueueProvider)"),
    );
    expect(() => new WorkflowHostBuilder().usePersistence(persistence).buildClient()).toThrow(missing("a queue provider (useQueueProvider)"));
  });

  it("is not built with an option out of its bounds", () => {
    const polling = new WorkflowHostBuilder().useProviders(inMemory()).withOptions({ pollEndpoints: { allow: ["*"] } });
    const builder = new WorkflowHostBuilder().useProviders(inMemory()).withOptions({ maxCrashes: 0 });

    expect(() => polling.build()).toThrow(/^allow of pollEndpoints takes origins .*: got "\*"$/);
    expect(() => builder.build()).toThrow(new RangeError("maxCrashes must be a whole number, 1 or more: got 0"));
    expect(() => builder.buildClient()).toThrow(RangeError);
  });

  it("uses the machine's clock and a registry of its own unless told otherwise", async () => {
    const providers: Providers = {
      persistence: new InMemoryPersistenceProvider({ store: new InMemoryStore() }),
      locks: new InMemoryLockProvider({ store: new InMemoryLockStore() }),
      queue: new InMemoryQueueProvider({ store: new InMemoryQueueStore() }),
    };
    const host = new WorkflowHostBuilder().useProviders(providers).build();
    host.registerWorkflowDefinition(definition);
    await host.start();
    const before = Date.now();

    const id = await host.startWorkflow(definition, { n: 1 });
    const { createdAt, data } = await host.waitForWorkflow(id);
    await host.stop();

    expect(data).toEqual({ n: 2 });
    expect(createdAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(createdAt.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it("uses the last of what it was given, and keeps options of earlier calls that are not named again", async () => {
    const clock = new VirtualClock();
    const [unused, used] = [inMemory(clock), inMemory(clock)];
    const asked: unknown[] = [];
    const locks = replacing(used.locks, {
      acquireLock: (resource, options) => {
        asked.push(options.ttl);
        return used.locks.acquireLock(resource, options);
      },
    });
    const registry = new InMemoryWorkflowRegistry();
    const entries: LogEntry[] = [];
    const host = new WorkflowHostBuilder()
      .useProviders(unused)
      .usePersistence(used.persistence)
      .useLockProvider(locks)
      .useQueueProvider(used.queue)
      .useRegistry(registry)
      .useClock(clock)
      .useEntropy(new VirtualEntropy(5))
      .useHttpClient(() => Promise.reject(new Error("nothing is polled here")))
      .useLogSink({ write: (entry) => void entries.push(entry) })
      .withOptions({ lockTtl: "9s", maxCrashes: 2 })
      .withOptions({ maxCrashes: 3 })
      .build();
    host.registerWorkflowDefinition(definition);
    await host.start();

    const id = await host.startWorkflow(definition, { n: 1 });
    await clock.settle();

    expect(registry.getAllDefinitions()).toEqual([definition]);
    expect(id).toBe(new VirtualEntropy(5).id());
    expect(asked).toEqual([9_000]);
    expect(entries).toMatchObject([{ at: new Date("2026-01-01T00:00:00Z"), level: "info", message: "hello" }]);
    expect(await used.persistence.getWorkflowInstance(id)).toMatchObject({ status: "complete" });
    await host.stop();
  });

  it.each(["by itself", "with the others"])("starts and stops its lifecycle publisher, which is given %s and carries its events", async (how) => {
    const calls: string[] = [];
    const clock = new VirtualClock();
    const publisher: LifecyclePublisher = {
      start: () => Promise.resolve(void calls.push("start")),
      stop: () => Promise.resolve(void calls.push("stop")),
      publish: ({ type }) => Promise.resolve(void calls.push(type)),
      subscribe: () => Promise.resolve(() => {}),
    };
    const builder = new WorkflowHostBuilder().useClock(clock);
    if (how === "by itself") builder.useProviders(inMemory(clock)).useLifecyclePublisher(publisher);
    else builder.useProviders({ ...inMemory(clock), lifecycle: publisher });
    const host = builder.build();
    host.registerWorkflowDefinition(definition);

    await host.start();
    await host.startWorkflow(definition, { n: 1 });
    await clock.settle();
    await host.stop();

    expect(calls).toEqual(["start", "started", "stepStarted", "stepCompleted", "completed", "stop"]);
  });

  it("and a client work on one store with one registry", async () => {
    const clock = new VirtualClock();
    const providers = inMemory(clock);
    const builder = new WorkflowHostBuilder().useProviders(providers).useClock(clock).useRegistry(new InMemoryWorkflowRegistry());
    const [host, client] = [builder.build(), builder.buildClient()];
    host.registerWorkflowDefinition(definition);
    await host.start();
    await client.start();

    const id = await client.startWorkflow("w", 1, { n: 4 });
    await clock.settle();

    expect(await client.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 5 } });
    await client.stop();
    await host.stop();
  });
});
