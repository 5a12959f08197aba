import fc from "fast-check";
import type { DistributedLockProvider, Duration, Lease } from "wfe-core";
import type { LockSuiteTarget } from "wfe-core/test-support";
import { type Call, compared, type Operation, shown } from "./call.ts";
import type { Model } from "./model-run.ts";
import { pick } from "./values.ts";

/** A lease in the model; instants are milliseconds since the run began. */
interface ModelLease {
  readonly resource: string;
  readonly ttlMs: number;
  readonly endsAt: number;
  /** Given back, or found to be over by an extension. */
  readonly ended: boolean;
}

/** What is known of leases. */
interface LockState {
  now: number;
  /** By number of the run. */
  readonly leases: Map<number, ModelLease>;
}

type LockOperation = Operation<LockState, DistributedLockProvider>;

const RESOURCES = ["r1", "r2", "r\u0000", "\ud83d", ""];

const ttl: fc.Arbitrary<{ readonly given: Duration; readonly ms: number }> = fc
  .oneof(
    { weight: 9, arbitrary: fc.constantFrom<Duration>(10, 20, 50, "30ms", 1) },
    { weight: 1, arbitrary: fc.constantFrom<Duration>(0, -1, Number.NaN, "10m") },
  )
  .map((given) => ({ given, ms: given === "30ms" ? 30 : given === "10m" ? 600_000 : Number(given) }));

function isHeld(state: LockState, { ended, endsAt }: ModelLease): boolean {
  return !ended && endsAt > state.now;
}

const acquireLock: fc.Arbitrary<LockOperation> = fc.tuple(fc.constantFrom(...RESOURCES, "r1", "r1"), ttl).map(([resource, { given, ms }]) => ({
  kind: "acquireLock",
  plan: (_state, { fresh }) => {
    const number = fresh();
    return {
      text: `lease ${number} = acquireLock(${shown(resource)}, ${shown(given)})`,
      run: async (provider, { kept }) => {
        const lease = await provider.acquireLock(resource, { ttl: given });
        if (lease !== undefined) kept.set(number, lease);
        return lease?.resource;
      },
      judge: (state, outcome) => {
        if (!(ms >= 1)) return compared(outcome, { refusal: { type: "RangeError" } });
        if ([...state.leases.values()].some((lease) => lease.resource === resource && isHeld(state, lease)))
          return compared(outcome, { answer: undefined });
        state.leases.set(number, { resource, ttlMs: ms, endsAt: state.now + ms, ended: false });
        return compared(outcome, { answer: resource });
      },
    };
  },
}));

/** `extend` and `release`; mostly of a lease that is held. */
const useLease: fc.Arbitrary<LockOperation> = fc.tuple(fc.constantFrom("extend" as const, "release" as const), fc.nat(11)).map(([does, which]) => ({
  kind: does,
  plan: (planned) => {
    const held = [...planned.leases].filter(([, lease]) => isHeld(planned, lease));
    const number = pick(which % 3 > 0 && held.length > 0 ? held : [...planned.leases], which)?.[0];
    if (number === undefined) return undefined;
    return {
      text: `lease ${number}.${does}()`,
      run: (_provider, { kept }) => (kept.get(number) as Lease)[does](), // acquired, as the model knows it
      judge: (state, outcome) => {
        const lease = state.leases.get(number) as ModelLease; // planned above
        const done = isHeld(state, lease);
        const endsAt = done && does === "extend" ? state.now + lease.ttlMs : lease.endsAt;
        state.leases.set(number, { ...lease, endsAt, ended: lease.ended || !done || does === "release" });
        return compared(outcome, { answer: done });
      },
    };
  },
}));

/** Time that passes: to the end of leases, and to just before it. */
const elapse: fc.Arbitrary<LockOperation> = fc.constantFrom(1, 9, 10, 11, 20, 30, 49).map((ms) => ({
  kind: "elapse",
  alone: true,
  plan: () => ({
    text: `${ms} ms pass`,
    run: (_provider, world) => world.elapse(ms),
    judge: (state, outcome) => {
      state.now += ms;
      return compared(outcome, { answer: undefined });
    },
  }),
}));

/** A provider that stops and starts again: its leases run on. */
const restart: fc.Arbitrary<LockOperation> = fc.constant({
  kind: "restart",
  alone: true,
  plan: () => ({
    text: "stop(), start()",
    run: async (provider) => {
      await provider.stop();
      await provider.start();
    },
    judge: (_state, outcome) => compared(outcome, { answer: undefined }),
  }),
});

const look: Call<LockState, DistributedLockProvider> = {
  text: "look at every lease",
  run: async (_provider, { kept, now }) =>
    [...(kept as Map<number, Lease>)]
      .toSorted(([a], [b]) => a - b)
      .map(([number, { resource, expiresAt, signal }]) => ({ number, resource, endsAt: expiresAt.getTime() - now(), ended: signal.aborted })),
  judge: (state, outcome) => {
    const leases = [...state.leases].toSorted(([a], [b]) => a - b);
    return compared(outcome, {
      answer: leases.map(([number, lease]) => ({ number, resource: lease.resource, endsAt: lease.endsAt - state.now, ended: !isHeld(state, lease) })),
    });
  },
};

/**
 * Random calls to two providers of locks on one store, and what the trait says must come of each.
 *
 * @param target - In virtual time: what its stores' `now` shows moves with `elapse` alone.
 */
export function lockModel(target: LockSuiteTarget): Model<LockState, DistributedLockProvider> {
  return {
    operation: fc.oneof(
      { weight: 6, arbitrary: acquireLock },
      { weight: 5, arbitrary: useLease },
      { weight: 3, arbitrary: elapse },
      { weight: 1, arbitrary: restart },
    ),
    look,
    initial: () => ({ now: 0, leases: new Map() }),
    keyOf: ({ now, leases }) => JSON.stringify([now, [...leases].toSorted(([a], [b]) => a - b)]),
    createStore: () => target.createStore(),
  };
}
