import { setTimeout as sleep } from "node:timers/promises";
import type { DistributedLockProvider } from "wfe-core";
import type { SuiteTarget } from "wfe-core/test-support";
import type { RedisLockProvider } from "../src/redis-lock-provider.ts";

/** Locks of a target. @param make - Opens a provider on the store of this key prefix. @param another - Gives a prefix that nobody uses. */
export function lockTarget(another: () => string, make: (keyPrefix: string) => RedisLockProvider): SuiteTarget<DistributedLockProvider> {
  return {
    createStore: async () => {
      const keyPrefix = another();
      return {
        open: async () => make(keyPrefix),
        elapse: (ms) => sleep(ms),
        dispose: async () => {},
      };
    },
    // Real time, and all cases at once on the processors that there are.
    unitMs: 100,
  };
}
