import { InMemoryLockProvider, InMemoryLockStore } from "../../src/test-support/in-memory/in-memory-lock-provider.ts";
import type { LockSuiteTarget } from "../../src/test-support/suites/lock-suite.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { DistributedLockProvider, Lease, LeaseHolder } from "../../src/traits/lock-provider.ts";
import { altered, type Change, comesUpAlone, type Fault, lifecycleFaults } from "./faulty-provider.ts";

type Locks = DistributedLockProvider;
type Options = Parameters<Locks["acquireLock"]>[1];

const UNIT_MS = 50;
const FOR_EVER_MS = 1e9;

/** In-memory locks in virtual time with a fault around them. */
export function faultyLockTarget(fault: Fault<Locks>): LockSuiteTarget {
  return {
    capabilities: ["presence", "inspect"],
    unitMs: UNIT_MS,
    async createStore() {
      const clock = new VirtualClock();
      const store = new InMemoryLockStore(clock);
      const helper = new InMemoryLockProvider({ store, clock });
      await helper.start();
      const change = fault.make({ clock, unitMs: UNIT_MS, helper });
      const originals = new Map<Locks, InMemoryLockProvider>();
      return {
        async open() {
          const good = new InMemoryLockProvider({ store, clock });
          const bad = altered<Locks>(good, change(good));
          originals.set(bad, good);
          return bad;
        },
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        kill: async (provider) => originals.get(provider)?.kill(),
        dispose: async () => {},
      };
    },
  };
}

/** A fault in what is asked of the store. */
function asks(change: (resource: string, options: Options) => readonly [string, Options]): Fault<Locks>["make"] {
  return () => (good) => ({ acquireLock: (resource, options) => good.acquireLock(...change(resource, options)) });
}

/** A fault in the leases that are given. */
function gives(change: (lease: Lease, locks: Locks, options: Options) => Partial<Lease>): Fault<Locks>["make"] {
  return () => (good) => ({
    async acquireLock(resource, options) {
      const lease = await good.acquireLock(resource, options);
      return lease && altered(lease, change(lease, good, options));
    },
  });
}

/** A fault of leases that know who holds their resource now. */
function givesKnowing(scope: "store" | "instance", change: (lease: Lease, holder: () => Lease | undefined) => Partial<Lease>): Fault<Locks>["make"] {
  return () => {
    const shared = new Map<string, Lease>();
    return (good) => {
      const holders = scope === "store" ? shared : new Map<string, Lease>();
      return {
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          if (lease === undefined) return undefined;
          holders.set(resource, lease);
          return altered(
            lease,
            change(lease, () => holders.get(resource)),
          );
        },
      };
    };
  };
}

/** A fault of the search for orphans. */
function finds(make: () => (good: Locks) => NonNullable<Locks["orphans"]>): Fault<Locks>["make"] {
  return () => {
    const change = make();
    return (good) => ({ orphans: change(good) });
  };
}

const inspected = (good: Locks, resource: string): Promise<LeaseHolder | undefined> => good.inspect?.(resource) ?? Promise.resolve(undefined);

const named = (good: Locks, limit: number): Promise<readonly string[]> => good.orphans?.(limit) ?? Promise.resolve([]);

