import { describe, expect, it } from "vitest";
import { type PersistenceProvider, WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { hostSetting } from "./host-setting.ts";

/** A host in virtual time, a workflow whose step takes 10 ms, and the calls of its store. @param release - Awaited before a lease is given back. */
async function setting(release: () => Promise<void> = () => Promise.resolve()) {
  const { services, locks, clock } = await hostSetting();
  const definition = new WorkflowBuilder<{ n: number }>()
    .thenFn("a", async (ctx) => {
      await new Promise<void>((resolve) => void clock.setTimer(10, resolve));
      return ctx.data.n + 1;
    })
    .saveAs("n")
    .build("w", 1);
  const calls: string[] = [];
  const noting = new Proxy(services.persistence, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        calls.push(String(key));
        return value.apply(target, args) as unknown;
      };
    },
  }) as PersistenceProvider; // the same, listened to
  const slow = replacing(locks, {
    acquireLock: async (resource, options) => {
      const lease = await locks.acquireLock(resource, options);
      return lease && replacing(lease, { release: () => release().then(() => lease.release()) });
    },
  });
  const host = new WorkflowHostBuilder().usePersistence(noting).useLockProvider(slow).useQueueProvider(services.queue).useClock(clock).build();
  host.registerWorkflowDefinition(definition);
  await host.start();
  calls.length = 0;
  return { host, clock, calls, definition };
}

describe("waiting for an instance that runs here", () => {
  it("asks the store nothing: its creation and its commit are all there is", async () => {
    const { host, clock, calls, definition } = await setting();

    const id = await host.startWorkflow(definition, { n: 1 });
    const end = host.waitForWorkflow(id);
    await clock.advance(10);

    expect(await end).toMatchObject({ id, status: "complete", data: { n: 2 } });
    expect(calls.filter((name) => name !== "nextDefinitionSequence")).toEqual(["createNewWorkflow", "persistWorkflow"]);
    await host.stop();
  });

  it("ends at once when the end was told before, and its lease is not given back yet", async () => {
    let giveBack = (): void => {};
    const { host, clock, definition } = await setting(() => new Promise((resolve) => void (giveBack = resolve)));
    const id = await host.startWorkflow(definition, { n: 1 });
    await clock.advance(10);

    const end = host.waitForWorkflow(id);
    await clock.settle();

    expect(await Promise.race([end, Promise.resolve("waits")])).toMatchObject({ status: "complete" });
    giveBack();
    await host.stop();
  });
});
