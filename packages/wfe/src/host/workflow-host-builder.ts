import {
  type ArtifactStore,
  checkMiddleware,
  type Clock,
  type DistributedLockProvider,
  type Entropy,
  harmlessMetrics,
  type HttpClient,
  type LifecyclePublisher,
  type LogSink,
  type MetricSink,
  type Middleware,
  type PersistenceProvider,
  type Providers,
  type QueueProvider,
  systemClock,
  systemEntropy,
  systemHttpClient,
  WfeError,
  type WorkflowRegistry,
} from "wfe-core";
import { InMemoryWorkflowRegistry } from "../registry.ts";
import type { HostPlugin } from "./host-plugin.ts";
import { type HostOptions, resolveHostOptions } from "./host-options.ts";
import { StandaloneClient } from "./standalone-client.ts";
import type { HostParts } from "./host-parts.ts";
import { WorkflowHost } from "./workflow-host.ts";

/** Puts a host together from its providers. Later calls replace earlier ones; {@link useMiddleware} adds. */
export class WorkflowHostBuilder {
  #persistence: PersistenceProvider | undefined;
  #locks: DistributedLockProvider | undefined;
  #queue: QueueProvider | undefined;
  #publisher: LifecyclePublisher | undefined;
  #registry: WorkflowRegistry | undefined;
  #clock: Clock = systemClock;
  #entropy: Entropy = systemEntropy;
  #log: LogSink = { write: () => undefined };
  #metrics: MetricSink | undefined;
  #http: HttpClient = systemHttpClient;
  #artifacts: ArtifactStore | undefined;
  readonly #middleware: Middleware[] = [];
  #options: HostOptions = {};

  /** All that are given, of one store or of several; any of them may be replaced afterwards. */
  useProviders(providers: Providers): this {
    if (providers.lifecycle !== undefined) this.useLifecyclePublisher(providers.lifecycle);
    return this.usePersistence(providers.persistence).useLockProvider(providers.locks).useQueueProvider(providers.queue);
  }

  usePersistence(provider: PersistenceProvider): this {
    this.#persistence = provider;
    return this;
  }

  useLockProvider(provider: DistributedLockProvider): this {
    this.#locks = provider;
    return this;
  }

  useQueueProvider(provider: QueueProvider): this {
    this.#queue = provider;
    return this;
  }

  /**
   * Carries lifecycle events between hosts and clients: each that has one publishes its own, and reads those of all by `events()`. It cannot hold up what it
   * tells of: one that fails, hangs or is slow loses events, of which one warning tells until it recovers.
   *
   * @default none: `host.events()` gives those of this host, and a client has none
   */
  useLifecyclePublisher(publisher: LifecyclePublisher): this {
    this.#publisher = publisher;
    return this;
  }

  /** Where `ctx.log` and the engine's warnings go. @default nowhere */
  useLogSink(sink: LogSink): this {
    this.#log = sink;
    return this;
  }

  /** Where measurements go: of starts and ends, steps, retries, the queue, the sweep, leases and the store's batches. @default nowhere */
  useMetricSink(sink: MetricSink): this {
    this.#metrics = harmlessMetrics(sink);
    return this;
  }

  /**
   * Where steps put artifacts, and take them from: a `LocalArtifactStore`, or one of your own. Every host that works on a definition needs the
   * same one.
   *
   * @default none: `ctx.artifacts` throws `WFE_ARTIFACT_STORE_MISSING`
   */
  useArtifactStore(store: ArtifactStore): this {
    this.#artifacts = store;
    return this;
  }

  /**
   * Adds a middleware, within those that were added before. Those of a client are around its starts alone.
   *
   * @default none
   * @throws TypeError for what is no object with at least one of its methods
   */
  useMiddleware(middleware: Middleware): this {
    this.#middleware.push(checkMiddleware(middleware));
    return this;
  }

  /**
   * Adds what a plugin brings: its middleware, within those that were added before, and its metric sink, in place of another one.
   *
   * @throws TypeError for what has neither, and for what the two methods refuse
   */
  use({ middleware, metricSink }: HostPlugin): this {
    if (middleware === undefined && metricSink === undefined) throw new TypeError("a plugin has a middleware, or a metricSink: this one has neither");
    if (metricSink !== undefined) this.useMetricSink(metricSink);
    return middleware === undefined ? this : this.useMiddleware(middleware);
  }

  /** Where definitions are kept. @default a new {@link InMemoryWorkflowRegistry} */
  useRegistry(registry: WorkflowRegistry): this {
    this.#registry = registry;
    return this;
  }

  /** Time as the host sees it. @default the machine's clock */
  useClock(clock: Clock): this {
    this.#clock = clock;
    return this;
  }

  /** Randomness and new ids. @default the machine's */
  useEntropy(entropy: Entropy): this {
    this.#entropy = entropy;
    return this;
  }

  /** What `pollEndpoint` asks with. Which addresses it may ask is the option `pollEndpoints`. @default the platform's `fetch` */
  useHttpClient(client: HttpClient): this {
    this.#http = client;
    return this;
  }

  /** Settings; those of an earlier call that are not named stay. */
  withOptions(options: HostOptions): this {
    this.#options = { ...this.#options, ...options };
    return this;
  }

  /** @throws WfeError `WFE_PROVIDER_MISSING` naming each; RangeError for an option out of its bounds. */
  build(): WorkflowHost {
    const { persistence, queue } = this.#required({ "a lock provider (useLockProvider)": this.#locks });
    return this.make({
      providers: { persistence, queue, locks: this.#locks as DistributedLockProvider }, // #required has looked
      registry: this.#registry ?? new InMemoryWorkflowRegistry(),
      options: resolveHostOptions(this.#options),
      clock: this.#clock,
      entropy: this.#entropy,
      log: this.#log,
      metrics: this.#metrics,
      http: this.#http,
      publisher: this.#publisher,
      artifacts: this.#artifacts,
      middleware: [...this.#middleware],
    });
  }

  /**
   * The same verbs without running steps; needs no lock provider.
   *
   * @throws WfeError `WFE_PROVIDER_MISSING` naming each; RangeError for an option out of its bounds.
   */
  buildClient(): StandaloneClient {
    return new StandaloneClient({
      providers: this.#required({}),
      registry: this.#registry ?? new InMemoryWorkflowRegistry(),
      options: resolveHostOptions(this.#options),
      clock: this.#clock,
      entropy: this.#entropy,
      log: this.#log,
      publisher: this.#publisher,
      metrics: this.#metrics,
      artifacts: this.#artifacts,
      middleware: [...this.#middleware],
    });
  }

  /** Makes the host of its parts. @internal */
  protected make(parts: HostParts): WorkflowHost {
    return new WorkflowHost(parts);
  }

  #required(others: Readonly<Record<string, unknown>>): { readonly persistence: PersistenceProvider; readonly queue: QueueProvider } {
    const needed = { "a persistence provider (usePersistence)": this.#persistence, ...others, "a queue provider (useQueueProvider)": this.#queue };
    const missing = Object.entries(needed).flatMap(([name, provider]) => (provider === undefined ? [name] : []));
    if (missing.length > 0 || this.#persistence === undefined || this.#queue === undefined) {
      throw new WfeError(
        "WFE_PROVIDER_MISSING",
        `the host lacks ${missing.join(", ")}: call useProviders(sqliteProviders({ path })), or the methods named`,
      );
    }
    return { persistence: this.#persistence, queue: this.#queue };
  }
}
