import type { Measurement } from "../models/measurement.ts";
import type { MetricSink } from "../traits/metric-sink.ts";

/** Sinks of all who want to hear of one thing: the hosts that share a store. */
export class MetricSinks implements MetricSink {
  readonly #sinks = new Map<MetricSink, number>();

  /** Adds a sink; one that is there already is told once all the same. @returns Takes this addition back; idempotent. */
  add(sink: MetricSink): () => void {
    this.#sinks.set(sink, (this.#sinks.get(sink) ?? 0) + 1);
    let isAdded = true;
    return () => {
      if (!isAdded) return;
      isAdded = false;
      const others = (this.#sinks.get(sink) ?? 0) - 1;
      if (others > 0) this.#sinks.set(sink, others);
      else this.#sinks.delete(sink);
    };
  }

  record(measurement: Measurement): void {
    for (const sink of this.#sinks.keys()) sink.record(measurement);
  }
}
