import { type Context, context, createContextKey, type SpanContext } from "@opentelemetry/api";
import { harmless, type HarmlessSpan } from "./harmless-span.ts";

/** Deliveries that wait for the pass that takes up what they have brought, at most. */
const MOST_DELIVERIES = 10_000;

interface Pass {
  readonly workflowId: string;
  readonly span: HarmlessSpan;
  readonly context: Context;
}

const PASS = createContextKey("wfe pass");

/** The spans of the passes of this process, by instance: parents of their steps, and what deliveries are linked to. */
export class RunningPasses {
  readonly #passes = new Map<string, Pass>();
  readonly #delivered = new Map<string, SpanContext>();

  /** @returns The context for what belongs to the pass. */
  begin(workflowId: string, span: HarmlessSpan): Context {
    const pass: Pass = { workflowId, span, context: span.context };
    this.#passes.set(workflowId, pass);
    const delivery = this.#delivered.get(workflowId);
    this.#delivered.delete(workflowId);
    if (delivery !== undefined) span.link({ context: delivery });
    return span.context.setValue(PASS, pass);
  }

  end(workflowId: string, span: HarmlessSpan): void {
    if (this.#passes.get(workflowId)?.span === span) this.#passes.delete(workflowId);
  }

  /** The context of the pass of an instance that this call is part of; `undefined` when there is none. */
  contextOf(workflowId: string): Context | undefined {
    // Two hosts of one process may be at one instance at the same time, when one has lost its lease: the call itself knows best where it comes from.
    const own = harmless(() => context.active().getValue(PASS)) as Pass | undefined;
    return (own?.workflowId === workflowId ? own : this.#passes.get(workflowId))?.context;
  }

  /** An instance was given something by a delivery: it is linked to the pass that runs, or else to the next one. */
  delivered(workflowId: string, delivery: SpanContext): void {
    const running = this.#passes.get(workflowId);
    if (running !== undefined) return running.span.link({ context: delivery });
    this.#delivered.set(workflowId, delivery);
    const [oldest] = this.#delivered.keys();
    if (this.#delivered.size > MOST_DELIVERIES && oldest !== undefined) this.#delivered.delete(oldest); // taken up by another process, for the most part
  }
}
