import { isDeepStrictEqual } from "node:util";
import type { MigrationFaultReason } from "../models/migration.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition, StepKind } from "../models/step-definition.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import { HOLDERS, waitOf } from "./pointer-standing.ts";
import { isPolling } from "./poll.ts";

/** An open pointer that is to stand at another step. */
export interface MovedPointer {
  readonly workflow: Pick<WorkflowRow, "id" | "createdAt">;
  readonly pointer: PointerRow;
  /** Whether something is open directly inside it. */
  readonly hasChildren: boolean;
  /** The step that it stands at; `undefined` where nobody knows its definition. */
  readonly from: StepDefinition | undefined;
  readonly to: StepDefinition;
}

/** What is in the way of a pointer. */
export interface Obstacle {
  readonly reason: MigrationFaultReason;
  readonly problem: string;
}

/** Bodies of the user's: they keep the same kinds of state. */
const BODIES: readonly StepKind[] = ["step", "inline"];

/** What keeps a pointer from going on at another step from where it is; `undefined`: nothing. */
export function obstacleTo(moved: MovedPointer): Obstacle | undefined {
  return kindObstacle(moved) ?? waitObstacle(moved);
}

function kindObstacle(moved: MovedPointer): Obstacle | undefined {
  const { pointer, from, to } = moved;
  if (isUntouched(moved))
    return needsPredecessor(to) ? kind(`it has not begun, and a step of the kind ${to.kind} begins behind its step only`) : undefined;
  const fits =
    from === undefined ? kindsOf(moved).includes(to.kind) : from.kind === to.kind || (BODIES.includes(from.kind) && BODIES.includes(to.kind));
  const was = from === undefined ? `it is ${pointer.status}` : `it is ${pointer.status} in a step of the kind ${from.kind}`;
  if (!fits) return kind(`${was}, with which one of the kind ${to.kind} cannot go on`);
  const isSequential = to.settings?.["parallel"] === false;
  if (to.kind === "forEach" && pointer.status === "running" && (pointer.persistenceData !== undefined) !== isSequential) {
    return kind(`it iterates ${isSequential ? "in parallel" : "sequentially"}, and the other one ${isSequential ? "sequentially" : "in parallel"}`);
  }
  return undefined;
}

/** A pointer that keeps nothing that only one kind of step understands: it begins, or begins anew. */
function isUntouched({ pointer, hasChildren }: MovedPointer): boolean {
  const { status, persistenceData, eventData, eventName, outcome } = pointer;
  const begins = status === "pending" || status === "failed" || status === "sleeping";
  return begins && !hasChildren && [persistenceData, eventData, eventName, outcome].every((kept) => kept === undefined);
}

function needsPredecessor({ kind: kindOfStep }: StepDefinition): boolean {
  return kindOfStep === "outcome" || kindOfStep === "timeout";
}

/** Kinds of steps that a pointer of a definition that nobody knows may stand at, by what it keeps. */
function kindsOf({ workflow, pointer, hasChildren }: MovedPointer): readonly StepKind[] {
  const { status, eventName } = pointer;
  if (isPolling(pointer)) return ["pollEndpoint", ...BODIES];
  if (status === "waitingForEvent") {
    const wait = waitOf(workflow, pointer).kind;
    if (wait !== "event") return [wait === "activity" ? "activity" : "subWorkflow"];
    return eventName === undefined ? ["waitForAny"] : ["waitFor", "waitForAny", ...BODIES];
  }
  if (hasChildren) return [...HOLDERS];
  if (status === "running") return ["saga", "subWorkflow", "pollEndpoint", ...BODIES];
  if (status === "sleeping") return ["delay", "schedule", "recur", ...BODIES];
  if (pointer.outcome !== undefined) return ["outcome"];
  return ["waitFor", "waitForAny", "activity", "subWorkflow", "forEach", "schedule", "recur", ...BODIES];
}

/** Subscriptions stay as they are, so what they wait for has to be what the other step waits for. */
function waitObstacle({ pointer, from, to }: MovedPointer): Obstacle | undefined {
  if (pointer.status !== "waitingForEvent") return undefined;
  const other = (name: string): unknown => to.settings?.[name];
  const waits = (what: string, own: unknown, others: unknown): Obstacle | undefined =>
    isDeepStrictEqual(own, others)
      ? undefined
      : { reason: "wait", problem: `it waits for ${what} ${JSON.stringify(own)}, and the other one for ${JSON.stringify(others)}` };
  switch (to.kind) {
    case "waitFor":
      return waits("the event", pointer.eventName, other("eventName"));
    case "waitForAny":
      if (from !== undefined) return waits("the events", from.settings?.["events"], other("events"));
      return { reason: "wait", problem: "nobody knows by which names it waits for its events: give its definition as from" };
    case "activity":
      return from === undefined ? undefined : waits("the activity", from.settings?.["activity"], other("activity"));
    case "subWorkflow":
      return from === undefined ? undefined : waits("the sub-workflow", from.settings?.["definitionId"], other("definitionId"));
    default:
      return undefined;
  }
}

function kind(problem: string): Obstacle {
  return { reason: "kind", problem };
}
