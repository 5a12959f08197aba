import type { DistributedLockProvider, LogEntry } from "../../src/index.ts";
import { InMemoryWorkflowRegistry, Payloads } from "../../src/index.ts";
import { type HostOptions, resolveHostOptions } from "../../src/host/host-options.ts";
import type { HostServices } from "../../src/host/host-services.ts";
import {
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  VirtualClock,
  VirtualEntropy,
} from "../../src/test-support/index.ts";
import { type Replacements, replacing } from "../replacing.ts";

/** The services of a host on started in-memory providers, in virtual time. */
export interface HostSetting {
  readonly clock: VirtualClock;
  readonly services: HostServices;
  readonly locks: DistributedLockProvider;
  /** What the host has warned of. */
  readonly warnings: LogEntry[];
}

/** Makes the services of a host. @param methods - Methods of the providers that do something else. */
export async function hostSetting(
  methods: {
    readonly persistence?: Replacements<HostServices["persistence"]>;
    readonly queue?: Partial<HostServices["queue"]>;
    readonly locks?: Partial<DistributedLockProvider>;
  } = {},
  options: HostOptions = {},
  middleware?: HostServices["middleware"],
): Promise<HostSetting> {
  const clock = new VirtualClock();
  const warnings: LogEntry[] = [];
  const persistence = new InMemoryPersistenceProvider({ store: new InMemoryStore() });
  const queue = new InMemoryQueueProvider({ store: new InMemoryQueueStore(clock), clock });
  const locks = new InMemoryLockProvider({ store: new InMemoryLockStore(clock), clock });
  for (const provider of [persistence, queue, locks]) await provider.start();
  const services: HostServices = {
    persistence: replacing(persistence, methods.persistence),
    queue: replacing(queue, methods.queue),
    registry: new InMemoryWorkflowRegistry(),
    clock,
    entropy: new VirtualEntropy(1),
    payloads: new Payloads(),
    log: { write: (entry) => void warnings.push(entry) },
    options: resolveHostOptions(options),
    middleware,
  };
  return { clock, services, locks: replacing<DistributedLockProvider>(locks, methods.locks), warnings };
}

/** What a host has warned of, without the instants. */
export function messages(warnings: readonly LogEntry[]): readonly string[] {
  return warnings.map(({ message }) => message);
}
