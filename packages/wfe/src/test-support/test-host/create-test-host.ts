import type { Clock, LogEntry, Middleware, Providers, WorkflowDefinition, WorkflowDefinitionJson } from "wfe-core";
import {
  InMemoryArtifactStore,
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  VirtualClock,
  VirtualEntropy,
} from "wfe-core/test-support";
import type { HostOptions } from "../../host/host-options.ts";
import type { HostParts } from "../../host/host-parts.ts";
import { WorkflowHostBuilder } from "../../host/workflow-host-builder.ts";
import { DueWork } from "./due-work.ts";
import { type MockBody, StepMocks } from "./step-mocks.ts";
import { TestHost, type TestParts } from "./test-host.ts";

/** What a test host can be told. */
export interface TestHostOptions<TClock extends Clock = VirtualClock> {
  /** Registered before the start. */
  readonly definitions?: readonly (WorkflowDefinition<unknown, never> | WorkflowDefinitionJson)[];
  /** By the name of the step, as {@link TestHost.mockStep} takes them; there from the start, so that a class of them needs no factory. */
  readonly mocks?: Readonly<Record<string, MockBody>>;
  /** @default a new {@link VirtualClock}, at 2026-01-01T00:00:00Z */
  readonly clock?: TClock;
  /** Of ids and of everything random, so that a test does the same each time. @default 1 */
  readonly seed?: number;
  /** @default those of every host; in virtual time, a sweep once in a day, since what is due is known here without one */
  readonly options?: HostOptions;
  /**
   * In virtual time: no time moves while bodies run, however long they really take. For bodies that really read files or sockets. One that waits for
   * virtual time itself, or for the test, would then wait for ever.
   *
   * @default false
   */
  readonly waitForBodies?: boolean;
  /** Prepares the builder: middleware, an artifact store, a log sink. */
  readonly prepare?: (builder: WorkflowHostBuilder) => void;
  /** Prepares the host before its start: steps with factories. */
  readonly setUp?: (host: TestHost<TClock>) => void;
}

/**
 * A started host for tests, on providers in memory of its own: nothing is shared between two of them, and nothing has to be cleaned up but by its `stop`.
 *
 * @throws RangeError for a mock of a step that does not exist, and what the registration of a definition and `start` throw.
 */
export async function createTestHost<TClock extends Clock = VirtualClock>(options: TestHostOptions<TClock> = {}): Promise<TestHost<TClock>> {
  const clock = (options.clock ?? new VirtualClock()) as TClock; // a virtual one is the default of the type, too
  const store = new InMemoryStore();
  const providers: Providers = {
    persistence: new InMemoryPersistenceProvider({ store }),
    locks: new InMemoryLockProvider({ store: new InMemoryLockStore(clock), clock }),
    queue: new InMemoryQueueProvider({ store: new InMemoryQueueStore(clock), clock }),
  };
  const mocks = new StepMocks();
  const logged: LogEntry[] = [];
  const builder = new TestHostBuilder({ clock, due: new DueWork(store, providers.queue), mocks, logged })
    .useProviders(providers)
    .useClock(clock)
    .useEntropy(new VirtualEntropy(options.seed ?? 1))
    .useArtifactStore(new InMemoryArtifactStore({ clock }))
    .useLogSink({ write: (entry) => void logged.push(entry) })
    .withOptions({ ...(clock instanceof VirtualClock ? SELDOM : {}), ...options.options });
  options.prepare?.(builder);
  if (options.waitForBodies === true && clock instanceof VirtualClock) builder.useMiddleware(tracking(clock));
  const host = builder.useMiddleware(mocks).build() as TestHost<TClock>; // made by this builder
  for (const definition of options.definitions ?? []) host.registerWorkflowDefinition(definition);
  options.setUp?.(host);
  for (const [step, body] of Object.entries(options.mocks ?? {})) host.mockStep(step, body);
  await host.start();
  return host;
}

/** Days of virtual time would be full of looks that find nothing. */
const SELDOM = { sweepInterval: "1d", takeOverInterval: "1d" } as const satisfies HostOptions;
const DAY_MS = 86_400_000;

class TestHostBuilder<TClock extends Clock> extends WorkflowHostBuilder {
  readonly #test: TestParts<TClock>;

  constructor(test: TestParts<TClock>) {
    super();
    this.#test = test;
  }

  protected override make(parts: HostParts): TestHost<TClock> {
    // The one host there is hears of everything by itself.
    const longestPollMs = this.#test.clock instanceof VirtualClock ? DAY_MS : parts.options.longestPollMs;
    return new TestHost({ ...parts, options: { ...parts.options, longestPollMs } }, this.#test);
  }
}

function tracking(clock: VirtualClock): Middleware {
  return { aroundStep: (_ctx, next) => clock.track(next()) };
}
