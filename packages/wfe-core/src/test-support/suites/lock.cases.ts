import { assert } from "./assert.ts";
import type { DistributedLockProvider, Lease } from "../../traits/lock-provider.ts";
import type { SuiteCase } from "./suite-case.ts";
import type { SuiteContext } from "./suite-context.ts";

/** What a case of the lock suite works with. */
export type LockContext = SuiteContext<DistributedLockProvider>;

/** So long that no case sees its end. */
export const LONG = "10m";

/** What a wall clock and a monotonic one may be apart: the machine sets the one right now and then, also in the middle of a test. */
const CLOCKS_MS = 500;

/** Acquires a lock that has to be free. */
export async function held(locks: DistributedLockProvider, resource: string, ttlMs: number | typeof LONG = LONG): Promise<Lease> {
  const lease = await locks.acquireLock(resource, { ttl: ttlMs });
  assert.ok(lease !== undefined, `${JSON.stringify(resource)} is free, and yet not acquired`);
  return lease;
}

/** Asserts that a lock cannot be acquired. */
export async function refused(locks: DistributedLockProvider, resource: string, why: string): Promise<void> {
  assert.equal(await locks.acquireLock(resource, { ttl: LONG }), undefined, why);
}

/** Who may hold a lock. */
export const LOCK_CASES: readonly SuiteCase<LockContext>[] = [
  {
    name: "acquires a free lock",
    async run(context) {
      const locks = await context.start();

      const before = context.now();
      const lease = await held(locks, "r", 60_000);
      const after = context.now();

      assert.equal(lease.resource, "r");
      assert.ok(typeof lease.token === "string" && lease.token.length > 0, "the lease has a token");
      assert.equal(lease.signal.aborted, false, "a lease that was just acquired is held");
      const endsAt = lease.expiresAt.getTime();
      const isWithin = endsAt >= before + 60_000 - CLOCKS_MS && endsAt <= after + 60_000 + CLOCKS_MS;
      assert.ok(isWithin, `the lease lasts its ttl from the acquisition, between ${before} and ${after}: ends at ${endsAt}`);
    },
  },
  {
    name: "reads a ttl with a unit",
    async run(context) {
      const locks = await context.start();

      const before = context.now();
      const lease = await held(locks, "r", LONG);

      const lasts = lease.expiresAt.getTime() - before;
      assert.ok(lasts >= 600_000 - CLOCKS_MS && lasts < 660_000, `a ttl of "10m" lasts 10 minutes, not ${lasts} ms`);
    },
  },
  {
    name: "refuses a held lock to the same instance",
    async run(context) {
      const locks = await context.start();
      const lease = await held(locks, "r");

      await refused(locks, "r", "the lock is held by another task of the same instance");
      assert.equal(await lease.extend(), true, "the refused acquisition does not harm the holder");
    },
  },
  {
    name: "refuses a held lock to another instance",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(first, "r");

      await refused(second, "r", "the lock is held through another instance");
      assert.equal(await lease.extend(), true, "the refused acquisition does not harm the holder");
    },
  },
  {
    name: "does not wait for a held lock",
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "r", 100 * context.unitMs);

      const answer = await context.soon("the answer about a held lock", second.acquireLock("r", { ttl: LONG }));

      assert.equal(answer, undefined);
    },
  },
  {
    name: "acquires again after the release",
    async run(context) {
      const locks = await context.start();

      const released = await (await held(locks, "r")).release();

      assert.equal(released, true, "the release of a held lock answers true");
      await held(locks, "r");
    },
  },
  {
    name: "acquires through another instance after the release",
    async run(context) {
      const [first, second] = await context.startTwo();

      await (await held(first, "r")).release();

      await held(second, "r");
      await refused(first, "r", "the lock has gone to the other instance");
    },
  },
  {
    name: "acquires and releases many times in a row",
    async run(context) {
      const [first, second] = await context.startTwo();

      for (let cycle = 0; cycle < 5; cycle += 1) {
        const lease = await held(cycle % 2 === 0 ? first : second, "r");
        assert.equal(await lease.release(), true);
      }

      await held(first, "r");
      await refused(second, "r", "after the cycles the lock is held");
    },
  },
  {
    name: "keeps locks on different resources apart",
    async run(context) {
      const [first, second] = await context.startTwo();

      const a = await held(first, "a");
      const b = await held(second, "b");
      assert.equal(await a.release(), true);

      await refused(first, "b", "the release of one lock does not free another");
      assert.equal(await b.extend(), true);
      await held(second, "a");
    },
  },
  {
    name: "compares resources byte by byte",
    async run(context) {
      const locks = await context.start();
      // Upper case, trailing blanks, composed and decomposed accents, patterns and key separators are all different.
      const resources = [
        "",
        "\u0000",
        "r",
        "r\u0000",
        "R",
        "r ",
        " r",
        "\u00e9",
        "e\u0301",
        "%",
        "_",
        "*",
        "r:1",
        "r:",
        "{r}",
        "r'",
        "r\\",
        "0",
        "00",
      ];

      const leases = new Map<string, Lease>();
      for (const resource of resources) leases.set(resource, await held(locks, resource));
      assert.equal(await leases.get("R")?.release(), true);

      for (const resource of resources.filter((name) => name !== "R")) await refused(locks, resource, `${JSON.stringify(resource)} is held`);
    },
  },
  {
    name: "takes resources of 255 bytes",
    async run(context) {
      const locks = await context.start();
      const long = `${"\u00e9".repeat(127)}a`;
      const other = `${"\u00e9".repeat(127)}b`;

      const lease = await held(locks, long);
      await held(locks, other);

      assert.equal(lease.resource, long);
      await refused(locks, long, "it is held");
    },
  },
  {
    name: "gives a contested lock to exactly one",
    async run(context) {
      const [first, second] = await context.startTwo();

      for (const resource of ["r1", "r2", "r3"]) {
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? first : second).acquireLock(resource, { ttl: LONG })),
        );
        assert.equal(answers.filter((lease) => lease !== undefined).length, 1, "of 20 that try at once, one acquires");
      }
    },
  },
  {
    name: "gives every acquisition a token of its own",
    async run(context) {
      const [first, second] = await context.startTwo();
      const tokens = new Set<string>();

      for (let cycle = 0; cycle < 4; cycle += 1) {
        const lease = await held(cycle % 2 === 0 ? first : second, "r");
        tokens.add(lease.token);
        await lease.release();
      }
      tokens.add((await held(first, "a")).token);
      tokens.add((await held(first, "b")).token);

      assert.equal(tokens.size, 6, "six acquisitions have six tokens");
    },
  },
  {
    name: "refuses a ttl that is no duration of 1 ms or more",
    async run(context) {
      const locks = await context.start();

      for (const ttl of [0, -1, Number.NaN, Infinity, "soon" as "1s"]) {
        await assert.rejects(locks.acquireLock("r", { ttl }), RangeError, `a ttl of ${ttl} is refused`);
      }

      await held(locks, "r");
    },
  },
  {
    name: "handles many locks at the same moment, each for itself",
    async run(context) {
      const [first, second] = await context.startTwo();
      const names = Array.from({ length: 40 }, (_, index) => `r${index}`);

      const leases = await Promise.all(names.map((name, index) => held(index % 2 === 0 ? first : second, name)));
      const extended = await Promise.all(leases.map((lease) => lease.extend()));
      const released = await Promise.all(leases.filter((_, index) => index % 4 === 0).map((lease) => lease.release()));
      const again = await Promise.all(names.map((name) => first.acquireLock(name, { ttl: LONG })));

      assert.deepEqual(new Set(extended), new Set([true]), "all are extended");
      assert.deepEqual(new Set(released), new Set([true]), "all are released");
      const free = names.filter((_, index) => again[index] !== undefined);
      assert.deepEqual(
        free,
        names.filter((_, index) => index % 4 === 0),
        "exactly the released ones are free",
      );
    },
  },
  {
    name: "keeps the locks of an instance that goes on when another stops",
    async run(context) {
      const [first, second] = await context.startTwo();
      const lease = await held(second, "r");

      await first.stop();
      await first.start();

      await refused(first, "r", "the other instance holds it still");
      assert.equal(await lease.extend(), true);
    },
  },
  {
    name: "does not release its locks by stopping",
    async run(context) {
      const [first, second] = await context.startTwo();
      await held(first, "r");

      await first.stop();

      await refused(second, "r", "work under the lock may be running still: its time is not over");
    },
  },
];
