import { assert } from "./assert.ts";
import type { DistributedLockProvider, LeaseHolder } from "../../traits/lock-provider.ts";
import { held, type LockContext, refused } from "./lock.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

const requires = ["inspect"];

/** Who holds a lock, as providers with the capability `inspect` tell. */
export const INSPECTION_CASES: readonly SuiteCase<LockContext>[] = [
  {
    name: "tells through every instance that a lock is held, and until when, and does not take it",
    requires,
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(second, "other", 60_000);
      assert.equal(await holderOf(second, "r"), undefined, "nobody has it yet");
      const before = context.now();
      const lease = await held(first, "r", 60_000);
      const after = context.now();

      for (const locks of [first, second]) {
        const holder = await holderOf(locks, "r");
        assert.ok(holder !== undefined, "the lock is held");
        // A server counts from when it was asked, on its own clock.
        const endsAt = holder.expiresAt.getTime();
        assert.ok(endsAt >= before + 60_000 - 50 && endsAt <= after + 60_000 + 5_000, `the lease ends at ${lease.expiresAt.toISOString()}`);
      }
      await refused(second, "r", "nobody has given it back");
      assert.equal(await lease.extend(), true, "the holder has it still");
    },
  },
  {
    name: "tells that nobody holds a lock that was released, or whose time is over",
    requires,
    async run(context) {
      const [first, second] = await context.startTwo();
      const released = await held(first, "released");
      await released.release();
      await held(first, "over", 2 * context.unitMs);

      await context.elapse(6);

      assert.equal(await holderOf(second, "released"), undefined, "it was released");
      assert.equal(await holderOf(second, "over"), undefined, "its time is over");
    },
  },
  {
    name: "tells two holders apart, where it names them",
    requires,
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "a");
      await held(first, "b");
      await held(second, "c");

      const [a, b, c] = [await holderOf(second, "a"), await holderOf(second, "b"), await holderOf(first, "c")];

      assert.equal(a?.owner, b?.owner, "one instance holds both");
      if (a?.owner !== undefined || c?.owner !== undefined) assert.notEqual(a?.owner, c?.owner, "another instance holds it");
    },
  },
];

async function holderOf(locks: DistributedLockProvider, resource: string): Promise<LeaseHolder | undefined> {
  assert.ok(locks.inspect !== undefined, "a target with the capability `inspect` has the method");
  return await locks.inspect(resource);
}
