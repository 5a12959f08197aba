import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapPropagator,
  trace,
} from "@opentelemetry/api";
import type { TraceContext } from "wfe-core";

/** What an instance may keep, in bytes: see `StartOptions.traceContext`. */
const LONGEST = 8_192;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** Puts contexts into what instances keep, and takes them out again. */
export class Carrier {
  readonly #propagator: Pick<TextMapPropagator, "inject" | "extract">;

  /** @default propagator the one of the process, and where that knows of no span, as without an SDK that has set one: `traceparent` */
  constructor(propagator: TextMapPropagator | undefined) {
    this.#propagator = propagator ?? {
      inject: (context, carrier) => propagation.inject(context, carrier),
      extract: (context, carrier) => propagation.extract(context, carrier),
    };
  }

  /**
   * What an instance is to keep of a context. Baggage that would not fit is left out: a start is not refused for it.
   *
   * @param given - What its caller has given for it already.
   */
  of(context: Context, given: TraceContext): TraceContext {
    for (const attempt of [context, propagation.deleteBaggage(context)]) {
      const carrier = { ...given, ...this.#injected(attempt) };
      if (sizeOf(carrier) <= LONGEST) return carrier;
    }
    return given;
  }

  /** The context that an instance keeps; an empty one when it keeps none. */
  context(kept: TraceContext | undefined): Context {
    if (kept === undefined) return ROOT_CONTEXT;
    const context = this.#propagator.extract(ROOT_CONTEXT, kept, defaultTextMapGetter);
    if (trace.getSpanContext(context) !== undefined) return context;
    const parent = parsed(kept["traceparent"]);
    return parent === undefined ? context : trace.setSpanContext(context, parent);
  }

  #injected(context: Context): TraceContext {
    const carrier: Record<string, string> = {};
    this.#propagator.inject(context, carrier, defaultTextMapSetter);
    const span = trace.getSpanContext(context);
    if (span === undefined || !isSpanContextValid(span) || this.#knowsSpan(carrier)) return carrier;
    return { ...carrier, traceparent: `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, "0")}` };
  }

  #knowsSpan(carrier: TraceContext): boolean {
    return trace.getSpanContext(this.#propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)) !== undefined;
  }
}

function sizeOf(carrier: TraceContext): number {
  return Object.entries(carrier).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(String(value)), 0);
}

function parsed(traceparent: unknown): SpanContext | undefined {
  const [, traceId, spanId, flags] = typeof traceparent === "string" ? (TRACEPARENT.exec(traceparent) ?? []) : [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}
