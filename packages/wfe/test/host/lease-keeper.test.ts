import { describe, expect, it } from "vitest";
import type { Lease, PersistenceProvider, WorkflowPass, WorkflowSignals } from "../../src/index.ts";
import { LeaseKeeper } from "../../src/host/lease-keeper.ts";
import { instant } from "../../src/test-support/index.ts";
import { hostSetting, messages } from "./host-setting.ts";

const signalsOf = (id: string): WorkflowSignals => ({ id, revision: 1, status: "runnable", controlSeq: 1, inboxSeq: 0 });

/** A keeper with leases of 30 s, what it has renewed, read and told. */
async function setting(readSignals?: PersistenceProvider["readSignals"]) {
  const reads: (readonly string[])[] = [];
  const of = await hostSetting({
    persistence: {
      readSignals: async (ids) => {
        reads.push(ids);
        return (await readSignals?.(ids)) ?? ids.map(signalsOf);
      },
    },
  });
  const keeper = new LeaseKeeper(of.services);
  const renewed: string[] = [];
  const told: string[] = [];
  const add = (id: string, extend: () => Promise<boolean> = () => Promise.resolve(true)): void => {
    const lease: Pick<Lease, "resource" | "expiresAt" | "extend"> = {
      resource: id,
      expiresAt: instant(30_000),
      extend: () => {
        renewed.push(id);
        return extend();
      },
    };
    const pass: Pick<WorkflowPass, "workflowId" | "signals"> = { workflowId: id, signals: (signals) => void told.push(signals.id) };
    keeper.add(lease as Lease, pass as WorkflowPass); // nothing else of them is used
  };
  return { ...of, keeper, add, renewed, reads, told };
}

describe("the leases of the passes that run here", () => {
  it("are renewed three times in their time, all in one round, and their passes told in one query", async () => {
    const { clock, add, renewed, reads, told } = await setting();
    add("a");
    await clock.advance(5_000);
    add("b");

    await clock.advance(4_999);
    expect(renewed).toEqual([]);
    await clock.advance(1);
    expect([renewed, reads, told]).toEqual([["a", "b"], [["a", "b"]], ["a", "b"]]);
    await clock.advance(20_000);

    expect([renewed, reads.length]).toEqual([["a", "b", "a", "b", "a", "b"], 3]);
  });

  it("are renewed no more once they are given back, and no timer is left", async () => {
    const { clock, keeper, add, renewed } = await setting();
    add("a");
    add("b");

    keeper.remove("a");
    await clock.advance(10_000);
    expect(renewed).toEqual(["b"]);
    keeper.remove("b");

    expect(clock.pendingTimers).toBe(0);
  });

  it("are kept again after all were given back", async () => {
    const { clock, keeper, add, renewed } = await setting();
    add("a");
    keeper.remove("a");
    keeper.remove("a");

    add("b");
    await clock.advance(10_000);

    expect(renewed).toEqual(["b"]);
  });

  it("are renewed all the same when one of them cannot be, which is tried again in the next round", async () => {
    const { clock, add, renewed, told, warnings } = await setting();
    let away = true;
    add("a", () => (away ? Promise.reject(new Error("away")) : Promise.resolve(true)));
    add("b");

    await clock.advance(10_000);
    away = false;
    await clock.advance(10_000);

    expect([renewed, told]).toEqual([
      ["a", "b", "a", "b"],
      ["a", "b", "a", "b"],
    ]);
    expect(messages(warnings)).toEqual(["the lease on a could not be renewed; it ends at 2026-01-01T00:00:30.000Z unless the next try succeeds"]);
    expect(warnings[0]?.fields).toEqual({ error: new Error("away") });
  });

  it("are renewed all the same when commands and events cannot be read, which is asked again in the next round", async () => {
    let away = true;
    const { clock, add, renewed, told, warnings } = await setting((ids) =>
      away ? Promise.reject(new Error("away")) : Promise.resolve(ids.map(signalsOf)),
    );
    add("a");

    await clock.advance(10_000);
    away = false;
    await clock.advance(10_000);

    expect([renewed, told]).toEqual([["a", "a"], ["a"]]);
    expect(messages(warnings)).toEqual(["commands and events for running workflows could not be read; the next renewal asks again"]);
  });

  it("tell nothing to a pass that ended while they were renewed", async () => {
    let answer = (): void => {};
    const { clock, keeper, add, told } = await setting((ids) => new Promise((resolve) => (answer = () => resolve(ids.map(signalsOf)))));
    add("a");
    add("b");
    await clock.advance(10_000);

    keeper.remove("a");
    answer();
    await clock.settle();

    expect(told).toEqual(["b"]);
  });

  it("wait for no answer: neither other leases nor the next round, and what has no answer is not asked again", async () => {
    const { clock, add, renewed, told } = await setting();
    add("hangs", () => new Promise(() => {}));
    add("b");

    await clock.advance(30_000);

    expect([renewed, told]).toEqual([
      ["hangs", "b", "b", "b"],
      ["hangs", "b", "hangs", "b", "hangs", "b"],
    ]);
  });

  it("are read one query at a time", async () => {
    let answer = (): void => {};
    const { clock, add, reads, told } = await setting((ids) => new Promise((resolve) => (answer = () => resolve(ids.map(signalsOf)))));
    add("a");

    await clock.advance(30_000);
    expect(reads).toEqual([["a"]]);
    answer();
    await clock.advance(10_000);

    expect([reads, told]).toEqual([[["a"], ["a"]], ["a"]]);
  });

  it("are renewed three times in their time, no more, when they come and go while a round is under way", async () => {
    let answer = (): void => {};
    const { clock, keeper, add, renewed } = await setting((ids) => new Promise((resolve) => (answer = () => resolve(ids.map(signalsOf)))));
    add("a");
    await clock.advance(10_000);

    keeper.remove("a");
    add("b");
    answer();
    await clock.advance(30_000);

    expect(renewed).toEqual(["a", "b", "b", "b"]);
  });
});
