import type { DistributedLockProvider } from "./lock-provider.ts";
import type { PersistenceProvider } from "./persistence-provider.ts";
import type { QueueProvider } from "./queue-provider.ts";

/** The three a host needs; a plain object, to be spread and mixed. */
export interface Providers {
  readonly persistence: PersistenceProvider;
  readonly locks: DistributedLockProvider;
  readonly queue: QueueProvider;
}
