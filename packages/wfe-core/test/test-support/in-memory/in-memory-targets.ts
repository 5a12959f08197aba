import { InMemoryArtifacts, InMemoryArtifactStore } from "../../../src/test-support/in-memory/in-memory-artifact-store.ts";
import { InMemoryLifecycleBus, InMemoryLifecyclePublisher } from "../../../src/test-support/in-memory/in-memory-lifecycle-publisher.ts";
import { InMemoryLockProvider, InMemoryLockStore } from "../../../src/test-support/in-memory/in-memory-lock-provider.ts";
import { InMemoryPersistenceProvider } from "../../../src/test-support/in-memory/in-memory-persistence-provider.ts";
import { InMemoryQueueProvider } from "../../../src/test-support/in-memory/in-memory-queue-provider.ts";
import { InMemoryQueueStore } from "../../../src/test-support/in-memory/in-memory-queue-store.ts";
import { InMemoryStore } from "../../../src/test-support/in-memory/in-memory-store.ts";
import type { ArtifactStoreSuiteTarget } from "../../../src/test-support/suites/artifact-store-suite.ts";
import type { LifecycleSuiteTarget } from "../../../src/test-support/suites/lifecycle-suite.ts";
import type { LockSuiteTarget } from "../../../src/test-support/suites/lock-suite.ts";
import type { PersistenceSuiteTarget } from "../../../src/test-support/suites/persistence-suite.ts";
import type { QueueSuiteTarget } from "../../../src/test-support/suites/queue-suite.ts";
import { VirtualClock } from "../../../src/test-support/virtual-clock.ts";

/** In-memory locks in virtual time. */
export const inMemoryLockTarget: LockSuiteTarget = {
  capabilities: ["presence", "inspect"],
  async createStore() {
    const clock = new VirtualClock();
    const store = new InMemoryLockStore(clock);
    return {
      open: async () => new InMemoryLockProvider({ store, clock }),
      elapse: (ms) => clock.advance(ms),
      now: () => clock.now(),
      kill: async (provider) => (provider as InMemoryLockProvider).kill(),
      dispose: async () => {},
    };
  },
};

/** In-memory queues in virtual time. */
export const inMemoryQueueTarget: QueueSuiteTarget = {
  capabilities: ["lateness"],
  async createStore() {
    const clock = new VirtualClock();
    const store = new InMemoryQueueStore(clock);
    return {
      open: async (options) => new InMemoryQueueProvider({ store, clock, visibility: options?.visibilityMs ?? "30s" }),
      elapse: (ms) => clock.advance(ms),
      now: () => clock.now(),
      dispose: async () => {},
    };
  },
};

/** In-memory lifecycle events in virtual time. */
export const inMemoryLifecycleTarget: LifecycleSuiteTarget = {
  async createStore() {
    const clock = new VirtualClock();
    const bus = new InMemoryLifecycleBus();
    return {
      open: async () => new InMemoryLifecyclePublisher({ bus, onListenerError: () => {} }),
      elapse: (ms) => clock.advance(ms),
      now: () => clock.now(),
      dispose: async () => {},
    };
  },
};

/** In-memory persistence; time is a parameter of its methods. */
export const inMemoryPersistenceTarget: PersistenceSuiteTarget = {
  async createStore() {
    const clock = new VirtualClock();
    const store = new InMemoryStore();
    return {
      open: async () => new InMemoryPersistenceProvider({ store }),
      elapse: (ms) => clock.advance(ms),
      now: () => clock.now(),
      dispose: async () => {},
    };
  },
};

/** In-memory artifacts in virtual time. */
export const inMemoryArtifactStoreTarget: ArtifactStoreSuiteTarget = {
  capabilities: ["damage"],
  async createStore() {
    const clock = new VirtualClock();
    const artifacts = new InMemoryArtifacts();
    return {
      open: async ({ expiryMs = 1e9, maxBlobBytes } = {}) =>
        new InMemoryArtifactStore({ artifacts, clock, expiry: expiryMs, ...(maxBlobBytes === undefined ? {} : { maxBlobBytes }) }),
      elapse: (ms) => clock.advance(ms),
      now: () => clock.now(),
      damage: async (digest) => artifacts.damage(digest),
      dispose: async () => {},
    };
  },
};
