import { type Context, context, type Link, ROOT_CONTEXT, type SpanOptions, SpanKind, trace, type TracerProvider } from "@opentelemetry/api";
import {
  type DeliveryContext,
  isEngineEvent,
  isWfeError,
  type Middleware,
  type PassContext,
  type StartContext,
  type StepExecutionContext,
  type StepResult,
  type TraceContext,
  type WorkflowId,
} from "wfe-core";
import { stepAttributes, WFE, workflowAttributes } from "./attributes.ts";
import type { Carrier } from "./carrier.ts";
import { harmless, HarmlessSpan, within } from "./harmless-span.ts";
import { RunningPasses } from "./running-passes.ts";

/** Names and ids of events that a delivery shows at most. */
const MOST_SHOWN = 20;

/** A span for each start, pass, run of a step, and delivery; all of one workflow in one trace, which the instance carries from host to host. */
export class TracingMiddleware implements Middleware {
  readonly #provider: TracerProvider;
  readonly #carrier: Carrier;
  readonly #passes = new RunningPasses();

  constructor(provider: TracerProvider, carrier: Carrier) {
    this.#provider = provider;
    this.#carrier = carrier;
  }

  async aroundStart(ctx: StartContext, next: () => Promise<WorkflowId>): Promise<WorkflowId> {
    const given: unknown = ctx.options.traceContext;
    // What is no object the start refuses; what is one may name a trace to go on with.
    if (given !== undefined && (typeof given !== "object" || given === null)) return next();
    const kept = (given ?? {}) as TraceContext;
    const span = this.#start(`start ${ctx.definitionId}`, this.#placeOfStart(kept), {
      kind: SpanKind.PRODUCER,
      attributes: {
        [WFE.definitionId]: ctx.definitionId,
        [WFE.definitionVersion]: ctx.version,
        ...(ctx.options.reference === undefined ? {} : { [WFE.workflowReference]: String(ctx.options.reference) }),
      },
    });
    if (span === undefined) return next();
    const traceContext = harmless(() => this.#carrier.of(span.context, kept)) ?? kept;
    if (given !== undefined || Object.keys(traceContext).length > 0) ctx.options = { ...ctx.options, traceContext };
    return this.#during(span, span.context, async () => {
      const id = await next();
      span.say({ [WFE.workflowId]: id });
      return id;
    });
  }

  async aroundWorkflow({ workflow }: PassContext, next: () => Promise<void>): Promise<void> {
    const span = this.#start(
      `pass ${workflow.definitionId}`,
      { parent: this.#contextOf(workflow.traceContext) },
      {
        kind: SpanKind.CONSUMER,
        attributes: workflowAttributes(workflow),
      },
    );
    if (span === undefined) return next();
    const inner = this.#passes.begin(workflow.id, span);
    try {
      await this.#during(span, inner, next);
    } finally {
      this.#passes.end(workflow.id, span);
    }
  }

  async aroundStep(ctx: StepExecutionContext, next: () => Promise<StepResult>): Promise<StepResult> {
    const { workflow, step, compensates, signal } = ctx;
    const parent = this.#passes.contextOf(workflow.id) ?? this.#contextOf(workflow.traceContext);
    const name = `${compensates === undefined ? "step" : "compensate"} ${step.name}`;
    const span = this.#start(name, { parent }, { kind: SpanKind.INTERNAL, attributes: harmless(() => stepAttributes(ctx)) ?? {} });
    if (span === undefined) return next();
    // A body that is called off may go on for ever; to the engine it has ended.
    const calledOff = (): void => {
      if (isWfeError(signal.reason, "WFE_CANCELLED")) span.say({ [WFE.callOff]: cancelReason(signal.reason) });
      else span.fail(signal.reason);
      span.end();
    };
    signal.addEventListener("abort", calledOff, { once: true });
    try {
      return await this.#during(span, span.context, next);
    } finally {
      signal.removeEventListener("abort", calledOff);
    }
  }

  async aroundDelivery(ctx: DeliveryContext, next: () => Promise<readonly WorkflowId[]>): Promise<void> {
    // Not the engine's own: the end of a workflow is one.
    const topics = ctx.topics.filter(({ name }) => !isEngineEvent(name));
    if (topics.length === 0) return void (await next());
    const ids = topics.flatMap(({ eventIds }) => eventIds);
    const span = this.#start(
      "deliver events",
      { parent: ROOT_CONTEXT },
      {
        kind: SpanKind.INTERNAL,
        attributes: {
          [WFE.eventNames]: [...new Set(topics.map(({ name }) => name))].slice(0, MOST_SHOWN),
          [WFE.eventIds]: ids.slice(0, MOST_SHOWN),
        },
      },
    );
    if (span === undefined) return void (await next());
    await this.#during(span, span.context, async () => {
      const workflowIds = await next();
      span.say({ [WFE.deliveredCount]: workflowIds.length });
      const { spanContext } = span;
      if (spanContext !== undefined) for (const id of workflowIds) this.#passes.delivered(id, spanContext);
    });
  }

  /** A trace of its own, linked to who starts it; or the one that the caller has named. */
  #placeOfStart(kept: TraceContext): Place {
    const active = harmless(() => context.active()) ?? ROOT_CONTEXT;
    const named = this.#contextOf(kept);
    if (trace.getSpanContext(named) !== undefined) return { parent: named };
    const starter = trace.getSpanContext(active);
    // Its baggage goes along.
    return { parent: trace.deleteSpan(active), links: starter === undefined ? [] : [{ context: starter }] };
  }

  #contextOf(kept: TraceContext | undefined): Context {
    return harmless(() => this.#carrier.context(kept)) ?? ROOT_CONTEXT;
  }

  #start(name: string, { parent, links = [] }: Place, options: SpanOptions): HarmlessSpan | undefined {
    return harmless(() => new HarmlessSpan(this.#provider.getTracer("wfe").startSpan(name, { ...options, links: [...links] }, parent), parent));
  }

  async #during<T>(span: HarmlessSpan, inner: Context, work: () => Promise<T>): Promise<T> {
    try {
      return await within(inner, work);
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  }
}

interface Place {
  readonly parent: Context;
  readonly links?: readonly Link[];
}

function cancelReason(error: unknown): string {
  return String((error as { readonly reason?: unknown }).reason); // its code says so
}
