import {
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  type LockSuiteTarget,
  type QueueSuiteTarget,
  VirtualClock,
} from "wfe-core/test-support";
import { lockModel, queueModel, registerModel } from "wfe-provider-model";

const locks: LockSuiteTarget = {
  createStore: async () => {
    const clock = new VirtualClock();
    const store = new InMemoryLockStore(clock);
    return {
      open: async () => new InMemoryLockProvider({ store, clock }),
      elapse: (ms) => clock.advance(ms),
      now: () => clock.now(),
      dispose: async () => {},
    };
  },
};

const queues: QueueSuiteTarget = {
  createStore: async () => {
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

registerModel("locks in memory", lockModel(locks), { runs: 300 });
registerModel("queues in memory", queueModel(queues), { runs: 300 });
