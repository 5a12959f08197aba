import { afterAll, afterEach, describe } from "vitest";
import {
  type HostOptions,
  type LifecycleEvent,
  type LogEntry,
  type Middleware,
  type Providers,
  type StandaloneClient,
  type WorkflowHost,
  type WorkflowInstance,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import { VirtualClock, VirtualEntropy } from "../../src/test-support/index.ts";
import { type ProviderStore, providerSets } from "../provider-sets.ts";

/** What a scenario works with. */
export interface Scenario {
  readonly clock: VirtualClock;
  /** Everything the engine has warned of. */
  readonly warnings: LogEntry[];
  readonly store: ProviderStore;
  /** The hosts and clients that are built from now on have these, the first one outermost. */
  use(...middleware: readonly Middleware[]): void;
  /** Another host on the same store, not started. */
  build(setUp?: (host: WorkflowHost) => void, options?: HostOptions, providers?: Providers): WorkflowHost;
  /** A client on the same store, started. */
  client(): Promise<StandaloneClient>;
  /** Another host on the same store, started. */
  host(setUp?: (host: WorkflowHost) => void, options?: HostOptions): Promise<WorkflowHost>;
  /** Lifecycle events of a host from now on, as they come. */
  record(host: WorkflowHost): LifecycleEvent[];
}

interface ScenarioOptions {
  /** Called with the builder of every host and client. */
  readonly prepare?: (builder: WorkflowHostBuilder) => WorkflowHostBuilder;
  /** What is opened lasts until all tests have run, for small ones that share it. @default each test closes what it has opened */
  readonly lasting?: boolean;
  /** Lock providers know at once whose owner is gone. @default where it costs nothing */
  readonly presence?: boolean;
  /** Hosts sweep each second, as they do by themselves: one has to find what others have left. @default as seldom as the provider set wants */
  readonly sweeping?: boolean;
}

/** Runs whole workflows on every provider set, in virtual time. */
export function scenarios(
  name: string,
  define: (open: () => Promise<Scenario>) => void,
  { prepare = (builder) => builder, lasting = false, sweeping = false, presence }: ScenarioOptions = {},
): void {
  for (const set of providerSets) {
    set.prepare?.();
    describe.skipIf(presence === true && set.hasPresence === false)(`${name} on ${set.name}`, () => {
      const ends: (() => Promise<void>)[] = [];
      (lasting ? afterAll : afterEach)(async () => {
        while (ends.length > 0) await ends.pop()?.();
      });
      define(async () => {
        const clock = new VirtualClock();
        const store = await set.create(clock, presence === undefined ? {} : { presence });
        const warnings: LogEntry[] = [];
        ends.push(() => store.dispose());
        let seed = 1;
        let used: readonly Middleware[] = [];
        const builder = (providers: Providers): WorkflowHostBuilder =>
          used.reduce(
            (made, middleware) => made.useMiddleware(middleware),
            prepare(
              new WorkflowHostBuilder()
                .useProviders(providers)
                .useClock(clock)
                .useEntropy(new VirtualEntropy(seed++))
                .useLogSink({ write: (entry) => void (entry.level === "warn" && warnings.push(entry)) }),
            ),
          );
        const scenario: Scenario = {
          clock,
          warnings,
          store,
          use: (...middleware) => {
            used = middleware;
          },
          build: (setUp, options = {}, providers = store.open()) => {
            const host = builder(providers)
              .withOptions({ ...(sweeping ? {} : set.options), ...sparing(options), ...options })
              .build();
            setUp?.(host);
            ends.push(() => host.stop({ timeout: 0 }));
            return host;
          },
          client: async () => {
            const client = builder(store.open()).buildClient();
            await client.start();
            ends.push(() => client.stop());
            return client;
          },
          host: async (setUp, options) => {
            const host = scenario.build(setUp, options);
            await host.start();
            return host;
          },
          record: (host) => {
            const events: LifecycleEvent[] = [];
            const reader = host.events();
            void (async () => {
              for await (const event of reader) events.push(event);
            })();
            return events;
          },
        };
        return scenario;
      });
    });
  }
}

/** Registers these definitions with a host. */
export function registers(...definitions: readonly Parameters<WorkflowHost["registerWorkflowDefinition"]>[0][]): (host: WorkflowHost) => void {
  return (host) => definitions.forEach((definition) => host.registerWorkflowDefinition(definition));
}

/** Id of the event that tells of the end of an instance to which so many commands had come. */
export function endEventId({ id, createdAt }: Pick<WorkflowInstance, "id" | "createdAt">, commands = 0): string {
  return `wfe.completed/${id}/${createdAt.getTime()}/${commands}`;
}

/** A host that sweeps seldom looks as seldom for lost owners: days of virtual time would be full of looks that find nothing. */
function sparing({ sweepInterval }: HostOptions): HostOptions {
  return sweepInterval === undefined ? {} : { takeOverInterval: sweepInterval };
}
