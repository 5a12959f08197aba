import {
  type Attributes,
  type Context,
  context,
  type Exception,
  type Link,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { isWfeError } from "wfe-core";
import { ERROR_TYPE } from "./attributes.ts";

/** What came of a call into the SDK, `undefined` when it has thrown: what goes wrong with a trace is no matter of the workflow. */
export function harmless<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

/** A span that never throws, and ends once. */
export class HarmlessSpan {
  readonly #span: Span;
  readonly context: Context;
  #isOver = false;

  /** @param parent - The context it was started in. */
  constructor(span: Span, parent: Context) {
    this.#span = span;
    this.context = trace.setSpan(parent, span);
  }

  get spanContext(): SpanContext | undefined {
    return harmless(() => this.#span.spanContext());
  }

  say(attributes: Attributes): void {
    harmless(() => this.#span.setAttributes(attributes));
  }

  link(link: Link): void {
    harmless(() => this.#span.addLink(link));
  }

  /** Something was thrown; by the semantic conventions: `error.type`, an exception event, and the status. */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    const type = errorType(thrown);
    this.say({ [ERROR_TYPE]: type });
    harmless(() => this.#span.recordException(exceptionOf(thrown, type)));
    harmless(() => this.#span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(thrown) }));
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    harmless(() => this.#span.end());
  }
}

/** Runs work in a context; without it where the context manager fails. */
export function within<T>(inner: Context, work: () => Promise<T>): Promise<T> {
  let running: Promise<T> | undefined;
  harmless(() =>
    context.with(inner, () => {
      running = work();
    }),
  );
  return running ?? work();
}

/** The code of the engine's own errors, the name of others; of few values either way. */
function errorType(thrown: unknown): string {
  return harmless(() => (isWfeError(thrown) ? thrown.code : thrown instanceof Error ? thrown.name : undefined)) ?? "_OTHER";
}

function exceptionOf(thrown: unknown, type: string): Exception {
  const stack = harmless(() => (thrown instanceof Error ? thrown.stack : undefined));
  return { name: type, message: messageOf(thrown), ...(stack === undefined ? {} : { stack }) };
}

function messageOf(thrown: unknown): string {
  return harmless(() => (thrown instanceof Error ? thrown.message : String(thrown))) ?? "a value that cannot be shown";
}
