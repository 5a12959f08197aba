import { hasRole, type StepDefinition, type StepKind } from "../models/step-definition.ts";
import { canCompensate } from "./error-behavior-settings.ts";
import { type GraphWalk, shownStep, type StepPlace } from "./graph-walk.ts";

/** External ids that two steps have. */
export function externalIdFaults(steps: readonly StepDefinition[]): readonly string[] {
  const owners = new Map<string, StepDefinition>();
  const faults: string[] = [];
  for (const step of steps) {
    if (step.externalId === undefined) continue;
    const owner = owners.get(step.externalId);
    if (owner === undefined) owners.set(step.externalId, step);
    else faults.push(`${shownStep(owner)} and ${shownStep(step)} have the same id ${JSON.stringify(step.externalId)}`);
  }
  return faults;
}

/**
 * `goTo`s without a target, and those whose target stands neither in their own chain nor in one that encloses it through containers of one
 * open chain: leaving any other would leave its other chains without an owner.
 */
export function goToFaults(steps: readonly StepDefinition[], places: GraphWalk["places"]): readonly string[] {
  return steps.flatMap((step) => {
    const place = places.get(step.id);
    const targetId = step.settings?.["target"];
    if (step.kind !== "goTo" || place === undefined || typeof targetId !== "string") return [];
    const target = steps.find((candidate) => candidate.externalId === targetId);
    if (target === undefined) return [`${shownStep(step)} goes to ${JSON.stringify(targetId)}, but no step has that id`];
    const targetPlace = places.get(target.id);
    if (targetPlace === undefined) return []; // reported as unreachable
    const reached = canReach(place, targetPlace.chain, places);
    return reached === true ? [] : [`${shownStep(step)} cannot go to ${shownStep(target)}, which ${reached}`];
  });
}

/** What is refused inside compensators: what would leave them, and compensators of their own. */
export function compensatorFaults(steps: readonly StepDefinition[], places: GraphWalk["places"]): readonly string[] {
  return steps.flatMap((step) => {
    if (places.get(step.id)?.compensates !== true) return [];
    const faults: string[] = [];
    if (step.kind === "goTo" || step.kind === "end")
      faults.push(`${shownStep(step)} stands in a compensator, which cannot be left with ${step.kind === "end" ? "endWorkflow" : "goTo"}`);
    if (step.compensationStep !== undefined) faults.push(`${shownStep(step)} stands in a compensator and cannot have one itself`);
    if (canCompensate(step.errorBehavior)) faults.push(`${shownStep(step)} stands in a compensator: its onError cannot be compensate`);
    return faults;
  });
}

/** Blocks for the end of a limit that a wait does not have. A poll always has one. */
export function timeoutFaults(steps: readonly StepDefinition[], places: GraphWalk["places"]): readonly string[] {
  return steps.flatMap((step) => {
    const wait = places.get(step.id)?.before;
    if (step.kind !== "timeout" || wait === undefined || !(["waitFor", "waitForAny", "activity"] as readonly StepKind[]).includes(wait.kind))
      return [];
    const limited = hasRole(wait, "timeout") || wait.settings?.["timeoutMs"] !== undefined;
    return limited ? [] : [`${shownStep(wait)} has an onTimeout block but no timeout: give its verb the option`];
  });
}

function canReach(from: StepPlace, targetChain: number, places: GraphWalk["places"]): true | string {
  let place = from;
  while (place.chain !== targetChain) {
    const { container } = place;
    if (container === undefined) return "stands in no chain that encloses it";
    if (!canBeLeft(container)) return `stands outside the ${describe(container)} that encloses it: that cannot be left by goTo`;
    place = places.get(container.id) as StepPlace; // a step is reached over its container, so that one has a place
  }
  return true;
}

function canBeLeft(container: StepDefinition): boolean {
  switch (container.kind) {
    case "if":
    case "while":
    case "decide":
    case "outcome":
    case "timeout":
      return true;
    case "forEach":
      return container.settings?.["parallel"] === false;
    default:
      return false;
  }
}

function describe(container: StepDefinition): string {
  return container.kind === "forEach" ? "parallel forEach" : container.kind;
}
