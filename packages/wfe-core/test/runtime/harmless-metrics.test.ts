import { describe, expect, it } from "vitest";
import type { Measurement } from "../../src/models/measurement.ts";
import { harmlessMetrics } from "../../src/runtime/harmless-metrics.ts";
import { MetricSinks } from "../../src/runtime/metric-sinks.ts";
import type { MetricSink } from "../../src/traits/metric-sink.ts";

const LOST: Measurement = { kind: "leaseLost" };

/** A sink, and what it was told. */
function sink(): { readonly sink: MetricSink; readonly told: Measurement[] } {
  const told: Measurement[] = [];
  return { sink: { record: (measurement) => void told.push(measurement) }, told };
}

describe("a harmless sink", () => {
  it("tells the sink it stands for, and is the same one for the same sink", () => {
    const of = sink();

    harmlessMetrics(of.sink).record(LOST);

    expect(of.told).toEqual([LOST]);
    expect(harmlessMetrics(of.sink)).toBe(harmlessMetrics(of.sink));
    expect(harmlessMetrics(of.sink)).not.toBe(harmlessMetrics(sink().sink));
  });

  it("does not throw what the sink throws, at once or later", async () => {
    const failures: unknown[] = [];
    const heard = (error: unknown): void => void failures.push(error);
    process.on("unhandledRejection", heard);
    const throwing = harmlessMetrics({
      record: () => {
        throw new Error("no");
      },
    });
    const rejecting = harmlessMetrics({ record: (() => Promise.reject(new Error("no"))) as () => void });

    throwing.record(LOST);
    rejecting.record(LOST);
    await new Promise((resolve) => setImmediate(resolve));

    process.off("unhandledRejection", heard);
    expect(failures).toEqual([]);
  });

  it.each([undefined, null, {}, () => undefined, "x"])("is not made of %s", (value) => {
    expect(() => harmlessMetrics(value as never)).toThrow(new TypeError("a metric sink is an object with a method record(measurement)"));
  });
});

describe("several sinks", () => {
  it("are each told once, as long as somebody has added them", () => {
    const [a, b] = [sink(), sink()];
    const sinks = new MetricSinks();
    const endOnce = sinks.add(a.sink);
    const endTwice = sinks.add(a.sink);
    sinks.add(b.sink);

    sinks.record(LOST);
    endOnce();
    endOnce();
    sinks.record(LOST);
    endTwice();
    sinks.record(LOST);

    expect([a.told.length, b.told.length]).toEqual([2, 3]);
  });
});
