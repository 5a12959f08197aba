import { createHash } from "node:crypto";
import stringify from "safe-stable-stringify";
import type { WorkflowGraph } from "../models/workflow-definition.ts";

/**
 * SHA-256 (hexadecimal) over what an instance depends on: step ids, kinds, step keys, external ids, edges (`next`, the targets of `goTo`),
 * blocks and compensators. Names, functions, durations, retry settings and config may change without making another graph of it.
 */
export function fingerprintOf(graph: WorkflowGraph): string {
  const essence = graph.steps.map((step) => ({
    id: step.id,
    kind: step.kind,
    externalId: step.externalId,
    stepType: step.stepType,
    next: step.next,
    goTo: step.kind === "goTo" ? step.settings?.["target"] : undefined,
    blocks: step.blocks?.map(({ entry, role, value }) => ({ entry, role, value })),
    compensationStep: step.compensationStep,
  }));
  // Canonical: keys in order, `undefined` left out. An array of plain JSON always has a text.
  return createHash("sha256").update(stringify(essence)).digest("hex");
}
