import type {
  ArtifactStore,
  Clock,
  Entropy,
  HttpClient,
  LifecyclePublisher,
  LogSink,
  MetricSink,
  Middleware,
  Providers,
  WorkflowRegistry,
} from "wfe-core";
import type { ResolvedHostOptions } from "./host-options.ts";

/** What a client is made of; `WorkflowHostBuilder` fills it in. */
export interface ClientParts {
  readonly providers: Pick<Providers, "persistence" | "queue">;
  readonly registry: WorkflowRegistry;
  readonly options: ResolvedHostOptions;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: LogSink;
  /** Never throws. @default none */
  readonly metrics?: MetricSink | undefined;
  readonly publisher: LifecyclePublisher | undefined;
  /** @default none */
  readonly artifacts?: ArtifactStore | undefined;
  /** Outermost first. @default none */
  readonly middleware?: readonly Middleware[];
}

/** What a host is made of. */
export interface HostParts extends ClientParts {
  readonly providers: Providers;
  readonly http: HttpClient;
}
