import type { StepDefinition } from "../models/step-definition.ts";

/** Where a step stands. */
export interface StepPlace {
  /** Id of the first step of its chain. */
  readonly chain: number;
  /** The step directly before it in its chain. */
  readonly before?: StepDefinition;
  /** The step whose block its chain is. */
  readonly container?: StepDefinition;
  /** How many containers enclose it. */
  readonly depth: number;
  /** Whether it is, or stands inside, what undoes another step. */
  readonly compensates: boolean;
}

/** Every step that is reached from the first one, and what is wrong with the edges on the way. */
export interface GraphWalk {
  readonly places: ReadonlyMap<number, StepPlace>;
  readonly faults: readonly string[];
}

/** Name of a step, as messages show it. */
export function shownStep(step: StepDefinition): string {
  return `step ${step.id} ${JSON.stringify(step.name)}`;
}

/**
 * Follows all edges. Without recursion, because the graph may come from anywhere and be as deep as it likes.
 *
 * @param steps - Not empty, each with the shape of a step.
 */
export function walkGraph(steps: readonly StepDefinition[]): GraphWalk {
  const places = new Map<number, StepPlace>();
  const faults: string[] = [];
  /** The step over which each step was reached. */
  const cameFrom = new Map<number, number>();
  const open: { readonly id: number; readonly place: StepPlace; readonly from?: StepDefinition; readonly edge?: string }[] = [
    { id: 0, place: { chain: 0, depth: 0, compensates: false } },
  ];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { id, place, from, edge } = entry;
    const step = steps[id];
    if (step === undefined) {
      faults.push(faultOfMissing(id, from, edge));
      continue;
    }
    if (places.has(id)) {
      if (from !== undefined) faults.push(faultOfRepeat(step, from, isBehind(cameFrom, from.id, id)));
      continue;
    }
    places.set(id, place);
    if (from !== undefined) cameFrom.set(id, from.id);
    if (step.next !== undefined) open.push({ id: step.next, place: { ...place, before: step }, from: step, edge: "what follows" });
    if (step.compensationStep !== undefined) {
      const undoing: StepPlace = { chain: step.compensationStep, depth: place.depth, compensates: true };
      open.push({ id: step.compensationStep, place: undoing, from: step, edge: "the compensator" });
    }
    for (const block of step.blocks ?? []) {
      const inside: StepPlace = { chain: block.entry, container: step, depth: place.depth + 1, compensates: place.compensates };
      open.push({ id: block.entry, place: inside, from: step, edge: `the block ${block.role}` });
    }
  }
  return { places, faults };
}

function faultOfMissing(id: number, from: StepDefinition | undefined, edge: string | undefined): string {
  const owner = from === undefined ? "the workflow" : `${edge} of ${shownStep(from)}`;
  return id === -1 ? `${owner} has no steps` : `${owner} leads to step ${id}, which does not exist`;
}

function faultOfRepeat(step: StepDefinition, from: StepDefinition, cycle: boolean): string {
  return cycle
    ? `${shownStep(from)} leads back to ${shownStep(step)}: edges cannot form a cycle, use whileDo or goTo`
    : `${shownStep(from)} leads to ${shownStep(step)}, which another step leads to already: a step stands in one place`;
}

/** Whether the way to `id` came over `ancestor`. */
function isBehind(cameFrom: ReadonlyMap<number, number>, id: number, ancestor: number): boolean {
  for (let at: number | undefined = id; at !== undefined; at = cameFrom.get(at)) if (at === ancestor) return true;
  return false;
}
