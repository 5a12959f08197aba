import { isWfeError } from "../errors/wfe-error.ts";
import type { MeasuredOutcome } from "../models/measurement.ts";
import type { PassScope } from "./pass-scope.ts";
import { endsStep } from "./result-processor.ts";
import type { BodyOutcome } from "./step-executor.ts";

/** Takes how a run of a body has ended, `undefined` when it was called off. To be called once. */
export type BodyTiming = (outcome: BodyOutcome | undefined) => void;

/** Begins to measure a run of a body. @returns `undefined` when nobody wants to know. */
export function bodyTiming({ services, definition, state }: PassScope, stepId: number): BodyTiming | undefined {
  const { metrics, clock } = services;
  if (metrics === undefined) return undefined;
  const startedMs = clock.monotonic();
  return (outcome) => {
    const { definitionId, version } = state.row;
    metrics.record({
      kind: "stepEnded",
      definitionId,
      version,
      step: definition.step(stepId).name,
      durationMs: clock.monotonic() - startedMs,
      ...described(outcome),
    });
  };
}

function described(outcome: BodyOutcome | undefined): { readonly outcome: MeasuredOutcome; readonly errorCode?: string } {
  if (outcome === undefined) return { outcome: "cancelled" };
  if ("error" in outcome) return { outcome: "failed", errorCode: codeOf(outcome.error) };
  return { outcome: endsStep(outcome.result) ? "completed" : "continued" };
}

function codeOf(thrown: unknown): string {
  try {
    return isWfeError(thrown) ? thrown.code : "WFE_STEP_FAILED";
  } catch {
    return "WFE_STEP_FAILED"; // a proxy, or a getter, that throws when it is looked at
  }
}
