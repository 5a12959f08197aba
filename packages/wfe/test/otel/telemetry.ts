import { type Context, type SpanContext, SpanStatusCode } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, type Span, type SpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { HostPlugin } from "../../src/index.ts";
import { openTelemetry, type OpenTelemetryOptions } from "../../src/otel/index.ts";

/** A span, with what stands below it. */
export interface SpanNode {
  readonly span: ReadableSpan;
  readonly host: string;
  readonly children: readonly SpanNode[];
}

/** The traces of several processes, as the system that collects them sees them. */
export class Telemetry {
  readonly #started: Span[] = [];
  readonly exporter: InMemorySpanExporter = new InMemorySpanExporter();

  /** What a process of this name is given. Each has a provider of its own, as each process has. */
  plugin(host: string, options: OpenTelemetryOptions = {}): Required<HostPlugin> {
    return openTelemetry({ tracerProvider: this.provider(host), ...options });
  }

  provider(host: string): BasicTracerProvider {
    const order: SpanProcessor = {
      onStart: (span: Span, _context: Context) => void this.#started.push(span),
      onEnd: (span) => this.exporter.export([span], () => undefined),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    return new BasicTracerProvider({ resource: resourceFromAttributes({ "service.instance.id": host }), spanProcessors: [order] });
  }

  /** Those that have ended, in the order in which they were started. */
  get spans(): readonly ReadableSpan[] {
    const ended = new Set(this.exporter.getFinishedSpans());
    return this.#started.filter((span) => ended.has(span));
  }

  /** Those that were started and have not ended. */
  get open(): readonly string[] {
    return this.#started.filter(({ ended }) => !ended).map(({ name }) => name);
  }

  /** The spans that have no parent, each with what stands below it. */
  get roots(): readonly SpanNode[] {
    const known = new Set(this.spans.map((span) => span.spanContext().spanId));
    return this.spans.filter(({ parentSpanContext: parent }) => parent === undefined || !known.has(parent.spanId)).map((span) => this.#node(span));
  }

  #node(span: ReadableSpan): SpanNode {
    const { spanId, traceId } = span.spanContext();
    const below = this.spans.filter(({ parentSpanContext: parent }) => parent?.spanId === spanId && parent.traceId === traceId);
    return { span, host: String(span.resource.attributes["service.instance.id"]), children: below.map((child) => this.#node(child)) };
  }
}

/** Spans as text, each below its parent: name, process, attempts after the first, errors. */
export function drawn(nodes: readonly SpanNode[]): string {
  const lines = nodes.flatMap((node) => linesOf(node, "", ""));
  const width = Math.max(...lines.map(([text]) => text.length));
  return lines.map(([text, more]) => `${text.padEnd(width)}  ${more}`.trimEnd()).join("\n");
}

function linesOf(node: SpanNode, first: string, rest: string): readonly (readonly [text: string, more: string])[] {
  const below = node.children.flatMap((child, index) => {
    const isLast = index === node.children.length - 1;
    return linesOf(child, `${rest}${isLast ? "└─ " : "├─ "}`, `${rest}${isLast ? "   " : "│  "}`);
  });
  return [[`${first}${node.span.name}`, `${node.host}${notes(node.span)}`], ...below];
}

function notes({ attributes, status, links }: ReadableSpan): string {
  const attempt = Number(attributes["wfe.step.attempt"] ?? 1);
  const { "wfe.compensates.step.name": undone, "error.type": type } = attributes;
  return [
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(undone === undefined ? [] : [`undoes ${String(undone)}`]),
    ...(status.code === SpanStatusCode.ERROR ? [`${String(type)}: ${status.message ?? ""}`] : []),
    ...(links.length === 0 ? [] : [`${links.length} ${links.length === 1 ? "link" : "links"}`]),
  ]
    .map((note) => `, ${note}`)
    .join("");
}

/** Whether a link goes to this span. */
export function linksTo({ links }: ReadableSpan, { spanId }: SpanContext): boolean {
  return links.some(({ context }) => context.spanId === spanId);
}
