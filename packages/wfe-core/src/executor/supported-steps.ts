import { canCompensate } from "../builder/error-behavior-settings.ts";
import { WfeError } from "../errors/wfe-error.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { primitiveOf, runsBody } from "../primitives/primitives.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";

/**
 * Refuses a definition with constructs that this version of the engine can build but not run, so that none is passed over in silence.
 *
 * @throws WfeError `WFE_STEP_KIND_UNSUPPORTED` naming all of them.
 */
export function assertSupported(definition: AnyDefinition): void {
  const { steps, defaultErrorBehavior } = definition.graph;
  const found = steps.flatMap((step) => unsupported(step).map((what) => `${what} (step ${JSON.stringify(step.name)})`));
  if (canCompensate(defaultErrorBehavior)) found.push("compensate as the default error behavior");
  if (found.length === 0) return;
  throw new WfeError(
    "WFE_STEP_KIND_UNSUPPORTED",
    `the definition ${JSON.stringify(definition.id)} version ${definition.version} uses what this version of wfe cannot run yet: ${found.join(", ")}`,
  );
}

function unsupported(step: StepDefinition): readonly string[] {
  const found: string[] = [];
  if (!runsBody(step.kind) && primitiveOf(step.kind) === undefined) found.push(step.kind);
  if (step.compensationStep !== undefined) found.push("compensateWith");
  if (step.functions?.["cancelWhen"] !== undefined) found.push("cancelWhen");
  if (canCompensate(step.errorBehavior)) found.push("compensate as an error behavior");
  return found;
}
