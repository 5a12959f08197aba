import { setTimeout as sleep } from "node:timers/promises";
import type { DistributedLockProvider, LifecyclePublisher } from "wfe-core";
import type { SuiteTarget } from "wfe-core/test-support";
import type { RedisLifecyclePublisher } from "../src/redis-lifecycle-publisher.ts";
import type { RedisLockProvider } from "../src/redis-lock-provider.ts";

/**
 * Locks of a target.
 *
 * @param another - Gives a prefix that nobody uses.
 * @param make - Opens a provider on the store of this key prefix.
 */
export function lockTarget(another: () => string, make: (keyPrefix: string) => RedisLockProvider): SuiteTarget<DistributedLockProvider> {
  return {
    capabilities: ["inspect"],
    createStore: async () => {
      const keyPrefix = another();
      return {
        open: async () => make(keyPrefix),
        elapse: (ms) => sleep(ms),
        dispose: async () => {},
      };
    },
    unitMs: 200,
  };
}

/**
 * Lifecycle events of a target.
 *
 * @param another - Gives a prefix that nobody uses.
 * @param make - Opens a publisher on the channel of this key prefix.
 */
export function lifecycleTarget(another: () => string, make: (keyPrefix: string) => RedisLifecyclePublisher): SuiteTarget<LifecyclePublisher> {
  return {
    createStore: async () => {
      const keyPrefix = another();
      return {
        open: async () => make(keyPrefix),
        elapse: (ms) => sleep(ms),
        dispose: async () => {},
      };
    },
    unitMs: 100,
  };
}
