import { assert } from "./assert.ts";
import type { DistributedLockProvider } from "../../traits/lock-provider.ts";
import { held, type LockContext, refused } from "./lock.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Units within which a store has to notice that an owner is gone. */
const GONE_UNITS = 100;

function look(locks: DistributedLockProvider, limit: number): Promise<readonly string[]> {
  assert.ok(locks.orphans !== undefined, "a provider with the capability `presence` has the method `orphans`");
  return locks.orphans(limit);
}

async function orphans(context: LockContext, locks: DistributedLockProvider, count: number): Promise<readonly string[]> {
  const named: string[] = [];
  await context.until(
    "naming the orphans",
    async () => {
      named.push(...(await look(locks, 10)));
      return named.length >= count ? true : undefined;
    },
    GONE_UNITS,
  );
  return named.sort();
}

/** Owners that are gone. */
export const PRESENCE_CASES: readonly SuiteCase<LockContext>[] = [
  {
    name: "names the locks of an owner that is gone, once, and frees them",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "a");
      await held(first, "b");
      await held(second, "c");

      await context.kill(first);
      const named = await orphans(context, second, 2);

      assert.deepEqual(named, ["a", "b"]);
      assert.deepEqual(await look(second, 10), [], "what was named is ended");
      await held(second, "a");
      await refused(second, "c", "the lock of a present owner stays");
    },
  },
  {
    name: "does not name the locks of owners that are present",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "a");
      await held(second, "b");

      for (let round = 0; round < 10; round += 1) {
        assert.deepEqual(await look(second, 10), [], "nobody is gone");
        await context.elapse(1);
      }

      await refused(second, "a", "looking for orphans frees nothing");
    },
  },
  {
    name: "does not name a lock that was released or is over",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      await (await held(first, "released")).release();
      await held(first, "over", 4 * context.unitMs);
      await held(first, "held");
      await context.elapse(6);

      await context.kill(first);

      assert.deepEqual(await orphans(context, second, 1), ["held"]);
    },
  },
  {
    name: "names as many orphans as asked for, and the rest the next time",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      const third = await context.start();
      for (const name of ["a", "b"]) await held(first, name);
      for (const name of ["c", "d"]) await held(third, name);
      await context.kill(first);
      await context.kill(third);

      const named: string[] = [];
      await context.until(
        "naming all orphans",
        async () => {
          const some = await look(second, 3);
          assert.ok(some.length <= 3, "no more than the limit, whoever has left them");
          named.push(...some);
          return named.length >= 4 ? true : undefined;
        },
        GONE_UNITS,
      );

      assert.deepEqual(named.sort(), ["a", "b", "c", "d"]);
    },
  },
  {
    name: "gives an orphan to one of those who look at the same moment",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      const third = await context.start();
      const names = Array.from({ length: 10 }, (_, index) => `r${index}`);
      await Promise.all(names.map((name) => held(first, name)));
      await context.kill(first);

      const named: string[] = [];
      await context.until(
        "naming all orphans",
        async () => {
          const answers = await Promise.all([second, third, second, third].map((locks) => look(locks, 3)));
          named.push(...answers.flat());
          return named.length >= names.length ? true : undefined;
        },
        GONE_UNITS,
      );

      assert.deepEqual(named.sort(), names, "each is named once");
    },
  },
  {
    name: "ends the lease of a present owner too when its time is over",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "r", 4 * context.unitMs);

      await context.elapse(6);

      await held(second, "r");
      await refused(first, "r", "presence does not prolong a lease");
    },
  },
  {
    name: "does not name a lock that its instance has extended after it was started again",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r");

      await first.stop();
      await first.start();
      const extended = await lease.extend();

      assert.equal(extended, true, "nobody has looked for orphans");
      for (let round = 0; round < 10; round += 1) {
        assert.deepEqual(await look(second, 10), [], "its holder is present again");
        await context.elapse(1);
      }
      assert.equal(await lease.extend(), true);
    },
  },
  {
    name: "does not name a lock that an owner that is gone has held before, and another holds now",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "over", 4 * context.unitMs);
      await (await held(first, "released")).release();
      await held(first, "held");
      await context.elapse(6);
      const leases = [await held(second, "over"), await held(second, "released")];

      await context.kill(first);

      assert.deepEqual(await orphans(context, second, 1), ["held"]);
      for (const lease of leases) assert.equal(await lease.extend(), true, "its holder is present");
    },
  },
  {
    name: "tells a holder that was away that its lease was found as an orphan, and leaves the one of now alone",
    requires: ["presence"],
    async run(context) {
      const [first, second] = await context.startTwo();
      const [a, b] = [await held(first, "a"), await held(first, "b")];
      await first.stop();
      const named = new Set<string>();
      for (let units = 0; named.size < 2 && units < GONE_UNITS; units += 1) {
        for (const resource of await look(second, 10)) named.add(resource);
        await context.elapse(1);
      }
      if (named.size === 0) return; // a provider may let the leases of one that has stopped run on
      assert.deepEqual(named, new Set(["a", "b"]));
      const current = [await held(second, "a"), await held(second, "b")];
      await first.start();

      assert.deepEqual([await a.extend(), a.signal.aborted], [false, true], "the answer is final, and the work under it is told");
      assert.equal(await b.release(), false);

      for (const lease of current) assert.equal(await lease.extend(), true, "the holder of now is not disturbed");
      for (const resource of ["a", "b"]) await refused(first, resource, "another holds it now");
    },
  },
];
