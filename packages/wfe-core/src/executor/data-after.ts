import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { hasOutputs, mapOutputs } from "./mappings.ts";
import { contextOf, type PassScope } from "./pass-scope.ts";

/**
 * The data after a step's output mappings and patch.
 *
 * @throws whatever a mapping throws; SerializationError, PayloadTooLargeError.
 */
export function dataAfter(scope: PassScope, step: StepDefinition, pointer: PointerRow, source: unknown, patch?: unknown): unknown {
  const { state, definition } = scope;
  if (!hasOutputs(step, patch)) return state.data;
  const { payloads } = scope.services;
  const data = mapOutputs(definition, step, state.data, source, patch, contextOf(scope, step, pointer), payloads);
  if (scope.checksSizes && data !== state.data) payloads.encode(data, "the data", payloads.limits.data);
  return data;
}
