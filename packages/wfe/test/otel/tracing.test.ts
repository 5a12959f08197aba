import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder, type WorkflowHostBuilder } from "../../src/index.ts";
import type { OpenTelemetryOptions } from "../../src/otel/index.ts";
import { registers, scenarios } from "../scenarios/scenario.ts";
import { drawn, linksTo, Telemetry } from "./telemetry.ts";
import { runOrder } from "./traced-order.ts";

interface Count {
  n: number;
}

let telemetry = new Telemetry();
let hosts = 0;
let options: OpenTelemetryOptions = {};
const prepare = (builder: WorkflowHostBuilder): WorkflowHostBuilder => builder.use(telemetry.plugin(`host ${++hosts}`, options));
const named = (name: string): ReadableSpan => {
  const [span, ...others] = telemetry.spans.filter((one) => one.name === name);
  if (span === undefined || others.length > 0) throw new Error(`there are ${others.length + 1} spans ${name}, or none`);
  return span;
};
const one = new WorkflowBuilder<Count>()
  .thenFn("one", () => 1)
  .saveAs("n")
  .build("one", 1);

beforeEach(() => {
  telemetry = new Telemetry();
  hosts = 0;
  options = {};
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(telemetry.provider("application"));
});
afterEach(() => {
  context.disable();
  trace.disable();
  propagation.disable();
});

/** The trace of `runOrder`, of which each span of the application has to stand where it was made. */
const ORDER = `
start ordering           host 1
├─ pass ordering         host 1
│  └─ step charge        host 1, Error: the bank is busy
├─ pass ordering         host 1
│  └─ step charge        host 1, attempt 2
│     └─ POST /charges   application
├─ pass ordering         host 2
├─ pass ordering         host 2, 1 link
├─ pass packing          host 2
│  └─ step pack          host 2
└─ pass ordering         host 2
   ├─ step ship          host 2, TypeError: no such address
   ├─ compensate refund  host 2, undoes charge
   │  └─ POST /refunds   application
   └─ step report        host 2`;

