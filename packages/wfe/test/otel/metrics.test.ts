import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterEach, describe, expect, it } from "vitest";
import type { Measurement } from "../../src/index.ts";
import { openTelemetry } from "../../src/otel/index.ts";
import { scenarios } from "../scenarios/scenario.ts";
import { runOrder } from "./traced-order.ts";

/** What a collector gets. */
class Collected {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#exporter, exportIntervalMillis: 1_000_000 });
  readonly provider: MeterProvider = new MeterProvider({ readers: [this.#reader] });

  /** Each metric with its unit, and its points: attributes, and the value of a counter, or count and sum of a histogram. */
  async all(): Promise<Readonly<Record<string, { readonly unit: string; readonly points: readonly (readonly [object, unknown])[] }>>> {
    this.#exporter.reset();
    await this.provider.forceFlush();
    const found = this.#exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return Object.fromEntries(
      found.map((metric) => [
        metric.descriptor.name,
        {
          unit: metric.descriptor.unit,
          points:
            metric.dataPointType === DataPointType.HISTOGRAM
              ? metric.dataPoints.map(({ attributes, value }) => [attributes, { count: value.count, sum: value.sum }] as const)
              : metric.dataPoints.map(({ attributes, value }) => [attributes, value] as const),
        },
      ]),
    );
  }
}

const DEFINITION = { "wfe.definition.id": "ordering", "wfe.definition.version": 1 };
let collected = new Collected();

scenarios(
  "the metrics of a workflow",
  (open) => {
    it("are counters and histograms by the semantic conventions", async () => {
      const { host: newHost, clock } = await open();

      await runOrder(newHost, clock);

      const all = await collected.all();
      const step = (name: string, outcome: string, error?: string): object => ({
        ...DEFINITION,
        "wfe.step.name": name,
        "wfe.step.outcome": outcome,
        ...(error === undefined ? {} : { "error.type": error }),
      });
      expect(all["wfe.workflow.started"]).toEqual({
        unit: "{workflow}",
        points: [
          [DEFINITION, 1],
          [{ "wfe.definition.id": "packing", "wfe.definition.version": 1 }, 1],
        ],
      });
      expect(all["wfe.workflow.duration"]?.unit).toBe("s");
      const duration = all["wfe.workflow.duration"]?.points.find(
        ([attributes]) => "wfe.definition.id" in attributes && attributes["wfe.definition.id"] === "ordering",
      );
      expect(duration).toEqual([
        { ...DEFINITION, "wfe.workflow.status": "complete" },
        { count: 1, sum: expect.closeTo(172_860, -2) as unknown },
      ]);
      expect(all["wfe.step.duration"]?.unit).toBe("s");
      expect(all["wfe.step.duration"]?.points.map(([attributes]) => attributes)).toEqual(
        expect.arrayContaining([
          step("charge", "failed", "WFE_STEP_FAILED"),
          step("charge", "completed"),
          step("ship", "failed", "WFE_STEP_FAILED"),
          step("refund", "completed"),
          step("report", "completed"),
        ]),
      );
      expect(all["wfe.step.retries"]).toEqual({ unit: "{retry}", points: [[{ ...DEFINITION, "wfe.step.name": "charge" }, 1]] });
      expect(all["wfe.sweep.found"]?.points).toContainEqual([{ "wfe.sweep.found": "dueInstances" }, expect.any(Number)]);
    });
  },
  {
    prepare: (builder) => {
      collected = new Collected();
      return builder.use(shared(collected));
    },
  },
);

/** One for all hosts of a process, as an application has it; a new one for each test. */
let last: { readonly collected: Collected; readonly plugin: ReturnType<typeof openTelemetry> } | undefined;
function shared(into: Collected): ReturnType<typeof openTelemetry> {
  last ??= { collected: into, plugin: openTelemetry({ meterProvider: into.provider }) };
  collected = last.collected;
  return last.plugin;
}
afterEach(() => {
  last = undefined;
});

describe("each measurement", () => {
  afterEach(() => metrics.disable());

  const of = { definitionId: "d", version: 2 };
  const attributes = { "wfe.definition.id": "d", "wfe.definition.version": 2 };
  const cases: readonly (readonly [Measurement, string, string, object, unknown])[] = [
    [{ kind: "workflowStarted", ...of }, "wfe.workflow.started", "{workflow}", attributes, 1],
    [{ kind: "workflowSuspended", ...of }, "wfe.workflow.suspended", "{workflow}", attributes, 1],
    [
      { kind: "workflowEnded", ...of, status: "terminated", durationMs: 1_500 },
      "wfe.workflow.duration",
      "s",
      { ...attributes, "wfe.workflow.status": "terminated" },
      { count: 1, sum: 1.5 },
    ],
    [
      { kind: "stepEnded", ...of, step: "s", outcome: "cancelled", durationMs: 250 },
      "wfe.step.duration",
      "s",
      { ...attributes, "wfe.step.name": "s", "wfe.step.outcome": "cancelled" },
      { count: 1, sum: 0.25 },
    ],
    [{ kind: "stepRetried", ...of, step: "s" }, "wfe.step.retries", "{retry}", { ...attributes, "wfe.step.name": "s" }, 1],
    [{ kind: "queueLag", queue: "event", lagMs: 20 }, "wfe.queue.lag", "s", { "wfe.queue.type": "event" }, { count: 1, sum: 0.02 }],
    [{ kind: "swept", found: "orphans", count: 3 }, "wfe.sweep.found", "{item}", { "wfe.sweep.found": "orphans" }, 3],
    [{ kind: "leaseLost" }, "wfe.lease.lost", "{lease}", {}, 1],
    [{ kind: "batchWritten", store: "sqlite", size: 7 }, "wfe.store.batch.size", "{request}", { "wfe.store.name": "sqlite" }, { count: 1, sum: 7 }],
    [{ kind: "unknownDefinitionSeen", ...of, fingerprint: "f" }, "wfe.definition.unknown", "{workflow}", attributes, 1],
  ];

  it.each(cases)("$kind has a metric", async (measurement, name, unit, said, value) => {
    const into = new Collected();

    openTelemetry({ meterProvider: into.provider }).metricSink.record(measurement);

    expect(await into.all()).toEqual({ [name]: { unit, points: [[said, value]] } });
  });

  it("goes to what the process has registered when the first one comes", async () => {
    const into = new Collected();
    const { metricSink } = openTelemetry();

    metrics.setGlobalMeterProvider(into.provider);
    metricSink.record({ kind: "leaseLost" });

    expect(Object.keys(await into.all())).toEqual(["wfe.lease.lost"]);
  });

  it("of a kind that is not known yet is passed over", async () => {
    const into = new Collected();

    openTelemetry({ meterProvider: into.provider }).metricSink.record({ kind: "of a newer core" } as never);

    expect(await into.all()).toEqual({});
  });
});
