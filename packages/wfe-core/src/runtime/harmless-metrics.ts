import type { MetricSink } from "../traits/metric-sink.ts";

/** One for each sink, so that what tells each sink once knows it again. */
const HARMLESS = new WeakMap<MetricSink, MetricSink>();

/**
 * A sink that never throws, the same one for the same sink. One that fails, at once or later, is its owner's matter: what called goes on.
 *
 * @throws TypeError for what has no `record`.
 */
export function harmlessMetrics(sink: MetricSink): MetricSink {
  if (typeof (sink as Partial<MetricSink> | null | undefined)?.record !== "function")
    throw new TypeError("a metric sink is an object with a method record(measurement)");
  const known = HARMLESS.get(sink) ?? harmless(sink);
  HARMLESS.set(sink, known);
  return known;
}

function harmless(sink: MetricSink): MetricSink {
  return {
    record(measurement) {
      try {
        // Declared to give nothing; one that is async gives a promise all the same.
        const recorded: unknown = sink.record(measurement);
        if (recorded instanceof Promise) recorded.catch(() => undefined);
      } catch {
        // See above.
      }
    },
  };
}
