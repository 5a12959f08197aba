import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { LOCK_SUITE_CASES, lockSuite, type LockSuiteTarget } from "../../../src/test-support/suites/lock-suite.ts";
import { PERSISTENCE_CALLS } from "../../../src/test-support/suites/persistence-not-running.cases.ts";
import { PERSISTENCE_SUITE_CASES, persistenceSuite, type PersistenceSuiteTarget } from "../../../src/test-support/suites/persistence-suite.ts";
import { QUEUE_SUITE_CASES, queueSuite } from "../../../src/test-support/suites/queue-suite.ts";
import { registerSuite, runSuiteCase, type SuiteRunner } from "../../../src/test-support/suites/register-suite.ts";
import type { DistributedLockProvider } from "../../../src/traits/lock-provider.ts";
import { altered } from "../faulty-provider.ts";
import { inMemoryLockTarget, inMemoryPersistenceTarget, inMemoryQueueTarget } from "../in-memory/in-memory-targets.ts";
import { runWithNodeTest } from "./node-test-runner.ts";

/** A runner of our own, as plain as `node:test`: collects, and runs when told to. */
class FakeRunner implements SuiteRunner {
  readonly suites: string[] = [];
  readonly tests: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  readonly skipped: string[] = [];

  readonly describe = (name: string, define: () => void): void => {
    this.suites.push(name);
    define();
  };
  readonly it: SuiteRunner["it"] = Object.assign((name: string, run: () => Promise<void>): void => void this.tests.push({ name, run }), {
    skip: (name: string): void => void this.skipped.push(name),
  });

  async run(): Promise<void> {
    for (const { run } of this.tests) await run();
  }
}

const orphansOf = (locks: DistributedLockProvider, limit: number): Promise<readonly string[]> => locks.orphans?.(limit) ?? Promise.resolve([]);
/** Makes a value anew in the realm where it is evaluated. */
const CLONE = `(function clone(value) {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, (inner) => clone(inner));
  if (Object.prototype.toString.call(value) === "[object Date]") return new Date(Number(value));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clone(inner)]));
})`;
const passes = async (): Promise<void> => {};
const nothing = { createContext: async () => undefined, closeContext: async () => {} };

