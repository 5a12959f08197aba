import type { StepDefinition } from "../models/step-definition.ts";

/** Containers in each other, at most. As deep as data may be. */
export const DEEPEST = 200;

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

interface Edge {
  readonly from: StepDefinition;
  readonly to: number;
  readonly place: StepPlace;
  /** What it is, for messages. */
  readonly role: string;
}

/**
 * Follows all edges. Without recursion, because the graph may come from anywhere and be as deep as it likes.
 *
 * @param steps - Not empty, each with the shape of a step.
 */
export function walkGraph(steps: readonly [StepDefinition, ...StepDefinition[]]): GraphWalk {
  const root: StepPlace = { chain: 0, depth: 0, compensates: false };
  const places = new Map<number, StepPlace>([[0, root]]);
  const faults: string[] = [];
  /** The step over which each step was reached. */
  const cameFrom = new Map<number, number>();
  const open = edgesOf(steps[0], root);
  for (let edge = open.pop(); edge !== undefined; edge = open.pop()) {
    const { from, to, place, role } = edge;
    const step = steps[to];
    if (step === undefined) {
      const owner = `${role} of ${shownStep(from)}`;
      faults.push(to === -1 ? `${owner} has no steps` : `${owner} leads to step ${to}, which does not exist`);
    } else if (places.has(to)) {
      faults.push(faultOfRepeat(step, from, isBehind(cameFrom, from.id, to)));
    } else {
      places.set(to, place);
      cameFrom.set(to, from.id);
      for (const next of edgesOf(step, place)) open.push(next); // not spread: a step may have more blocks than a call may have arguments
    }
  }
  return { places, faults };
}

function edgesOf(step: StepDefinition, place: StepPlace): Edge[] {
  const edges: Edge[] = [];
  if (step.next !== undefined) edges.push({ from: step, to: step.next, place: { ...place, before: step }, role: "what follows" });
  if (step.compensationStep !== undefined) {
    const undoing: StepPlace = { chain: step.compensationStep, depth: place.depth, compensates: true };
    edges.push({ from: step, to: step.compensationStep, place: undoing, role: "the compensator" });
  }
  for (const block of step.blocks ?? []) {
    const inside: StepPlace = { chain: block.entry, container: step, depth: place.depth + 1, compensates: place.compensates };
    edges.push({ from: step, to: block.entry, place: inside, role: `the block ${block.role}` });
  }
  return edges;
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
