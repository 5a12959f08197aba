/** wfe/otel: traces and metrics by OpenTelemetry. Needs `@opentelemetry/api`. */
export { openTelemetry, type OpenTelemetryOptions } from "./open-telemetry.ts";
