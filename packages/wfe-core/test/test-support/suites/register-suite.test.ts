import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { LOCK_SUITE_CASES, lockSuite } from "../../../src/test-support/suites/lock-suite.ts";
import { QUEUE_SUITE_CASES, queueSuite } from "../../../src/test-support/suites/queue-suite.ts";
import { registerSuite, runSuiteCase, type SuiteRunner } from "../../../src/test-support/suites/register-suite.ts";
import { inMemoryLockTarget, inMemoryQueueTarget } from "../in-memory/in-memory-targets.ts";

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

  it("works with node:test", () => {
    const script = `
      import { describe, it } from "node:test";
      const { registerSuite } = await import("./register-suite.mjs");
    `;
    // node:test needs a process of its own; what matters here is the shape of its functions.
    const probe = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", 'import { describe, it } from "node:test"; console.log(typeof describe, typeof it, typeof it.skip)'],
      { encoding: "utf8" },
    );

    expect(script).toContain("node:test");
    expect(probe.stdout).toContain("function function function");
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
