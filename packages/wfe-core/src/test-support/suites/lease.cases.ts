import { assert } from "./assert.ts";
import { held, type LockContext, refused } from "./lock.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

/** How long a lock is held: expiry, extension, stale holders. */
export const LEASE_CASES: readonly SuiteCase<LockContext>[] = [
  {
    name: "ends a lease by itself when its time is over",
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "r", 10 * context.unitMs);

      await context.elapse(11);

      await held(second, "r");
      await refused(first, "r", "the former holder does not hold it any more");
    },
  },
  {
    name: "holds a lease until its time is over",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r", 10 * context.unitMs);

      await context.elapse(6);

      await refused(second, "r", "the lease has time left");
      assert.equal(lease.signal.aborted, false, "the lease has time left");
    },
  },
  {
    name: "keeps a ttl of less than a second to the millisecond",
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "r", 4 * context.unitMs);

      await refused(second, "r", "a short lease is a lease");
      await context.elapse(5);

      await held(second, "r");
    },
  },
  {
    name: "aborts the signal when the lease is over, though nobody took it",
    async run(context) {
      const locks = await context.start();
      const lease = await held(locks, "r", 10 * context.unitMs);
      let aborted = false;
      lease.signal.addEventListener("abort", () => {
        aborted = true;
      });

      await context.elapse(11);

      assert.equal(aborted, true, "the holder is told that its time is over");
      assert.equal(lease.signal.aborted, true);
    },
  },
  {
    name: "makes an extended lease last a whole ttl from then",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r", 10 * context.unitMs);

      await context.elapse(6);
      assert.equal(await lease.extend(), true);
      await context.elapse(6);
      await refused(second, "r", "the extension has time left");
      assert.equal(lease.signal.aborted, false, "the extension has time left");
      await context.elapse(5);

      assert.equal(lease.signal.aborted, true, "the extension is over");
      await held(second, "r");
    },
  },
  {
    name: "moves the end of an extended lease",
    async run(context) {
      const locks = await context.start();
      const lease = await held(locks, "r", 10 * context.unitMs);
      const before = lease.expiresAt.getTime();

      await context.elapse(4);
      await lease.extend();

      const moved = lease.expiresAt.getTime() - before;
      assert.ok(moved >= 3 * context.unitMs, `expiresAt moves with the extension: it moved by ${moved} ms`);
    },
  },
  {
    name: "holds a lease as long as it is extended",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r", 10 * context.unitMs);

      for (let round = 0; round < 5; round += 1) {
        await context.elapse(5);
        assert.equal(await lease.extend(), true, "an extension in time succeeds");
        await refused(second, "r", "work that takes longer than the ttl stays under its lock");
      }

      assert.equal(lease.signal.aborted, false);
    },
  },
  {
    name: "extends a lease twice at the same moment",
    async run(context) {
      const locks = await context.start();
      const lease = await held(locks, "r");

      assert.deepEqual(await Promise.all([lease.extend(), lease.extend()]), [true, true]);
      assert.equal(lease.signal.aborted, false);
    },
  },
  {
    name: "refuses to extend a lease after its end, though nobody took it",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r", 4 * context.unitMs);

      await context.elapse(6);
      const extended = await lease.extend();

      assert.equal(extended, false, "an end is final");
      assert.equal(lease.signal.aborted, true);
      await held(second, "r");
    },
  },
  {
    name: "refuses to extend a lease that another holds now",
    async run(context) {
      const [first, second] = await context.startTwo();
      const stale = await held(first, "r", 4 * context.unitMs);
      await context.elapse(6);
      const current = await held(second, "r");

      assert.equal(await stale.extend(), false);

      assert.equal(await current.extend(), true, "the holder of now is not disturbed");
      await refused(first, "r", "the lock was not taken back");
    },
  },
  {
    name: "refuses to release a lease that another holds now",
    async run(context) {
      const [first, second] = await context.startTwo();
      const stale = await held(first, "r", 4 * context.unitMs);
      await context.elapse(6);
      const current = await held(second, "r");

      assert.equal(await stale.release(), false);

      await refused(first, "r", "a stale release does not free the lock of the holder of now");
      assert.equal(await current.extend(), true);
    },
  },
  {
    name: "refuses to release a lease that another task of the same instance holds now",
    async run(context) {
      const [first, second] = await context.startTwo();
      const stale = await held(first, "r", 4 * context.unitMs);
      await context.elapse(6);
      await held(first, "r");

      assert.equal(await stale.release(), false);

      await refused(second, "r", "a stale release does not free the lock of another task");
    },
  },
  {
    name: "answers a release after the end with false",
    async run(context) {
      const locks = await context.start();
      const lease = await held(locks, "r", 4 * context.unitMs);

      await context.elapse(6);

      assert.equal(await lease.release(), false, "it was not held any more");
    },
  },
  {
    name: "releases once",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r");

      assert.equal(await lease.release(), true);
      await held(second, "r");
      assert.equal(await lease.release(), false, "the second release was late");

      await refused(first, "r", "the second release does not free the lock of the next holder");
    },
  },
  {
    name: "aborts the signal at the release",
    async run(context) {
      const locks = await context.start();
      const lease = await held(locks, "r");
      const { signal } = lease;

      await lease.release();

      assert.equal(signal.aborted, true);
    },
  },
  {
    name: "does not take a released lock back by an extension",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r");
      await lease.release();

      assert.equal(await lease.extend(), false);

      await held(second, "r");
    },
  },
];