describe("registerSuite", () => {
  it("binds the lock suite to a runner that is passed in", async () => {
    const runner = new FakeRunner();

    lockSuite("locks", inMemoryLockTarget, runner);
    await runner.run();

    expect(runner.suites).toEqual(["locks"]);
    expect(runner.tests.map((test) => test.name)).toEqual(LOCK_SUITE_CASES.map((suiteCase) => suiteCase.name));
  });

  it("runs the lock suite on a provider that has no presence, without the cases that need it", async () => {
    const runner = new FakeRunner();
    const target: LockSuiteTarget = {
      async createStore() {
        const store = await inMemoryLockTarget.createStore();
        return {
          ...store,
          async open() {
            const good = await store.open();
            return { start: () => good.start(), stop: () => good.stop(), acquireLock: (resource, options) => good.acquireLock(resource, options) };
          },
        };
      },
    };

    lockSuite("locks", target, runner);
    await runner.run();

    expect(runner.skipped).toHaveLength(LOCK_SUITE_CASES.filter((suiteCase) => suiteCase.requires !== undefined).length);
  });

  it("runs the lock suite on a provider that is slow to notice that an owner is gone", async () => {
    const runner = new FakeRunner();
    const target: LockSuiteTarget = {
      ...inMemoryLockTarget,
      async createStore() {
        const store = await inMemoryLockTarget.createStore();
        const originals = new Map<DistributedLockProvider, DistributedLockProvider>();
        return {
          ...store,
          async open() {
            const good = await store.open();
            let looks = 0;
            const slow = altered(good, { orphans: async (limit) => await orphansOf(good, (looks += 1) % 3 === 0 ? limit : 0) });
            originals.set(slow, good);
            return slow;
          },
          kill: async (provider) => await store.kill?.(originals.get(provider) ?? provider),
        };
      },
    };

    lockSuite("locks", target, runner);
    await runner.run();

    expect(runner.tests).toHaveLength(LOCK_SUITE_CASES.length);
  });

  it("binds the queue suite to a runner that is passed in", async () => {
    const runner = new FakeRunner();

    queueSuite("queue", inMemoryQueueTarget, runner);
    await runner.run();

    expect(runner.tests.map((test) => test.name)).toEqual(QUEUE_SUITE_CASES.map((suiteCase) => suiteCase.name));
  });

  it("shows a case whose capability is lacking as skipped, with its name", () => {
    const runner = new FakeRunner();

    registerSuite({
      ...nothing,
      name: "suite",
      cases: [
        { name: "a", run: passes },
        { name: "b", requires: ["flying", "presence"], run: passes },
      ],
      capabilities: ["presence"],
      runner,
    });

    expect(runner.tests.map((test) => test.name)).toEqual(["a"]);
    expect(runner.skipped).toEqual(["b (skipped: needs the capability flying)"]);
  });

  it("uses the `skip` of the runner, and refuses one that cannot show skipped cases", () => {
    const shown: string[] = [];
    const bare = { describe: (_: string, define: () => void) => define(), it: () => {} };
    const suite = { ...nothing, name: "suite", cases: [{ name: "a", requires: ["flying"], run: passes }] };

    registerSuite({ ...suite, runner: { ...bare, skip: (name) => shown.push(name) } });

    expect(shown).toEqual(["a (skipped: needs the capability flying)"]);
    expect(() => registerSuite({ ...suite, runner: bare })).toThrow("it.skip");
  });

  it("refuses a capability that no case asks for", () => {
    const target = { ...inMemoryLockTarget, capabilities: ["presense"] };

    expect(() => lockSuite("locks", target, new FakeRunner())).toThrow("no case for the capability presense: it knows presence");
    expect(() => queueSuite("queue", { ...inMemoryQueueTarget, capabilities: ["presence"] }, new FakeRunner())).toThrow("it knows lateness");
  });

  it("runs the persistence suite on a provider whose answers are of another realm, as they are under jest", async () => {
    const clone = runInNewContext(CLONE) as <T>(value: T) => T;
    const runner = new FakeRunner();
    const target: PersistenceSuiteTarget = {
      async createStore() {
        const store = await inMemoryPersistenceTarget.createStore();
        return {
          ...store,
          async open() {
            const good = await store.open();
            const calls = Object.keys(PERSISTENCE_CALLS) as (keyof typeof PERSISTENCE_CALLS)[]; // its keys are these
            const call = (method: (typeof calls)[number], args: readonly unknown[]): Promise<unknown> =>
              (good[method] as (...all: readonly unknown[]) => Promise<unknown>)(...args);
            return altered(
              good,
              Object.fromEntries(calls.map((method) => [method, async (...args: readonly unknown[]) => clone(await call(method, args))])),
            );
          },
        };
      },
    };

    persistenceSuite("persistence", target, runner);
    await runner.run();

    expect(runner.tests).toHaveLength(PERSISTENCE_SUITE_CASES.filter((suiteCase) => suiteCase.requires === undefined).length);
  });

  it("refuses two cases with one name", () => {
    const cases = [
      { name: "a", run: passes },
      { name: "a", run: passes },
    ];

    expect(() => registerSuite({ ...nothing, name: "suite", cases, runner: new FakeRunner() })).toThrow('two cases with the name "a"');
  });

  it("uses the global describe and it, and says what to do when there are none", () => {
    const suite = { ...nothing, name: "suite", cases: [{ name: "a", run: passes }] };
    const runner = new FakeRunner();
    const globals = globalThis as { describe?: unknown; it?: unknown };
    expect(globals.describe).toBeUndefined();

    expect(() => registerSuite(suite)).toThrow("{ describe, it }");
    Object.assign(globals, { describe: runner.describe, it: runner.it });
    try {
      registerSuite(suite);
    } finally {
      delete globals.describe;
      delete globals.it;
    }

    expect(runner.tests.map((test) => test.name)).toEqual(["a"]);
  });

  it("binds both suites to node:test", () => {
    const { status, report } = runWithNodeTest(`
      import { describe, it } from "node:test";
      import { lockSuite } from "./src/test-support/suites/lock-suite.js";
      import { queueSuite } from "./src/test-support/suites/queue-suite.js";
      import { inMemoryLockTarget, inMemoryQueueTarget } from "./test/test-support/in-memory/in-memory-targets.js";
      lockSuite("locks", { ...inMemoryLockTarget, capabilities: [] }, { describe, it });
      queueSuite("queue", inMemoryQueueTarget, { describe, it });
    `);

    const skipped = LOCK_SUITE_CASES.filter((suiteCase) => suiteCase.requires !== undefined).length;
    expect(report).toContain(`# pass ${LOCK_SUITE_CASES.length + QUEUE_SUITE_CASES.length - skipped}\n`);
    expect(report).toContain(`# skipped ${skipped}\n`);
    expect(report).toContain("(skipped: needs the capability presence) # SKIP");
    expect(status).toBe(0);
  });
});

describe("runSuiteCase", () => {
  it("gives the context back after a case that failed, and tells of the case's failure", async () => {
    const log: string[] = [];
    const run = runSuiteCase(
      {
        name: "a",
        run: async () => {
          log.push("run");
          throw new Error("the case");
        },
      },
      {
        createContext: async () => undefined,
        closeContext: async () => {
          log.push("close");
          throw new Error("the clean-up");
        },
      },
    );

    await expect(run).rejects.toThrow("the case");
    expect(log).toEqual(["run", "close"]);
  });

  it("tells of a clean-up that fails after a case that passed", async () => {
    const run = runSuiteCase(
      { name: "a", run: passes },
      { createContext: async () => undefined, closeContext: () => Promise.reject(new Error("the clean-up")) },
    );

    await expect(run).rejects.toThrow("the clean-up");
  });
});
