import type { AwaitedEventState, InstanceReason, PointerReason } from "wfe-core";
import { unknownDefinitionWayOut } from "./unknown-definition.ts";

/** What would move a pointer on, in words; `undefined` when it goes on by itself. @param name - Of its instance. */
export function pointerWayOut(reason: PointerReason, name: string): string | undefined {
  switch (reason.kind) {
    case "event":
      return eventWayOut(reason.events);
    case "activity":
      return activityWayOut(reason);
    case "child":
      return childWayOut(reason);
    case "failed":
      return `resumeWorkflow(${quoted(name)})`;
    case "compensation":
      return reason.phase === "suspended" ? resumeOrRetry(name) : undefined;
    default:
      return undefined;
  }
}

/** What would move an instance on whatever its pointers wait for, in words; `undefined` when nothing has to. */
export function instanceWayOut(reason: InstanceReason, name: string, isChild: boolean): string | undefined {
  switch (reason.kind) {
    case "over":
      return reason.status === "terminated" && reason.error !== undefined && !isChild ? `retryWorkflow(${quoted(name)})` : undefined;
    case "suspended":
      return reason.by === "error" ? resumeOrRetry(name) : `resumeWorkflow(${quoted(name)})`;
    case "unknownDefinition":
      return unknownDefinitionWayOut(reason.definition);
    default:
      return undefined;
  }
}

/** A text as it stands in code. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

function resumeOrRetry(name: string): string {
  return `resumeWorkflow(${quoted(name)}), or retryWorkflow(${quoted(name)}) to run failed steps again without compensating them`;
}

/** An event that is stored, and eligible, comes by itself. */
function eventWayOut(events: readonly AwaitedEventState[]): string | undefined {
  const comes = ({ given, undelivered }: AwaitedEventState): boolean =>
    given !== undefined || (undelivered !== undefined && undelivered.eligibleAt === undefined);
  if (events.length === 0 || events.some(comes)) return undefined;
  // The engine's own can be sent by nobody else.
  return events
    .map(({ name, key }) => (name.startsWith("wfe.") ? `the end of the workflow ${quoted(key)}` : `publishEvent(${quoted(name)}, ${quoted(key)}, …)`))
    .join(", or ");
}

function activityWayOut({ activity, claim, submitted }: Extract<PointerReason, { kind: "activity" }>): string | undefined {
  if (submitted) return undefined;
  return claim === undefined
    ? `getPendingActivity(${quoted(activity)}, …), then submitActivitySuccess(token, …)`
    : `submitActivitySuccess(token, …) by the worker ${quoted(claim.workerId)}`;
}

function childWayOut({ workflow }: Extract<PointerReason, { kind: "child" }>): string | undefined {
  if (workflow === undefined) return undefined;
  if (workflow.status === "suspended") return `resumeWorkflow(${quoted(workflow.name)})`;
  return workflow.status === "runnable" ? `what explain(${quoted(workflow.name)}) says` : undefined;
}
