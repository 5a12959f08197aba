import { describe, expect, it } from "vitest";
import {
  type CommitResult,
  isWfeError,
  type LifecyclePublisher,
  type LogEntry,
  PersistenceError,
  type Provider,
  WorkflowBuilder,
  type WorkflowChange,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { hostSetting, messages } from "./host-setting.ts";

const definition = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("w", 1);

type Calls = Readonly<Record<string, () => Promise<void>>>;

/** A host whose providers note their starts and stops, or do something else instead, by "queue starts". */
async function setting(instead: Calls = {}) {
  const calls: string[] = [];
  const warnings: LogEntry[] = [];
  const { services, locks, clock } = await hostSetting();
  const noting = (name: string): Provider => {
    const call = (what: string) => async (): Promise<void> => {
      calls.push(`${name} ${what}`);
      await instead[`${name} ${what}`]?.();
    };
    return { start: call("starts"), stop: call("stops") };
  };
  const publisher: LifecyclePublisher = { ...noting("publisher"), publish: () => Promise.resolve(), subscribe: () => Promise.resolve(() => {}) };
  const commits = async (change: WorkflowChange, now: Date): Promise<CommitResult> => {
    await instead["persistence commits"]?.();
    return services.persistence.persistWorkflow(change, now);
  };
  const host = new WorkflowHostBuilder()
    .usePersistence(replacing(services.persistence, { ...noting("persistence"), persistWorkflow: commits }))
    .useLockProvider(replacing(locks, noting("locks")))
    .useQueueProvider(replacing(services.queue, noting("queue")))
    .useLifecyclePublisher(publisher)
    .useClock(clock)
    .useLogSink({ write: (entry) => void warnings.push(entry) })
    .build();
  host.registerWorkflowDefinition(definition);
  return { host, clock, calls, warnings };
}

const fails = (message: string) => () => Promise.reject(new Error(message));
const STARTS = ["persistence starts", "locks starts", "queue starts", "publisher starts"];

describe("the start of a host", () => {
  it("that fails stops what was started, the last first, and the host may be started again", async () => {
    let away = true;
    const { host, calls } = await setting({ "queue starts": () => (away ? Promise.reject(new Error("away")) : Promise.resolve()) });

    await expect(host.start()).rejects.toThrow("away");
    expect(calls).toEqual(["persistence starts", "locks starts", "queue starts", "locks stops", "persistence stops"]);
    await expect(host.startWorkflow(definition, { n: 1 })).rejects.toSatisfy((error) => isWfeError(error, "WFE_HOST_NOT_RUNNING"));
    away = false;
    await host.start();

    expect(calls.slice(5)).toEqual(STARTS);
    await host.stop();
  });

  it("that fails tells why, not what failed in the clearing up, which is only noted", async () => {
    const { host, calls, warnings } = await setting({ "queue starts": fails("away"), "locks stops": fails("stuck") });

    await expect(host.start()).rejects.toThrow("away");

    expect(calls.slice(3)).toEqual(["locks stops", "persistence stops"]);
    expect(warnings).toMatchObject([{ message: "a provider could not be stopped after the failed start", fields: { error: new Error("stuck") } }]);
  });
});

describe("the stop of a host", () => {
  it("stops the publisher, then the stores, the last first", async () => {
    const { host, calls } = await setting();
    await host.start();

    await host.stop();

    expect(calls).toEqual([...STARTS, "publisher stops", "queue stops", "locks stops", "persistence stops"]);
  });

  it("stops all providers even if some cannot be, and tells the first failure", async () => {
    const { host, calls } = await setting({ "queue stops": fails("first"), "locks stops": fails("second") });
    await host.start();

    await expect(host.stop()).rejects.toThrow("first");
    await host.stop();

    expect(calls.slice(5)).toEqual(["queue stops", "locks stops", "persistence stops"]);
  });

  it("only notes a publisher that cannot be stopped", async () => {
    const { host, calls, warnings } = await setting({ "publisher stops": fails("away") });
    await host.start();

    await host.stop();

    expect([calls.at(-1), messages(warnings)]).toEqual(["persistence stops", ["the lifecycle publisher could not be stopped"]]);
  });

  it("leaves a publisher behind that hangs", async () => {
    const { host, clock, calls } = await setting({ "publisher stops": () => new Promise(() => {}) });
    await host.start();

    const stop = host.stop({ timeout: "5s" });
    await clock.advance(4_999);
    expect(calls.at(-1)).toBe("publisher stops");
    await clock.advance(1);
    await stop;

    expect(calls.at(-1)).toBe("persistence stops");
  });
});

describe("a trouble that a pass deals with by itself", () => {
  it("is noted", async () => {
    let tries = 0;
    const { host, clock, warnings } = await setting({
      "persistence commits": () => {
        tries += 1;
        return tries > 1 ? Promise.resolve() : Promise.reject(new PersistenceError("WFE_STORE_UNREACHABLE", "away", { retryable: true }));
      },
    });
    await host.start();

    await host.startWorkflow(definition, { n: 1 }, { id: "a" });
    await clock.advance(20);

    expect(messages(warnings)).toEqual(["a commit of the workflow a is tried again in 20 ms"]);
    expect((await host.getWorkflow("a" as never)).status).toBe("complete");
    await host.stop();
  });
});
