import { assert } from "./assert.ts";
import { held, type LockContext, LONG, refused } from "./lock.cases.ts";
import { isNotRunning } from "./not-running.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Start and stop of a lock provider. */
export const LOCK_NOT_RUNNING_CASES: readonly SuiteCase<LockContext>[] = [
  {
    name: "refuses calls before its start",
    async run(context) {
      const locks = await context.open();

      await assert.rejects(locks.acquireLock("r", { ttl: LONG }), isNotRunning);
      if (locks.orphans !== undefined) await assert.rejects(locks.orphans(1), isNotRunning);
      if (locks.inspect !== undefined) await assert.rejects(locks.inspect("r"), isNotRunning);
    },
  },
  {
    name: "refuses calls after its stop",
    async run(context) {
      const locks = await context.start();
      await held(locks, "r");

      await locks.stop();

      await assert.rejects(locks.acquireLock("r", { ttl: LONG }), isNotRunning);
      if (locks.orphans !== undefined) await assert.rejects(locks.orphans(1), isNotRunning);
      if (locks.inspect !== undefined) await assert.rejects(locks.inspect("r"), isNotRunning);
    },
  },
  {
    name: "starts and stops twice without harm",
    async run(context) {
      const locks = await context.open();

      await locks.stop();
      await locks.start();
      await locks.start();
      await held(locks, "r");
      await locks.stop();
      await locks.stop();
      await locks.stop();

      await assert.rejects(locks.acquireLock("r", { ttl: LONG }), isNotRunning);
    },
  },
  {
    name: "runs until it was stopped as often as started",
    async run(context) {
      const locks = await context.start();
      await locks.start();
      const lease = await held(locks, "r");

      await locks.stop();

      assert.equal(await lease.extend(), true, "one user is left");
      await locks.stop();
      await assert.rejects(locks.acquireLock("r", { ttl: LONG }), isNotRunning);
    },
  },
  {
    name: "starts again after its stop, on the same store",
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(second, "r");

      await first.stop();
      await first.start();

      await refused(first, "r", "the store is the one of before");
      await held(first, "s");
      await refused(second, "s", "both see one store");
    },
  },
  {
    name: "counts starts at the same moment",
    async run(context) {
      const locks = await context.open();

      await Promise.all([locks.start(), locks.start()]);
      await locks.stop();

      await held(locks, "r");
      await locks.stop();
      await assert.rejects(locks.acquireLock("r", { ttl: LONG }), isNotRunning);
    },
  },
  {
    name: "comes up on an empty store with many others at the same moment",
    async run(context) {
      const all = await Promise.all(Array.from({ length: 5 }, () => context.open()));

      await Promise.all(all.map((locks) => locks.start()));

      for (const [index, locks] of all.entries()) await held(locks, `r${index}`);
      for (const locks of all) await refused(locks, "r0", "all see one store");
    },
  },
  {
    name: "refuses to extend and to release through an instance that has stopped, and does so when it runs again",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r");

      await first.stop();
      await assert.rejects(lease.extend(), isNotRunning);
      assert.equal(lease.signal.aborted, false, "whether it is lost is not known");
      await refused(second, "r", "it has time left");
      await first.start();

      assert.equal(await lease.extend(), true, "nobody took it");
      await first.stop();
      await assert.rejects(lease.release(), isNotRunning);
      await refused(second, "r", "it was not released");
    },
  },
];
