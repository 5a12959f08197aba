import assert from "node:assert/strict";
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
      for (const name of ["a", "b", "c"]) await held(first, name);
      await context.kill(first);

      const some = await context.until(
        "naming an orphan",
        async () => {
          const named = await look(second, 2);
          return named.length === 0 ? undefined : named;
        },
        GONE_UNITS,
      );
      assert.equal(some.length, 2, "no more than the limit");
      const rest = await orphans(context, second, 1);

      assert.deepEqual([...some, ...rest].sort(), ["a", "b", "c"]);
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
];
