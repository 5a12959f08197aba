import type { DistributedLockProvider, PersistenceProvider, Provider, QueueProvider } from "wfe-core";
import {
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  type LockSuiteTarget,
  type PersistenceSuiteTarget,
  type QueueSuiteTarget,
  VirtualClock,
} from "wfe-core/test-support";

/** What a deliberate fault changes, around a correct provider; made anew for each store, and shared by the providers on it. */
export type Fault<TProvider> = () => (good: TProvider) => Partial<TProvider>;

const none = (): (() => object) => () => ({});

/** Persistence in memory, with a fault around it. */
export function persistenceInMemory(fault: Fault<PersistenceProvider> = none): PersistenceSuiteTarget {
  return {
    createStore: async () => {
      const store = new InMemoryStore();
      const change = fault();
      return { open: async () => faulty(new InMemoryPersistenceProvider({ store }), change), elapse: async () => {}, dispose: async () => {} };
    },
  };
}

/** Locks in memory and in virtual time, with a fault around them. */
export function locksInMemory(fault: Fault<DistributedLockProvider> = none): LockSuiteTarget {
  return {
    createStore: async () => {
      const clock = new VirtualClock();
      const store = new InMemoryLockStore(clock);
      const change = fault();
      return {
        open: async () => faulty(new InMemoryLockProvider({ store, clock }), change),
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        dispose: async () => {},
      };
    },
  };
}

/** Queues in memory and in virtual time, with a fault around them. */
export function queuesInMemory(fault: Fault<QueueProvider> = none): QueueSuiteTarget {
  return {
    createStore: async () => {
      const clock = new VirtualClock();
      const store = new InMemoryQueueStore(clock);
      const change = fault();
      return {
        open: async (options) => faulty(new InMemoryQueueProvider({ store, clock, visibility: options?.visibilityMs ?? "30s" }), change),
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        dispose: async () => {},
      };
    },
  };
}

function faulty<TProvider extends Provider>(good: TProvider, change: (good: TProvider) => Partial<TProvider>): TProvider {
  return altered(good, change(good));
}

/** The object with some of its members replaced; works with private state, too. */
export function altered<T extends object>(good: T, changes: Partial<T>): T {
  return new Proxy(good, {
    get(target, key) {
      if (Object.hasOwn(changes, key)) return changes[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
