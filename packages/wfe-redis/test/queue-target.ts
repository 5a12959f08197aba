import { setTimeout as sleep } from "node:timers/promises";
import type { QueueProvider } from "wfe-core";
import type { QueueOpenOptions, SuiteTarget } from "wfe-core/test-support";
import type { RedisQueueOptions, RedisQueueProvider } from "../src/redis-queue-provider.ts";

/**
 * Queues of a target.
 *
 * @param another - Gives a prefix that nobody uses.
 * @param make - Opens a provider on the store of this key prefix.
 */
export function queueTarget(
  another: () => string,
  make: (keyPrefix: string, options: RedisQueueOptions) => RedisQueueProvider,
): SuiteTarget<QueueProvider, QueueOpenOptions> {
  return {
    createStore: async () => {
      const keyPrefix = another();
      return {
        open: async (given) => make(keyPrefix, given?.visibilityMs === undefined ? {} : { visibility: given.visibilityMs }),
        elapse: (ms) => sleep(ms),
        dispose: async () => {},
      };
    },
    capabilities: ["lateness"],
    // "At once", 20 of it, is less than the five seconds after which a block ends by itself.
    unitMs: 120,
  };
}
