import {
  type ArtifactStore,
  type Clock,
  type Entropy,
  type LogSink,
  type MetricSink,
  type MiddlewareRunner,
  type Payloads,
  type PersistenceProvider,
  type QueueProvider,
  type WorkflowRegistry,
  writeLog,
} from "wfe-core";
import type { ResolvedHostOptions } from "./host-options.ts";

/** What the parts of a host share. */
export interface HostServices {
  readonly persistence: PersistenceProvider;
  readonly queue: QueueProvider;
  readonly registry: WorkflowRegistry;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly payloads: Payloads;
  readonly log: LogSink;
  /** Never throws. @default none */
  readonly metrics?: MetricSink | undefined;
  /** @default none */
  readonly artifacts?: ArtifactStore | undefined;
  /** @default none */
  readonly middleware?: MiddlewareRunner | undefined;
  readonly options: ResolvedHostOptions;
}

/** Notes a trouble that is being dealt with. Never throws. */
export function warn(services: Pick<HostServices, "log" | "clock">, message: string, error?: unknown): void {
  writeLog(services.log, { at: new Date(services.clock.now()), level: "warn", message, ...(error === undefined ? {} : { fields: { error } }) });
}
