import type { Behavior, BodyNode, Failures, Node, Undo } from "./tree.ts";

/** What a step inherits from where it stands. */
export interface Surroundings {
  /** Of the nearest container that has one; a saga's says something else. */
  readonly inherited: Behavior | undefined;
  /** Whether it stands in a saga. */
  readonly inSaga: boolean;
  /** The definition's own. */
  readonly byDefault: Behavior | undefined;
}

/** What follows when a step has failed for good. */
export type Verdict = "suspend" | "terminate" | "compensate";

/**
 * How often a step fails and what becomes of it: it completes, or the last failure is for good. One that is broken until it is mended may do
 * either, after any number of failures up to that.
 */
export interface Fate {
  readonly failures: number;
  readonly forGood: Verdict | undefined;
  /** The other end is as good, with fewer failures. */
  readonly mayComplete: boolean;
}

/** Inherited from the engine: every 60 s, 3 times. */
const ENGINE_DEFAULT: Behavior = { kind: "retry", max: 3 };
const SUCCEEDS: Fate = { failures: 0, forGood: undefined, mayComplete: true };

/** What follows a failure of a step: its own, the container's, what compensates, the definition's, the engine's. */
function behaviorAt(own: Behavior | undefined, hasUndo: boolean, { inherited, inSaga, byDefault }: Surroundings): Behavior {
  return own ?? inherited ?? (hasUndo || inSaga ? { kind: "compensate" } : (byDefault ?? ENGINE_DEFAULT));
}

/** What the failures of a step lead to. @param retryable - Whether a retry is any good, or must be the step's own. */
function fateOf(
  fails: Failures | undefined,
  node: { readonly onError?: Behavior; readonly undo?: Undo },
  around: Surroundings,
  retryable: "always" | "ifOwn" | "never" = "always",
): Fate {
  if (fails === undefined || fails === 0) return SUCCEEDS;
  const hasUndo = node.undo !== undefined;
  const behavior = behaviorAt(node.onError, hasUndo, around);
  const exhausted = behavior.kind === "retry" ? (behavior.end ?? (hasUndo || around.inSaga ? "compensate" : "suspend")) : behavior.kind;
  const retries = behavior.kind !== "retry" || retryable === "never" || (retryable === "ifOwn" && node.onError === undefined) ? 0 : behavior.max;
  return led(fails, retries, exhausted);
}

/** The same of a body, which fails in each of its runs: a result sets the count of failures back. Its mapping runs for the last result alone. */
function fateOfBody(node: BodyNode, around: Surroundings): Fate {
  const fate = fateOf(node.fails, node, around, node.at === "forGood" ? "never" : "always");
  const isTwo = node.gives !== "value" && node.gives !== "patch" && node.at !== "output";
  return isTwo && fate.forGood === undefined ? { ...fate, failures: 2 * fate.failures } : fate;
}

/**
 * What becomes of any node by itself.
 *
 * @param children - Of a child's step: for each that it has started, whether that was terminated.
 * @param areRetried - Whether any of them may have been terminated with the parent, which then went on: no failure of the step.
 */
export function fateAt(node: Node, around: Surroundings, children: readonly boolean[], areRetried = false): Fate {
  const always = Number.POSITIVE_INFINITY;
  switch (node.kind) {
    case "body":
      return fateOfBody(node, around);
    case "activity":
      if (node.never === true) return fateOf(node.late === undefined ? always : 0, node, around, "ifOwn");
      return fateOf(node.fails, node, around);
    case "poll":
      return fateOf(node.never === true && node.late === undefined ? always : 0, node, around, "ifOwn");
    case "wait":
      if (node.timeout === undefined || node.late !== undefined) return SUCCEEDS;
      return { ...fateOf(always, node, around, "ifOwn"), mayComplete: node.never !== true };
    case "child": {
      // Found out by a schema, each time in the same way.
      if (node.input === "refused") return fateOf(always, node, around, "never");
      if (node.timeout !== undefined) return { ...fateOf(always, node, around, "ifOwn"), mayComplete: true };
      const terminated = children.filter((wasTerminated) => wasTerminated).length;
      if (children.at(-1) === true) return fateOf(always, node, around, "ifOwn");
      if (node.output === "refused") return { ...fateOf(always, node, around, "never"), failures: terminated + 1 };
      const fate = fateOf(terminated, node, around, "ifOwn");
      if (areRetried) return { ...fate, mayComplete: true };
      // The step has begun another child when the instance was resumed.
      return fate.forGood === "suspend" ? { failures: terminated, forGood: undefined, mayComplete: true } : fate;
    }
    case "decide":
      return fateOf(node.value >= node.cases.length && node.otherwise === undefined ? always : 0, node, around, "never");
    case "delay":
    case "if":
    case "each":
      return fateOf(node.fails, node, around);
    case "branch":
    case "outcome":
    case "raise":
    case "schedule":
    case "recur":
    case "while":
    case "parallel":
    case "saga":
    case "again":
    case "skip":
    case "end":
      return SUCCEEDS;
  }
}

/** The same of a compensator, which inherits nothing from containers and is never passed over. */
export function fateOfUndo({ fails, onError }: Undo, byDefault: Behavior | undefined): Fate {
  if (fails === undefined || fails === 0) return SUCCEEDS;
  const behavior = onError ?? (byDefault === undefined ? ENGINE_DEFAULT : byDefault.kind === "compensate" ? { kind: "suspend" as const } : byDefault);
  return behavior.kind === "retry" ? led(fails, behavior.max, behavior.end === "terminate" ? "terminate" : "suspend") : led(fails, 0, behavior.kind);
}

function led(fails: Failures, retries: number, exhausted: Verdict): Fate {
  if (fails === "broken") return { failures: retries + 1, forGood: exhausted, mayComplete: true };
  return fails <= retries
    ? { failures: fails, forGood: undefined, mayComplete: true }
    : { failures: retries + 1, forGood: exhausted, mayComplete: false };
}

/** Only containers hand on their own: what runs behind a step stands in a container that has none. A saga's says something else. */
const HANDS_ON: readonly Node["kind"][] = ["branch", "schedule", "recur", "if", "while", "each", "parallel", "decide"];

/** The behavior that the steps in a node inherit. */
export function inheritedIn(node: Node, inherited: Behavior | undefined): Behavior | undefined {
  if (!HANDS_ON.includes(node.kind)) return inherited;
  return ("onError" in node ? node.onError : undefined) ?? inherited;
}
