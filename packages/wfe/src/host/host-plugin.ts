import type { Middleware, MetricSink } from "wfe-core";

/** What a host or a client takes in one call, `WorkflowHostBuilder.use`. */
export interface HostPlugin {
  readonly middleware?: Middleware;
  readonly metricSink?: MetricSink;
}
