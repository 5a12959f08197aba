import { describe, expect, it } from "vitest";
import { InMemoryLockProvider, InMemoryLockStore } from "../../../src/test-support/in-memory/in-memory-lock-provider.ts";
import { lockSuite } from "../../../src/test-support/suites/lock-suite.ts";
import { systemClock } from "../../../src/runtime/system-clock.ts";
import { inMemoryLockTarget } from "./in-memory-targets.ts";

lockSuite("lock suite on the in-memory provider, in virtual time", inMemoryLockTarget, { describe, it });

lockSuite(
  "lock suite on the in-memory provider, in real time",
  {
    unitMs: 10,
    async createStore() {
      const store = new InMemoryLockStore();
      return {
        open: async () => new InMemoryLockProvider({ store }),
        elapse: (ms) => new Promise<void>((resolve) => void systemClock.setTimer(ms, resolve)),
        dispose: async () => {},
      };
    },
  },
  { describe, it },
);

describe("InMemoryLockProvider", () => {
  it("forgets leases that are over and were never released", async () => {
    const store = await inMemoryLockTarget.createStore();
    const locks = await store.open();
    await locks.start();

    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 1000; index += 1) await locks.acquireLock(`${round}:${index}`, { ttl: 1 });
      await store.elapse(1);
    }
    const again = await locks.acquireLock("0:0", { ttl: 1 });

    expect(again).toBeDefined();
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
