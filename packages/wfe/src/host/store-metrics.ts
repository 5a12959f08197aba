import type { MetricSink, PersistenceProvider, Provider } from "wfe-core";

/** Has a store tell a sink what it can tell, while the host runs that both belong to. */
export class StoreMetrics implements Provider {
  readonly #persistence: PersistenceProvider;
  readonly #metrics: MetricSink;
  #end: (() => void) | undefined;

  constructor(persistence: PersistenceProvider, metrics: MetricSink) {
    this.#persistence = persistence;
    this.#metrics = metrics;
  }

  async start(): Promise<void> {
    this.#end ??= this.#persistence.recordMetrics?.(this.#metrics);
  }

  async stop(): Promise<void> {
    this.#end?.();
    this.#end = undefined;
  }
}
