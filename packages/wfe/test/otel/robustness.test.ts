import {
  type Context,
  context,
  type ContextManager,
  type MeterProvider,
  type TextMapPropagator,
  trace,
  type TracerProvider,
} from "@opentelemetry/api";
import { MeterProvider as SdkMeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";
import { WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import { openTelemetry, type OpenTelemetryOptions } from "../../src/otel/index.ts";
import { registers, scenarios } from "../scenarios/scenario.ts";
import { Telemetry } from "./telemetry.ts";
import { runOrder } from "./traced-order.ts";

const broken = (): never => {
  throw new Error("the SDK is broken");
};
/** Has any method, and each throws. */
const throwsAlways = new Proxy({}, { get: () => broken }) as never;
/** Spans and contexts are made, and then all that is done with them throws. */
const throwsLater: TracerProvider = { getTracer: () => ({ startSpan: () => throwsAlways, startActiveSpan: broken }) };
const meters: MeterProvider = { getMeter: () => new Proxy({}, { get: () => () => throwsAlways }) as never };
const never: SpanExporter = { export: () => undefined, shutdown: () => new Promise(() => undefined), forceFlush: () => new Promise(() => undefined) };
const throwing: SpanExporter = { export: broken, shutdown: () => Promise.reject(new Error("no")) };
const exportingTo = (exporter: SpanExporter): TracerProvider => new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const hangingMeters = (): MeterProvider =>
  new SdkMeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter: { export: () => undefined, forceFlush: () => new Promise(() => undefined), shutdown: () => new Promise(() => undefined) },
        exportIntervalMillis: 1_000_000,
      }),
    ],
  });

const CASES: readonly (readonly [string, () => OpenTelemetryOptions])[] = [
  ["a provider that throws", () => ({ tracerProvider: { getTracer: broken }, meterProvider: { getMeter: broken } })],
  ["a tracer that throws", () => ({ tracerProvider: { getTracer: () => throwsAlways }, meterProvider: meters })],
  ["spans that throw", () => ({ tracerProvider: throwsLater, meterProvider: meters })],
  ["an exporter that throws", () => ({ tracerProvider: exportingTo(throwing) })],
  ["exporters that hang", () => ({ tracerProvider: exportingTo(never), meterProvider: hangingMeters() })],
  ["a propagator that throws", () => ({ tracerProvider: new BasicTracerProvider(), propagator: throwsAlways as TextMapPropagator })],
  ["no SDK at all", () => ({})],
];

let options: OpenTelemetryOptions = {};
scenarios(
  "a workflow",
  (open) => {
    it.each(CASES)("runs as without telemetry, with %s", async (_, make) => {
      options = make();
      const { host: newHost, clock, warnings } = await open();

      const [host, id] = await runOrder(newHost, clock);

      const steps = (await host.getHistory(id)).map(({ stepName, status }) => `${stepName ?? ""} ${status}`);
      expect((await host.getWorkflow(id)).status).toBe("complete");
      expect(steps).toEqual(expect.arrayContaining(["charge compensated", "ship compensated", "refund complete", "report complete"]));
      expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["the bank is busy", "no such address"]);
      expect(warnings).toEqual([]);
      await host.stop();
    });
  },
  { prepare: (builder) => builder.use(openTelemetry(options)) },
);

describe("a context manager", () => {
  afterEach(() => context.disable());

  scenarios(
    "that throws",
    (open) => {
      it.each([
        ["before it calls", broken],
        [
          "after it has called",
          (_: Context, call: () => unknown) => {
            call();
            broken();
          },
        ],
      ])("has each step run once all the same, %s", async (_, within) => {
        const manager = { active: broken, with: within, bind: broken, enable: () => manager, disable: () => manager } as unknown as ContextManager;
        context.setGlobalContextManager(manager);
        options = { tracerProvider: new BasicTracerProvider() };
        const { host: newHost, clock, warnings } = await open();
        let runs = 0;
        const counts = new WorkflowBuilder<{ n: number }>()
          .thenFn("count", () => {
            runs += 1;
          })
          .waitFor("more", "k")
          .build("counts", 1);
        const host = await newHost(registers(counts));

        const id = await host.startWorkflow(counts, { n: 0 });
        await host.publishEvent("more", "k", null);
        await clock.settle();

        expect((await host.getWorkflow(id)).status).toBe("complete");
        expect(runs).toBe(1);
        expect(warnings).toEqual([]);
      });
    },
    { prepare: (builder) => builder.use(openTelemetry(options)) },
  );
});

it("without an SDK nothing is stored with an instance", async () => {
  const { tracerProvider } = { tracerProvider: trace.getTracerProvider() };
  const { middleware } = openTelemetry({ tracerProvider });
  const start = { definitionId: "ordering", version: 1, input: {}, options: {} };

  await middleware.aroundStart?.(start, async () => "id");

  expect(start.options).toEqual({});
});

it("a builder takes a plugin, and refuses what brings nothing", () => {
  expect(() => new WorkflowHostBuilder().use({})).toThrow("a plugin has a middleware, or a metricSink: this one has neither");
  expect(() => new WorkflowHostBuilder().use(new Telemetry().plugin("host 1"))).not.toThrow();
});