scenarios(
  "the trace of a workflow",
  (open) => {
    it("is one, over a sleep, another host, an event, a sub-workflow and a compensation; every span has its parent", async () => {
      const { host: newHost, clock, warnings } = await open();

      const [host, id] = await runOrder(newHost, clock);

      expect((await host.getWorkflow(id)).status).toBe("complete");
      const root = telemetry.roots.filter(({ span }) => span.name === "start ordering");
      expect(`\n${drawn(root)}`).toBe(ORDER);
      const { traceId } = root[0]?.span.spanContext() ?? {};
      const others = telemetry.spans.filter((span) => span.spanContext().traceId !== traceId).map(({ name }) => name);
      expect(new Set(others)).toEqual(new Set(["deliver events"]));
      expect(telemetry.open).toEqual([]);
      expect(warnings).toEqual([]);
    });

    it("says what it is about, by the semantic conventions and names of its own", async () => {
      const { host: newHost, clock } = await open();

      const [host, id] = await runOrder(newHost, clock);

      const workflow = { "wfe.definition.id": "ordering", "wfe.definition.version": 1, "wfe.workflow.id": id };
      const start = named("start ordering");
      expect([start.kind, start.attributes]).toEqual([SpanKind.PRODUCER, workflow]);
      const [pass] = telemetry.spans.filter(({ name }) => name === "pass ordering");
      expect([pass?.kind, pass?.attributes]).toEqual([SpanKind.CONSUMER, { ...workflow, "wfe.workflow.name": "ordering-1" }]);
      const history = await host.getHistory(id);
      const pointer = (step: string): string => history.find(({ stepName }) => stepName === step)?.id ?? "";
      const { kind, attributes, status, events } = named("step ship");
      expect(kind).toBe(SpanKind.INTERNAL);
      expect(attributes).toEqual({
        ...pass?.attributes,
        "wfe.step.name": "ship",
        "wfe.step.id": history.find(({ stepName }) => stepName === "ship")?.stepId,
        "wfe.step.attempt": 1,
        "wfe.pointer.id": pointer("ship"),
        "error.type": "TypeError",
      });
      expect(status).toEqual({ code: SpanStatusCode.ERROR, message: "no such address" });
      expect(events).toMatchObject([
        {
          name: "exception",
          attributes: {
            "exception.type": "TypeError",
            "exception.message": "no such address",
            "exception.stacktrace": expect.any(String) as unknown,
          },
        },
      ]);
      expect(named("compensate refund").attributes).toMatchObject({
        "wfe.compensates.pointer.id": pointer("charge"),
        "wfe.compensates.step.name": "charge",
      });
      const child = named("pass packing");
      expect(child.attributes).toMatchObject({ "wfe.workflow.parent.id": id, "wfe.workflow.root.id": id });
      const delivery = named("deliver events");
      const [eventId] = delivery.attributes["wfe.event.ids"] as string[];
      expect((await host.getEvent(eventId ?? "")).data).toBe(true);
      expect(delivery.attributes).toEqual({ "wfe.event.names": ["checked"], "wfe.event.ids": [eventId], "wfe.event.delivered_workflows": 1 });
      const linked = telemetry.spans.filter(({ name, links }) => name === "pass ordering" && links.length > 0);
      expect(linked.map((span) => linksTo(span, delivery.spanContext()))).toEqual([true]);
    });

    it("begins anew where another trace is under way, with a link to it: a caller's, or that of the step that starts it", async () => {
      const { host: newHost, clock } = await open();
      const starts = new WorkflowBuilder<Count>()
        .thenFn("starts", (ctx) => ctx.host.startWorkflow(one, { n: 0 }).then(() => undefined))
        .build("starts", 1);
      const host = await newHost(registers(one, starts));

      await trace.getTracer("of the application").startActiveSpan("request", async (span) => {
        await host.startWorkflow(starts, { n: 0 });
        span.end();
      });
      await clock.settle();

      const [start, inner] = [named("start starts"), named("start one")];
      expect([start.parentSpanContext, inner.parentSpanContext]).toEqual([undefined, undefined]);
      expect([linksTo(start, named("request").spanContext()), linksTo(inner, named("step starts").spanContext())]).toEqual([true, true]);
      expect(new Set(telemetry.roots.map(({ span }) => span.name))).toEqual(new Set(["request", "start starts", "start one"]));
    });

    it("goes on with the trace that the options of the start name", async () => {
      const { host: newHost, clock } = await open();
      const host = await newHost(registers(one));
      const traceId = "0af7651916cd43dd8448eb211c80319c";

      const id = await host.startWorkflow(one, { n: 0 }, { traceContext: { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tenant: "a" } });
      await clock.settle();

      expect(new Set(telemetry.spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
      const start = named("start one");
      expect(start.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
      expect((await host.getWorkflow(id)).traceContext).toEqual({ traceparent: `00-${traceId}-${start.spanContext().spanId}-01`, tenant: "a" });
    });

    it("has a run of a step that was called off, or took too long, end there, and says why", async () => {
      const { host: newHost, clock } = await open();
      const hanging = new WorkflowBuilder<Count>()
        .thenFn("late", () => new Promise<void>(() => undefined))
        .timeout("1m")
        .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: 1 }))
        .build("hanging", 1);
      const host = await newHost(registers(hanging));

      const id = await host.startWorkflow(hanging, { n: 0 });
      await clock.advance("2m");
      await host.terminateWorkflow(id);
      await clock.advance("1m");

      const [late, terminated] = telemetry.spans.filter(({ name }) => name === "step late");
      expect([late?.attributes["error.type"], late?.status.code]).toEqual(["WFE_TIMEOUT", SpanStatusCode.ERROR]);
      expect([terminated?.attributes["wfe.cancel.reason"], terminated?.status.code]).toEqual(["terminated", SpanStatusCode.UNSET]);
      expect(telemetry.open).toEqual([]);
    });

    it("shows a start that was refused", async () => {
      const { host: newHost } = await open();
      const host = await newHost(registers(one));

      await expect(host.startWorkflow(one, { n: 0 }, { id: " " })).rejects.toThrow(RangeError);
      await expect(host.startWorkflow(one, { n: 0 }, { traceContext: "no" as never })).rejects.toThrow("traceContext must be an object");

      expect(named("start one")).toMatchObject({ attributes: { "error.type": "RangeError" }, status: { code: SpanStatusCode.ERROR } });
      expect(await host.countWorkflows()).toBe(0);
    });

    it("is one without a context manager, too", async () => {
      context.disable();
      const { host: newHost, clock } = await open();

      await runOrder(newHost, clock);

      const root = telemetry.roots.filter(({ span }) => span.name === "start ordering");
      expect(`\n${drawn(root)}`).toBe(
        ORDER.split("\n")
          .filter((line) => !line.includes("POST"))
          .join("\n"),
      );
    });

    it("carries baggage to the steps of every host, as far as it fits; the start is not refused for it", async () => {
      options = { propagator: new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }) };
      const { host: newHost, clock } = await open();
      const looks = new WorkflowBuilder<{ seen: string[] }>()
        .delay("1m")
        .thenFn("looks", () => (propagation.getActiveBaggage()?.getAllEntries() ?? []).map(([name, { value }]) => `${name}=${value.length}`))
        .saveAs("seen")
        .build("looks", 1);
      const host = await newHost(registers(looks));
      const start = (entries: Record<string, { value: string }>): Promise<string> =>
        context.with(propagation.setBaggage(context.active(), propagation.createBaggage(entries)), () => host.startWorkflow(looks, { seen: [] }));
      const large = Object.fromEntries(["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((name) => [name, { value: "x".repeat(1_010) }]));

      const small = await start({ tenant: { value: "of mine" } });
      const tooLarge = await start(large);
      const id = await host.startWorkflow(looks, { seen: [] }, { traceContext: { own: "x".repeat(8_180) } });
      await clock.advance("2m");

      expect((await host.getWorkflow(small)).data).toEqual({ seen: ["tenant=7"] });
      const kept = (await host.getWorkflow(tooLarge)).traceContext ?? {};
      expect(Object.entries(kept).join("").length).toBeLessThanOrEqual(8_192);
      expect(kept).toHaveProperty("traceparent");
      expect((await host.getWorkflow(id)).traceContext).toEqual({ own: "x".repeat(8_180) });
    });

    it("goes from the client that starts it to the host that runs it", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const client = await newClient();
      await client.startWorkflow(one, { n: 0 });
      await newHost(registers(one));
      await clock.advance("1m");

      expect(drawn(telemetry.roots)).toBe("start one       host 1\n└─ pass one     host 2\n   └─ step one  host 2");
    });
  },
  { prepare },
);