/** For every case of the lock suite the fault that it is there for. */
export const LOCK_FAULTS: Readonly<Record<string, Fault<Locks>>> = {
  ...lifecycleFaults<Locks>(["acquireLock", "orphans", "inspect"]),
  "acquires a free lock": {
    fault: "gives leases that end an hour late",
    make: gives((lease) => ({ expiresAt: new Date(lease.expiresAt.getTime() + 3_600_000) })),
  },
  "reads a ttl with a unit": {
    fault: "takes the number of a ttl for milliseconds, whatever its unit",
    make: asks((resource, { ttl }) => [resource, { ttl: Number.parseFloat(String(ttl)) }]),
  },
  "refuses a held lock to the same instance": {
    fault: "lets an instance in again",
    make: () => (good) => {
      const mine = new Map<string, Lease>();
      return {
        async acquireLock(resource, options) {
          const lease = (await good.acquireLock(resource, options)) ?? mine.get(resource);
          if (lease !== undefined) mine.set(resource, lease);
          return lease;
        },
      };
    },
  },
  "refuses a held lock to another instance": {
    fault: "keeps its locks to itself",
    make:
      ({ clock }) =>
      () => {
        const alone = new InMemoryLockProvider({ clock });
        return { start: () => alone.start(), acquireLock: (resource, options) => alone.acquireLock(resource, options) };
      },
  },
  "does not wait for a held lock": {
    fault: "waits until the lock is free",
    make: ({ clock, unitMs }) => {
      return (good) => ({
        async acquireLock(resource, options) {
          for (;;) {
            const lease = await good.acquireLock(resource, options);
            if (lease !== undefined) return lease;
            await new Promise<void>((resolve) => void clock.setTimer(unitMs, resolve));
          }
        },
      });
    },
  },
  "acquires again after the release": {
    fault: "forgets to tell the store of a release",
    make: gives(() => ({ release: async () => true })),
  },
  "acquires through another instance after the release": {
    fault: "keeps a released lock for the instance that had it",
    make: () => {
      const bound = new Map<string, Locks>();
      return (good) => ({
        async acquireLock(resource, options) {
          if ((bound.get(resource) ?? good) !== good) return undefined;
          const lease = await good.acquireLock(resource, options);
          if (lease !== undefined) bound.set(resource, good);
          return lease;
        },
      });
    },
  },
  "acquires and releases many times in a row": {
    fault: "leaks the third lock",
    make: () => {
      let acquired = 0;
      return (good) => ({
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          acquired += 1;
          return lease === undefined || acquired !== 3 ? lease : altered(lease, { release: async () => true });
        },
      });
    },
  },
  "keeps locks on different resources apart": {
    fault: "has one lock for all resources",
    make: asks((_, options) => ["all", options]),
  },
  "compares resources byte by byte": {
    fault: "takes composed and decomposed accents for the same",
    make: asks((resource, options) => [resource.normalize("NFC"), options]),
  },
  "takes resources of 255 bytes": {
    fault: "cuts resources to 100 characters",
    make: asks((resource, options) => [resource.slice(0, 100), options]),
  },
  "gives a contested lock to exactly one": {
    fault: "looks whether the lock is free, and takes it later",
    make: () => {
      const taken = new Set<string>();
      let acquisitions = 0;
      return (good) => ({
        async acquireLock(resource, options) {
          if (taken.has(resource)) return undefined;
          await Promise.resolve();
          taken.add(resource);
          return await good.acquireLock(`${resource} ${acquisitions++}`, options);
        },
      });
    },
  },
  "gives every acquisition a token of its own": {
    fault: "has one token for each instance",
    make: () => {
      let instances = 0;
      return (good) => {
        const token = `instance ${instances++}`;
        return {
          async acquireLock(resource, options) {
            const lease = await good.acquireLock(resource, options);
            return lease && altered(lease, { token });
          },
        };
      };
    },
  },
  "refuses a ttl that is no duration of 1 ms or more": {
    fault: "takes a second when the ttl makes no sense",
    make: () => (good) => ({
      acquireLock: (resource, options) => good.acquireLock(resource, options).catch(() => good.acquireLock(resource, { ttl: "1s" })),
    }),
  },
  "handles many locks at the same moment, each for itself": {
    fault: "loses extensions when more than eight travel together",
    make: () => {
      let travelling = 0;
      return (good) => ({
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          const extend = async (): Promise<boolean> => {
            travelling += 1;
            const lost = travelling > 8;
            await Promise.resolve();
            travelling -= 1;
            return !lost && (await lease?.extend()) === true;
          };
          return lease && altered(lease, { extend });
        },
      });
    },
  },
  "keeps the locks of an instance that goes on when another stops": {
    fault: "frees the locks of all instances when one stops",
    make: () => {
      const leases: Lease[] = [];
      return (good) => ({
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          if (lease !== undefined) leases.push(lease);
          return lease;
        },
        async stop() {
          await Promise.allSettled(leases.map((lease) => lease.release()));
          await good.stop();
        },
      });
    },
  },
  "does not release its locks by stopping": {
    fault: "frees its own locks when it stops",
    make: () => (good) => {
      const leases: Lease[] = [];
      return {
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          if (lease !== undefined) leases.push(lease);
          return lease;
        },
        async stop() {
          await Promise.allSettled(leases.map((lease) => lease.release()));
          await good.stop();
        },
      };
    },
  },
  "ends a lease by itself when its time is over": {
    fault: "has locks without an end",
    make: asks((resource) => [resource, { ttl: FOR_EVER_MS }]),
  },
  "holds a lease until its time is over": {
    fault: "ends leases after half of their time",
    make: asks((resource, { ttl }) => [resource, { ttl: typeof ttl === "number" ? ttl / 2 : ttl }]),
  },
  "keeps a ttl of less than a second to the millisecond": {
    fault: "counts in whole seconds",
    make: asks((resource, { ttl }) => [resource, { ttl: typeof ttl === "number" ? Math.ceil(ttl / 1000) * 1000 : ttl }]),
  },
  "aborts the signal when the lease is over, though nobody took it": {
    fault: "does not count the time of its leases",
    make: gives(() => ({ signal: new AbortController().signal })),
  },
  "makes an extended lease last a whole ttl from then": {
    fault: "says that it has extended, and has not",
    make: gives(() => ({ extend: async () => true })),
  },
  "moves the end of an extended lease": {
    fault: "shows the end of the first ttl for ever",
    make: gives((lease) => ({ expiresAt: lease.expiresAt })),
  },
  "holds a lease as long as it is extended": {
    fault: "extends once only",
    make: gives((lease) => {
      let first: Promise<boolean> | undefined;
      return { extend: () => (first ??= lease.extend()) };
    }),
  },
  "extends a lease twice at the same moment": {
    fault: "takes its own extension for a foreign one",
    make: gives((lease) => {
      let extending = false;
      return {
        async extend() {
          if (extending) return false;
          extending = true;
          await Promise.resolve();
          extending = false;
          return await lease.extend();
        },
      };
    }),
  },
  "refuses to extend a lease after its end, though nobody took it": {
    fault: "takes a lock again that nobody has taken meanwhile",
    make: gives((lease, locks, options) => ({
      extend: async () => (await lease.extend()) || (await locks.acquireLock(lease.resource, options)) !== undefined,
    })),
  },
  "refuses to extend a lease that another holds now": {
    fault: "takes the lock over from its holder of now",
    make: givesKnowing("store", (lease, holder) => ({
      async extend() {
        if (holder() !== lease) await holder()?.release();
        return await lease.extend();
      },
    })),
  },
  "refuses to release a lease that another holds now": {
    fault: "releases by resource, whoever holds it",
    make: givesKnowing("store", (lease, holder) => ({
      async release() {
        const held = await lease.release();
        await holder()?.release();
        return held;
      },
    })),
  },
  "refuses to release a lease that another task of the same instance holds now": {
    fault: "releases by instance, whichever of its tasks holds it",
    make: givesKnowing("instance", (lease, holder) => ({
      async release() {
        const held = await lease.release();
        await holder()?.release();
        return held;
      },
    })),
  },
  "answers a release after the end with false": {
    fault: "says of every release that it did something",
    make: gives((lease) => ({ release: async () => (await lease.release()) || true })),
  },
  "releases once": {
    fault: "releases by resource the second time",
    make: givesKnowing("store", (lease, holder) => {
      let released = false;
      return {
        async release() {
          if (released) await holder()?.release();
          released = true;
          return await lease.release();
        },
      };
    }),
  },
  "aborts the signal at the release": {
    fault: "aborts the signal only when the time is over",
    make: gives((lease) => {
      const controller = new AbortController();
      let released = false;
      lease.signal.addEventListener("abort", () => {
        if (!released) controller.abort();
      });
      return {
        signal: controller.signal,
        release() {
          released = true;
          return lease.release();
        },
      };
    }),
  },
  "does not take a released lock back by an extension": {
    fault: "writes its lock anew at every heartbeat",
    make: gives((lease, locks, options) => {
      let released = false;
      return {
        extend: async () => (released ? (await locks.acquireLock(lease.resource, options)) !== undefined : await lease.extend()),
        release() {
          released = true;
          return lease.release();
        },
      };
    }),
  },
  "names the locks of an owner that is gone, once, and frees them": {
    fault: "names orphans again at every look",
    make: finds(() => {
      const seen = new Set<string>();
      return (good) => async (limit) => {
        for (const resource of await named(good, limit)) seen.add(resource);
        return [...seen];
      };
    }),
  },
  "does not name the locks of owners that are present": {
    fault: "takes the locks of all others for orphans",
    make: () => {
      const holders = new Map<string, Locks>();
      return (good) => ({
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          if (lease !== undefined) holders.set(resource, good);
          return lease;
        },
        orphans: async () => [...holders].filter(([, holder]) => holder !== good).map(([resource]) => resource),
      });
    },
  },
  "comes up on an empty store with many others at the same moment": {
    fault: "does not come up while another one does",
    make: comesUpAlone,
  },
  "refuses to extend and to release through an instance that has stopped, and does so when it runs again": {
    fault: "takes a lease for lost when it cannot ask",
    make: gives((lease) => ({ extend: () => lease.extend().catch(() => false) })),
  },
  "does not name a lock that its instance has extended after it was started again": {
    fault: "takes the locks of an instance that was ever stopped for orphans",
    make: () => {
      const left = new Map<string, Locks>();
      const stopped = new Set<Locks>();
      return (good) => ({
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          if (lease !== undefined) left.set(resource, good);
          return lease;
        },
        async stop() {
          stopped.add(good);
          await good.stop();
        },
        orphans: async () => [...left].filter(([, holder]) => stopped.has(holder)).map(([resource]) => resource),
      });
    },
  },
  "does not name a lock that an owner that is gone has held before, and another holds now": {
    fault: "names, with a lock of an owner that is gone, whatever it has ever held",
    make: () => {
      const ever = new Set<string>();
      return (good) => ({
        acquireLock(resource, options) {
          ever.add(resource);
          return good.acquireLock(resource, options);
        },
        orphans: async (limit) => ((await named(good, limit)).length > 0 ? [...ever] : []),
      });
    },
  },
  "tells a holder that was away that its lease was found as an orphan, and leaves the one of now alone": {
    fault: "extends a lease whatever has become of it",
    make: gives((lease) => ({ extend: async () => (await lease.extend()) || true })),
  },
  "does not name a lock that was released or is over": {
    fault: "names whatever an owner that is gone has ever held",
    make: () => {
      const ever = new Set<string>();
      return (good) => ({
        acquireLock(resource, options) {
          ever.add(resource);
          return good.acquireLock(resource, options);
        },
        orphans: async (limit) => ((await named(good, limit)).length > 0 ? [...ever] : []),
      });
    },
  },
  "names as many orphans as asked for, and the rest the next time": {
    fault: "does not keep to the limit",
    make: finds(() => (good) => () => named(good, 1000)),
  },
  "gives an orphan to one of those who look at the same moment": {
    fault: "tells all who look at the same moment of the same orphans",
    make: finds(() => {
      let looking: Promise<readonly string[]> | undefined;
      return (good) => async (limit) => {
        looking ??= named(good, limit);
        const answer = await looking;
        looking = undefined;
        return answer;
      };
    }),
  },
  "ends the lease of a present owner too when its time is over": {
    fault: "keeps the leases of present owners going",
    make: ({ clock }) => {
      const change: Change<Locks> = (good) => ({
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          const keep = (): void => void lease?.extend().then((kept) => kept && clock.setTimer(UNIT_MS, keep));
          keep();
          return lease;
        },
      });
      return change;
    },
  },
  "tells through every instance that a lock is held, and until when, and does not take it": {
    fault: "takes a lock to see whether it is held",
    make: () => (good) => ({
      async inspect(resource) {
        const holder = await inspected(good, resource);
        await good.acquireLock(resource, { ttl: FOR_EVER_MS });
        return holder;
      },
    }),
  },
  "tells that nobody holds a lock that was released, or whose time is over": {
    fault: "tells who held a lock last",
    make: () => {
      const last = new Map<string, LeaseHolder>();
      return (good) => ({
        async acquireLock(resource, options) {
          const lease = await good.acquireLock(resource, options);
          if (lease !== undefined) last.set(resource, { expiresAt: lease.expiresAt });
          return lease;
        },
        inspect: async (resource) => last.get(resource),
      });
    },
  },
  "tells two holders apart, where it names them": {
    fault: "has one name for all",
    make: () => (good) => ({
      async inspect(resource) {
        const holder = await inspected(good, resource);
        return holder && { ...holder, owner: "host" };
      },
    }),
  },
};
