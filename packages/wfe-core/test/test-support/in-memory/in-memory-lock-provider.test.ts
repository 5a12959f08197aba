import { describe, expect, it } from "vitest";
import { eventually } from "../../../src/test-support/eventually.ts";
import { InMemoryLockProvider, InMemoryLockStore } from "../../../src/test-support/in-memory/in-memory-lock-provider.ts";
import { lockSuite } from "../../../src/test-support/suites/lock-suite.ts";
import { inMemoryLockTarget } from "./in-memory-targets.ts";

lockSuite("lock suite on the in-memory provider, in virtual time", inMemoryLockTarget, { describe, it });

describe("InMemoryLockProvider", () => {
  it("forgets leases that are over and were never released", async () => {
    const store = await inMemoryLockTarget.createStore();
    const locks = await store.open();
    await locks.start();
    await locks.acquireLock("long", { ttl: "1h" });

    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 1000; index += 1) await locks.acquireLock(`${round}:${index}`, { ttl: 1 });
      await store.elapse(1);
    }

    expect(await locks.acquireLock("0:0", { ttl: 1 })).toBeDefined();
    expect(await locks.acquireLock("long", { ttl: 1 })).toBeUndefined();
  });

  it("counts in real time unless told otherwise", async () => {
    const store = new InMemoryLockStore();
    const [first, second] = [new InMemoryLockProvider({ store }), new InMemoryLockProvider({ store })];
    await Promise.all([first.start(), second.start()]);
    const lease = await first.acquireLock("r", { ttl: 500 });

    const ended = new Promise((resolve) => lease?.signal.addEventListener("abort", resolve));
    const refused = await second.acquireLock("r", { ttl: 500 });
    await ended;

    expect(refused).toBeUndefined();
    expect(await eventually(() => second.acquireLock("r", { ttl: 500 }), { interval: 1 })).toBeDefined();
  });

  it("tells an owner that has started again that its lease was found as an orphan", async () => {
    const store = new InMemoryLockStore();
    const [first, second] = [new InMemoryLockProvider({ store }), new InMemoryLockProvider({ store })];
    await Promise.all([first.start(), second.start()]);
    const lease = await first.acquireLock("r", { ttl: "1h" });

    await first.stop();
    expect(await second.orphans(10)).toEqual(["r"]);
    await first.start();

    expect(await lease?.extend()).toBe(false);
    expect(lease?.signal.aborted).toBe(true);
  });

  it("answers nothing after it was killed", async () => {
    const locks = new InMemoryLockProvider();
    await locks.start();
    const lease = await locks.acquireLock("r", { ttl: "1m" });

    locks.kill();

    await expect(locks.acquireLock("s", { ttl: "1m" })).rejects.toThrow("was killed");
    await expect(lease?.extend()).rejects.toThrow("was killed");
    await expect(lease?.release()).rejects.toThrow("was killed");
  });
});
