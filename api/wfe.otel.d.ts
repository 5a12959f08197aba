import { MeterProvider, TextMapPropagator, TracerProvider } from "@opentelemetry/api";
import { MetricSink, Middleware } from "wfe-core";
interface HostPlugin {
    readonly middleware?: Middleware;
    readonly metricSink?: MetricSink;
}
interface OpenTelemetryOptions {
    readonly tracerProvider?: TracerProvider;
    readonly meterProvider?: MeterProvider;
    readonly propagator?: TextMapPropagator;
}
declare function openTelemetry(options?: OpenTelemetryOptions): Required<HostPlugin>;
export { type OpenTelemetryOptions, openTelemetry };
