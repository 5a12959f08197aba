import type { LifecyclePublisher } from "./lifecycle-publisher.ts";
import type { DistributedLockProvider } from "./lock-provider.ts";
import type { PersistenceProvider } from "./persistence-provider.ts";
import type { QueueProvider } from "./queue-provider.ts";

/** The three a host needs, and a fourth it can do without; a plain object, to be spread and mixed. */
export interface Providers {
  readonly persistence: PersistenceProvider;
  readonly locks: DistributedLockProvider;
  readonly queue: QueueProvider;
  /** Carries lifecycle events to observers elsewhere. @default none: those of a host are seen on that host */
  readonly lifecycle?: LifecyclePublisher;
}
