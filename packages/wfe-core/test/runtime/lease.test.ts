import { describe, expect, it } from "vitest";
import { isWfeError } from "../../src/errors/wfe-error.ts";
import { createLease, leaseHasEnded, onLeaseEnd } from "../../src/runtime/lease.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { Lease } from "../../src/traits/lock-provider.ts";

const TTL_MS = 1000;

interface StoreOfOneLease {
  clock: VirtualClock;
  start: number;
  /** Requests made, in order. */
  asked: string[];
  extend: () => Promise<boolean>;
  release: () => Promise<boolean>;
  lease: () => Lease;
}

function setUp(): StoreOfOneLease {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const requestedAt = clock.monotonic();
  const store: StoreOfOneLease = {
    clock,
    start: clock.now(),
    asked,
    extend: () => Promise.resolve(true),
    release: () => Promise.resolve(true),
    lease: () =>
      createLease({
        resource: "r",
        token: "t",
        ttlMs: TTL_MS,
        clock,
        requestedAt,
        extend: () => {
          asked.push("extend");
          return store.extend();
        },
        release: () => {
          asked.push("release");
          return store.release();
        },
      }),
  };
  return store;
}

describe("a counted lease", () => {
  it("names its resource, token and end", () => {
    const { lease, start } = setUp();

    const held = lease();

    expect([held.resource, held.token, held.expiresAt, held.signal.aborted]).toEqual(["r", "t", new Date(start + TTL_MS), false]);
  });

  it("aborts its signal when its time is over, counted from before the request, without asking the store", async () => {
    const { clock, lease, asked, start } = setUp();
    await clock.advance(300);
    const held = lease();
    const aborted: number[] = [];
    held.signal.addEventListener("abort", () => aborted.push(clock.now() - start));

    await clock.advance(10 * TTL_MS);

    expect(aborted).toEqual([TTL_MS]);
    expect(isWfeError(held.signal.reason, "WFE_LOCK_BACKEND")).toBe(true);
    expect(asked).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is over at once when the answer took longer than the ttl", async () => {
    const { clock, lease } = setUp();
    await clock.advance(TTL_MS);

    expect(lease().signal.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("shows an aborted signal to whoever asks after a freeze, before its timer has fired", () => {
    const { clock, lease } = setUp();
    let frozenFor = 0;
    const monotonic = clock.monotonic.bind(clock);
    clock.monotonic = () => monotonic() + frozenFor;
    const held = lease();
    expect(held.signal.aborted).toBe(false);

    frozenFor = TTL_MS;

    expect(held.signal.aborted).toBe(true);
  });

  it("is not moved by the wall clock", async () => {
    const { clock, lease, start } = setUp();
    const held = lease();

    clock.setWallClock(start + 100 * TTL_MS);
    await clock.advance(TTL_MS - 1);
    expect(held.signal.aborted).toBe(false);
    await clock.advance(1);

    expect(held.signal.aborted).toBe(true);
  });

  it("lasts a whole ttl from the extension's request, with one timer", async () => {
    const { clock, lease, start } = setUp();
    const held = lease();
    const signal = held.signal;

    await clock.advance(700);
    expect(await held.extend()).toBe(true);
    expect(held.expiresAt).toEqual(new Date(start + 700 + TTL_MS));
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(TTL_MS - 1);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);

    expect(signal.aborted).toBe(true);
  });

  it("counts an extension from before its request, not from its answer", async () => {
    const store = setUp();
    const held = store.lease();
    const signal = held.signal;
    store.extend = async () => {
      await new Promise<void>((resolve) => void store.clock.setTimer(400, resolve));
      return true;
    };

    const extended = held.extend();
    await store.clock.advance(400);
    expect(await extended).toBe(true);
    expect(held.expiresAt).toEqual(new Date(store.start + TTL_MS));
    await store.clock.advance(600);

    expect(signal.aborted).toBe(true);
  });

  it("is final when an extension finds it lost", async () => {
    const store = setUp();
    const held = store.lease();
    const signal = held.signal;
    store.extend = () => Promise.resolve(false);

    expect(await held.extend()).toBe(false);
    store.extend = () => Promise.resolve(true);

    expect(signal.aborted).toBe(true);
    expect([await held.extend(), await held.release()]).toEqual([false, false]);
    expect(store.asked).toEqual(["extend"]);
    expect(store.clock.pendingTimers).toBe(0);
  });

  it("answers a late extension and a late release with false, without asking", async () => {
    const { clock, lease, asked } = setUp();
    const held = lease();
    await clock.advance(TTL_MS);

    expect([await held.extend(), await held.release()]).toEqual([false, false]);
    expect(asked).toEqual([]);
  });

  it("stays over, and gives back, when an extension is answered after the end", async () => {
    const store = setUp();
    const held = store.lease();
    const signal = held.signal;
    store.extend = async () => {
      await new Promise<void>((resolve) => void store.clock.setTimer(TTL_MS + 1, resolve));
      return true;
    };
    store.release = () => Promise.reject(new Error("unreachable"));

    const extended = held.extend();
    await store.clock.advance(TTL_MS + 1);

    expect(await extended).toBe(false);
    expect(signal.aborted).toBe(true);
    expect(store.asked).toEqual(["extend", "release"]);
  });

  it("runs on when the store cannot be reached for an extension", async () => {
    const store = setUp();
    const held = store.lease();
    store.extend = () => Promise.reject(new Error("unreachable"));

    await expect(held.extend()).rejects.toThrow("unreachable");
    expect(held.signal.aborted).toBe(false);
    await store.clock.advance(TTL_MS);

    expect(held.signal.aborted).toBe(true);
  });

  it("does not end earlier for answers that overtake each other", async () => {
    const store = setUp();
    const held = store.lease();
    const answers: (() => void)[] = [];
    store.extend = () => new Promise<boolean>((resolve) => answers.push(() => resolve(true)));

    const first = held.extend();
    await store.clock.advance(500);
    const second = held.extend();
    answers[1]?.();
    await second;
    answers[0]?.();
    await first;

    expect(held.expiresAt).toEqual(new Date(store.start + 500 + TTL_MS));
  });

  it("aborts and leaves no timer at release, and asks the store once", async () => {
    const { clock, lease, asked } = setUp();
    const held = lease();
    const signal = held.signal;

    const released = held.release();
    expect(signal.aborted).toBe(true);

    expect([await released, await held.release(), await held.extend()]).toEqual([true, false, false]);
    expect(asked).toEqual(["release"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("can be released again when the store did not answer", async () => {
    const store = setUp();
    const held = store.lease();
    store.release = () => Promise.reject(new Error("unreachable"));

    await expect(held.release()).rejects.toThrow("unreachable");
    expect(held.signal.aborted).toBe(true);
    store.release = () => Promise.resolve(true);

    expect([await held.release(), await held.release()]).toEqual([true, false]);
  });
});

/** The same lease, as others may hand it over. */
const MAKES: Readonly<Record<string, (lease: Lease) => Lease>> = {
  "a counted lease": (lease) => lease,
  "a proxy of one": (lease) =>
    new Proxy(lease, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  "a lease of another's making": (lease) => ({
    resource: lease.resource,
    token: lease.token,
    get expiresAt() {
      return lease.expiresAt;
    },
    signal: lease.signal,
    extend: () => lease.extend(),
    release: () => lease.release(),
  }),
};

describe.each(Object.entries(MAKES))("the end of %s", (_, make) => {
  it("is heard once, at its time", async () => {
    const { clock, lease } = setUp();
    const held = make(lease());
    const heard: boolean[] = [];
    onLeaseEnd(held, () => heard.push(leaseHasEnded(held)));

    await clock.advance(TTL_MS - 1);
    expect([heard, leaseHasEnded(held)]).toEqual([[], false]);
    await clock.advance(10 * TTL_MS);
    await held.release();

    expect([heard, leaseHasEnded(held)]).toEqual([[true], true]);
  });

  it("is heard when it is found lost, and at its release", async () => {
    const lost = setUp();
    lost.extend = () => Promise.resolve(false);
    const released = setUp();
    const leases = [make(lost.lease()), make(released.lease())] as const;
    const heard: string[] = [];
    onLeaseEnd(leases[0], () => heard.push("lost"));
    onLeaseEnd(leases[1], () => heard.push("released"));

    await leases[0].extend();
    await leases[1].release();

    expect([heard, leases.map(leaseHasEnded)]).toEqual([
      ["lost", "released"],
      [true, true],
    ]);
  });

  it("is not heard by who wants to hear of it no more", async () => {
    const { clock, lease } = setUp();
    const held = make(lease());
    const heard: string[] = [];
    const unheard = onLeaseEnd(held, () => heard.push("one"));
    onLeaseEnd(held, () => heard.push("other"));
    unheard();

    await clock.advance(TTL_MS);

    expect(heard).toEqual(["other"]);
  });
});

describe("whether a counted lease has ended", () => {
  it("is known without the timer, which is late after a freeze of the process", () => {
    const clock = new VirtualClock();
    let frozenMs = 0;
    const held = createLease({
      resource: "r",
      token: "t",
      ttlMs: TTL_MS,
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic() + frozenMs,
        setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
        defer: (callback) => clock.defer(callback),
      },
      requestedAt: clock.monotonic(),
      extend: () => Promise.resolve(true),
      release: () => Promise.resolve(true),
    });
    const heard: string[] = [];
    onLeaseEnd(held, () => heard.push("over"));

    frozenMs = TTL_MS;

    expect([leaseHasEnded(held), heard]).toEqual([true, ["over"]]);
  });
});
