import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteProviders } from "wfe-sqlite";
import type { Clock, Providers } from "../src/index.ts";
import {
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
} from "../src/test-support/index.ts";

/** One store, from which any number of hosts can be given providers, as processes on one database are. */
export interface ProviderStore {
  open(): Providers;
  dispose(): Promise<void>;
}

/** A kind of store on which every scenario has to run. */
export interface ProviderSet {
  readonly name: string;
  create(clock?: Clock): Promise<ProviderStore>;
}

const memory: ProviderSet = {
  name: "memory",
  create: (clock) => {
    const store = new InMemoryStore();
    const on = clock === undefined ? {} : { clock };
    const locks = new InMemoryLockStore(clock);
    const queue = new InMemoryQueueStore(clock);
    return Promise.resolve({
      open: () => ({
        persistence: new InMemoryPersistenceProvider({ store }),
        locks: new InMemoryLockProvider({ store: locks, ...on }),
        queue: new InMemoryQueueProvider({ store: queue, ...on }),
      }),
      dispose: () => Promise.resolve(),
    });
  },
};

const sqlite: ProviderSet = {
  name: "sqlite",
  create: async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "wfe-scenario-"));
    const path = join(folder, "wfe.db");
    return {
      // No scenario cuts the power, which is all that waiting for the disk helps against.
      open: () => sqliteProviders({ path, synchronous: "NORMAL", ...(clock === undefined ? {} : { clock, pollInterval: "1h" }) }),
      dispose: () => rm(folder, { recursive: true, force: true }),
    };
  },
};

/** All of them. */
export const providerSets: readonly ProviderSet[] = [memory, sqlite];
