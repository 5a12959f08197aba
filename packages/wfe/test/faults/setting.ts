import { afterEach, describe } from "vitest";
import { type HostOptions, type Providers, type QueueProvider, type WorkflowHost, WorkflowHostBuilder } from "../../src/index.ts";
import { VirtualClock, VirtualEntropy } from "../../src/test-support/index.ts";
import { providerSets } from "../provider-sets.ts";

/** What a test of a fault of the ancestor works with: hosts that can be given bad providers, on one good store. */
export interface Setting {
  readonly clock: VirtualClock;
  /** Providers of the store; started ones are stopped in the end. */
  providers(): Promise<Providers>;
  /** A host, not started. */
  build(setUp: (host: WorkflowHost) => void, providers: Providers, options?: HostOptions): WorkflowHost;
  /** A host on good providers, started. */
  start(setUp: (host: WorkflowHost) => void, options?: HostOptions): Promise<WorkflowHost>;
}

/** Defines tests once for each provider set. */
export function onEachStore(name: string, define: (open: () => Promise<Setting>) => void): void {
  for (const set of providerSets) {
    set.prepare?.();
    describe(`${name}, on ${set.name}`, () => {
      const ends: (() => Promise<void>)[] = [];
      afterEach(async () => {
        while (ends.length > 0) await ends.pop()?.();
      });
      define(async () => {
        const clock = new VirtualClock();
        const store = await set.create(clock);
        ends.push(() => store.dispose());
        let seed = 1;
        const setting: Setting = {
          clock,
          providers: async () => {
            const providers = store.open();
            for (const provider of [providers.persistence, providers.locks, providers.queue]) {
              await provider.start();
              ends.push(() => provider.stop());
            }
            return providers;
          },
          build: (setUp, providers, options = {}) => {
            const host = new WorkflowHostBuilder()
              .useProviders(providers)
              .useClock(clock)
              .useEntropy(new VirtualEntropy(seed++))
              .withOptions({ ...set.options, ...options })
              .build();
            setUp(host);
            ends.push(() => host.stop({ timeout: 0 }));
            return host;
          },
          start: async (setUp, options) => {
            const host = setting.build(setUp, store.open(), options);
            await host.start();
            return host;
          },
        };
        return setting;
      });
    });
  }
}

/** A queue that loses everything it is given. */
export function losingQueue(queue: QueueProvider): QueueProvider {
  return {
    start: () => queue.start(),
    stop: () => queue.stop(),
    queueWork: () => Promise.resolve(),
    dequeueWork: (type, options) => queue.dequeueWork(type, options),
  };
}
