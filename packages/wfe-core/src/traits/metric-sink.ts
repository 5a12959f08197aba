import type { Measurement } from "../models/measurement.ts";

/** Where measurements go: counters and histograms of whatever system watches the application. */
export interface MetricSink {
  /** Takes a measurement; returns at once. What it throws is ignored. Called often: once or twice for each step that runs. */
  record(measurement: Measurement): void;
}
