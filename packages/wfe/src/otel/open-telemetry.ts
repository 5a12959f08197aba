import { type MeterProvider, metrics, type TextMapPropagator, trace, type TracerProvider } from "@opentelemetry/api";
import type { HostPlugin } from "../host/host-plugin.ts";
import { Carrier } from "./carrier.ts";
import { MetricInstruments } from "./metric-instruments.ts";
import { TracingMiddleware } from "./tracing-middleware.ts";

/** Where traces and metrics go. */
export interface OpenTelemetryOptions {
  /** @default the one that the SDK has registered for the process, whenever it does so */
  readonly tracerProvider?: TracerProvider;
  /** @default the one that is registered for the process when the first measurement comes */
  readonly meterProvider?: MeterProvider;
  /** How a workflow carries its trace. @default the one that is registered for the process; `traceparent` where that carries none */
  readonly propagator?: TextMapPropagator;
}

/**
 * Traces and metrics of OpenTelemetry, for `WorkflowHostBuilder.use`: one trace for each workflow, over all hosts, sleeps and sub-workflows. One may
 * be shared by all hosts and clients of a process. What goes wrong in an SDK or an exporter never reaches a workflow.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Required<HostPlugin> {
  const { tracerProvider = trace.getTracerProvider(), meterProvider, propagator } = options;
  return {
    middleware: new TracingMiddleware(tracerProvider, new Carrier(propagator)),
    metricSink: new MetricInstruments(() => meterProvider ?? metrics.getMeterProvider()),
  };
}
