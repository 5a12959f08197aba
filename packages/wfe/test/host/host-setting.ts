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
    readonly persistence?: Partial<HostServices["persistence"]>;
    readonly queue?: Partial<HostServices["queue"]>;
    readonly locks?: Partial<DistributedLockProvider>;
  } = {},
  options: HostOptions = {},
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
  };
  return { clock, services, locks: replacing<DistributedLockProvider>(locks, methods.locks), warnings };
}

/** A provider some of whose methods do something else. */
export function replacing<T extends object>(provider: T, methods: Partial<T> | undefined): T {
  return new Proxy(provider, {
    get: (target, key) => {
      const value: unknown = Reflect.get(methods !== undefined && key in methods ? methods : target, key);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** What a host has warned of, without the instants. */
export function messages(warnings: readonly LogEntry[]): readonly string[] {
  return warnings.map(({ message }) => message);
}
