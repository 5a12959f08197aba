import { describe, expect, it } from "vitest";
import { SharedRun } from "../../src/runtime/shared-run.ts";

interface Setting {
  readonly log: string[];
  /** Lets the transition under way come to its end. */
  readonly pass: ((error?: Error) => void)[];
  readonly run: SharedRun;
}

function setUp(): Setting {
  const log: string[] = [];
  const pass: ((error?: Error) => void)[] = [];
  const step = (name: string) => (): Promise<void> =>
    new Promise((resolve, reject) => {
      log.push(name);
      pass.push((error) => {
        log.push(`${name} ${error === undefined ? "ends" : "fails"}`);
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  return { log, pass, run: new SharedRun({ open: step("open"), close: step("close"), notRunning: () => new Error("not running") }) };
}

const turns = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("SharedRun", () => {
  it("opens with the first start, for which the others wait, and closes with the last stop", async () => {
    const { run, log, pass } = setUp();

    const starts = Promise.all([run.start(), run.start()]);
    await turns();
    expect(run.running).toBe(false);
    expect(() => run.check()).toThrow("not running");
    pass.shift()?.();
    await starts;
    run.check();
    await run.stop();
    expect(run.running).toBe(true);
    const stopped = run.stop();
    expect(run.running).toBe(false);
    await turns();
    pass.shift()?.();
    await stopped;

    expect(log).toEqual(["open", "open ends", "close", "close ends"]);
  });

  it("does nothing at a stop without a start", async () => {
    const { run, log } = setUp();

    await run.stop();

    expect(log).toEqual([]);
  });

  it("does not open before it has closed, nor close before it has opened", async () => {
    const { run, log, pass } = setUp();

    const all = [run.start(), run.stop(), run.start()];
    for (let transition = 0; transition < 3; transition += 1) {
      await turns();
      expect(pass).toHaveLength(1);
      pass.shift()?.();
    }
    await Promise.all(all);

    expect(log).toEqual(["open", "open ends", "close", "close ends", "open", "open ends"]);
    expect(run.running).toBe(true);
  });

  it("does not count a start that failed, and can be started again", async () => {
    const { run, pass } = setUp();

    const failed = Promise.allSettled([run.start(), run.start()]);
    await turns();
    pass.shift()?.(new Error("no such store"));
    expect((await failed).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(run.running).toBe(false);
    const started = run.start();
    await turns();
    pass.shift()?.();
    await started;

    expect(run.running).toBe(true);
    const stopped = run.stop();
    await turns();
    expect(pass).toHaveLength(1);
    pass.shift()?.();
    await stopped;
  });

  it("does nothing at a stop after a start that failed", async () => {
    const { run, log, pass } = setUp();
    const failed = Promise.allSettled([run.start()]);
    await turns();
    pass.shift()?.(new Error("no such store"));
    await failed;

    await run.stop();

    expect(log).toEqual(["open", "open fails"]);
  });

  it("does not close what has failed to open, though the stop came while it was under way", async () => {
    const { run, log, pass } = setUp();

    const outcomes = Promise.allSettled([run.start(), run.stop()]);
    await turns();
    pass.shift()?.(new Error("no such store"));
    await turns();

    expect(log).toEqual(["open", "open fails"]);
    expect(await outcomes).toEqual([
      { status: "rejected", reason: new Error("no such store") },
      { status: "fulfilled", value: undefined },
    ]);
  });

  it("counts a start that comes while one fails whose stop has come already", async () => {
    let opens = 0;
    let closes = 0;
    const run = new SharedRun({
      open: () => {
        opens += 1;
        if (opens === 1) throw new Error("no");
      },
      close: () => void (closes += 1),
      notRunning: () => new Error("not running"),
    });

    const ends = await Promise.allSettled([run.start(), run.stop(), run.start()]);
    expect([ends.map(({ status }) => status), run.running]).toEqual([["rejected", "fulfilled", "fulfilled"], true]);
    await run.stop();

    expect([run.running, closes]).toEqual([false, 1]);
  });
});
