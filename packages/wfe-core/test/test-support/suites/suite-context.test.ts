import { describe, expect, it } from "vitest";
import type { SuiteStore } from "../../../src/test-support/suites/suite-case.ts";
import { SuiteContext } from "../../../src/test-support/suites/suite-context.ts";
import { VirtualClock } from "../../../src/test-support/virtual-clock.ts";
import type { Provider } from "../../../src/traits/provider.ts";

interface Setting {
  readonly clock: VirtualClock;
  readonly log: string[];
  readonly context: SuiteContext<Provider>;
}

async function setUp(changes: Partial<SuiteStore<Provider>> & { readonly provider?: Partial<Provider> } = {}): Promise<Setting> {
  const clock = new VirtualClock();
  const log: string[] = [];
  let opened = 0;
  const store: SuiteStore<Provider> = {
    async open() {
      const name = opened++;
      return { start: async () => void log.push(`start ${name}`), stop: async () => void log.push(`stop ${name}`), ...changes.provider };
    },
    elapse: (ms) => clock.advance(ms),
    dispose: async () => void log.push("dispose"),
    ...changes,
  };
  return { clock, log, context: await SuiteContext.create<Provider, never>({ createStore: async () => store, unitMs: 10 }) };
}

describe("SuiteContext", () => {
  it("stops what it opened and removes the store", async () => {
    const { context, log } = await setUp();

    await context.open();
    await context.startTwo();
    await context.close();

    expect(log).toEqual(["start 1", "start 2", "stop 0", "stop 1", "stop 2", "dispose"]);
  });

  it("removes the store when a stop fails or hangs, and tells of the first failure", async () => {
    const failing = await setUp({ provider: { stop: () => Promise.reject(new Error("cannot stop")) } });
    const hanging = await setUp({ provider: { stop: () => new Promise<void>(() => {}) } });
    for (const { context } of [failing, hanging]) await context.start();

    await expect(failing.context.close()).rejects.toThrow("cannot stop");
    await expect(hanging.context.close()).rejects.toThrow("the stop of a provider does not happen at once");

    expect([failing.log.at(-1), hanging.log.at(-1)]).toEqual(["dispose", "dispose"]);
  });

  it("does not stop a provider that was killed", async () => {
    const killed: Provider[] = [];
    const { context, log } = await setUp({ kill: async (provider) => void killed.push(provider) });
    const provider = await context.start();

    await context.kill(provider);
    await context.close();

    expect(killed).toEqual([provider]);
    expect(log).toEqual(["start 0", "dispose"]);
  });

  it("says that presence needs a way to kill", async () => {
    const { context } = await setUp();
    const provider = await context.start();

    await expect(context.kill(provider)).rejects.toThrow("needs `kill`");
  });

  it("lets time pass while it waits for what is soon", async () => {
    const { context, clock } = await setUp();
    const start = clock.monotonic();

    const answer = await context.soon("the answer", new Promise((resolve) => void clock.setTimer(55, () => resolve("here"))));

    expect(answer).toBe("here");
    expect(clock.monotonic() - start).toBeLessThan(60);
    await expect(context.soon("the answer", new Promise(() => {}))).rejects.toThrow("the answer does not happen at once: not within 200 ms");
    await expect(context.soon("the answer", Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  });

  it("asks a probe until it answers, for so long", async () => {
    const { context } = await setUp();
    let asked = 0;

    const answer = await context.until("the answer", async () => ((asked += 1) === 3 ? "here" : undefined));

    expect([answer, asked]).toEqual(["here", 3]);
    await expect(context.until("the answer", async () => undefined, 5)).rejects.toThrow("the answer does not happen within 50 ms");
  });

  it("takes the clock of the machine when the store names none", async () => {
    const { context } = await setUp();

    expect(Math.abs(context.now() - new Date().getTime())).toBeLessThan(5000);
  });
});
