import type { AnyFunctionStep, AnyStep, StepClass, StepRef } from "../traits/step-body.ts";
import { stepNode, type StepNode } from "./step-node.ts";
import type { WorkflowDraft } from "./workflow-draft.ts";

/**
 * A step that runs a registered body: a class, a function step, or one named by its key. The class or function stands in the definition's
 * functions under `{step number}.body`, so that the host can register it with the definition.
 *
 * @param input - The selector of a function step's input.
 */
export function bodyNode(draft: WorkflowDraft, step: unknown, input: unknown): StepNode {
  if (isClass(step)) {
    const stepType = step.stepType ?? step.name;
    if (stepType === "") draft.fault(() => "a class without a name is used as a step: name it, or give it `static readonly stepType`");
    return stepNode("step", stepType, { stepType, stepForm: "class", functions: { body: step } });
  }
  if (isNamed(step, "function")) {
    const { stepType } = step as AnyFunctionStep;
    return stepNode("step", stepType, { stepType, stepForm: "function", functions: { body: step }, inputs: input === undefined ? [] : [input] });
  }
  if (isNamed(step, "stepRef")) {
    const { stepType } = step as StepRef<AnyStep>;
    return stepNode("step", stepType, { stepType, stepForm: "class" });
  }
  draft.fault(() => `${shown(step)} is no step: give a class with a run method, the result of defineStep or stepRef, or use thenFn(name, fn)`);
  return stepNode("step", "?", { stepType: "?", stepForm: "class" });
}

function isClass(step: unknown): step is StepClass<AnyStep> {
  // An arrow function has no prototype: it is no class, and most likely meant for thenFn.
  return typeof step === "function" && typeof step.prototype === "object";
}

function isNamed(step: unknown, kind: "function" | "stepRef"): boolean {
  return (
    typeof step === "object" &&
    step !== null &&
    (step as { kind?: unknown }).kind === kind &&
    typeof (step as { stepType?: unknown }).stepType === "string"
  );
}

function shown(step: unknown): string {
  if (typeof step === "function") return `the function ${step.name === "" ? "without a name" : step.name}`;
  if (typeof step !== "object" || step === null) return String(step);
  const name = (Object.getPrototypeOf(step) as { constructor?: { name?: string } } | null)?.constructor?.name;
  return name === undefined || name === "Object" ? "an object" : `an instance of ${name}`;
}
