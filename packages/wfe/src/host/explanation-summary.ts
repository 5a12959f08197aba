import type { AwaitedEventState, ExplainedError, ExplainedPointer, InstanceReason, LeaseState, PointerReason, WorkflowExplanation } from "wfe-core";
import { unknownDefinitionText } from "./unknown-definition.ts";
import { quoted } from "./way-out.ts";

/** Pointers that a summary names. */
const SHOWN = 5;

/** A few lines for people. */
export function summaryOf(explanation: Omit<WorkflowExplanation, "summary">): string {
  const { name, definitionId, version, status, reasons, pointers, openPointers, unblock, lease, nextLook } = explanation;
  const told = pointers.filter(isTold);
  const shown = told.slice(0, SHOWN);
  const more = openPointers - (pointers.length - told.length) - shown.length;
  const isOver = status === "complete" || status === "terminated";
  return [
    `${name} (${definitionId} ${version}) is ${status}${isOver ? "" : leaseText(lease)}`,
    ...reasons.map((reason) => `- ${reasonText(reason)}`),
    ...shown.map((pointer) => `- ${pointerText(pointer)}`),
    ...(more > 0 ? [`- and ${more} more open pointers`] : []),
    ...(nextLook === undefined ? [] : [`Looked at next at ${shownInstant(nextLook.at)}, at the latest at ${shownInstant(nextLook.atLatest)}`]),
    ...unblock.slice(0, SHOWN).map((way) => `To move it on: ${way}`),
    ...(unblock.length > SHOWN ? [`and ${unblock.length - SHOWN} more like that`] : []),
  ].join("\n");
}

/** One that does more than hold others. */
type Told = ExplainedPointer & { readonly reason: Exclude<PointerReason, { kind: "container" }> };

function isTold(pointer: ExplainedPointer): pointer is Told {
  return pointer.reason.kind !== "container";
}

function leaseText(lease: LeaseState): string {
  if (lease.kind !== "held") return "";
  const owner = lease.owner === undefined ? "" : ` (${lease.owner})`;
  return `; ${lease.here ? "this host" : "another host"}${owner} works on it, with a lease until ${shownInstant(lease.expiresAt)}`;
}

function reasonText(reason: InstanceReason): string {
  switch (reason.kind) {
    case "over":
      return `it has ended at ${shownInstant(reason.since)}${reason.error === undefined ? "" : `: ${errorText(reason.error)}`}`;
    case "suspended":
      if (reason.by === "command") return "it was suspended by suspendWorkflow";
      return `a step has failed for good${reason.since === undefined ? "" : ` at ${shownInstant(reason.since)}`}: ${errorText(reason.error)}`;
    case "unknownDefinition":
      return `${unknownDefinitionText(reason.definition)}; this host leaves it to others`;
    case "due":
      return `it is due since ${shownInstant(reason.since)}, and nobody has begun`;
    case "delivered":
      return `${reason.count === 1 ? "an event was" : `${reason.count} events were`} given to it and not used yet`;
    case "command":
      return `the command ${quoted(reason.command)} is owed to it since ${shownInstant(reason.executeAt)}`;
  }
}

function pointerText({ step, index, attempt, since, reason, compensates }: Told): string {
  const where = `${compensates === undefined ? "the step" : "the compensator"} ${quoted(step)}${index === undefined ? "" : ` (item ${index})`}`;
  return `${where} ${pointerReasonText(reason, attempt)}${since === undefined ? "" : `, since ${shownInstant(since)}`}`;
}

function pointerReasonText(reason: Told["reason"], attempt: number): string {
  switch (reason.kind) {
    case "event":
      return `waits for ${reason.events.map(eventText).join(", or ")}${until(reason.timeoutAt)}`;
    case "activity": {
      const claim =
        reason.claim === undefined ? "claimed by nobody" : `claimed by ${quoted(reason.claim.workerId)} until ${shownInstant(reason.claim.until)}`;
      return `waits for the activity ${quoted(reason.activity)}, ${reason.submitted ? "whose outcome was submitted" : claim}${until(reason.timeoutAt)}`;
    }
    case "child":
      return `waits for the end of the sub-workflow ${childText(reason)}${until(reason.timeoutAt)}`;
    case "time":
      return `${reason.why === "start" ? "is to start" : "sleeps until"} ${reason.why === "start" ? "at " : ""}${shownInstant(reason.until)}`;
    case "retry":
      return `tries again at ${shownInstant(reason.until)}, after ${counted(reason.failures)}${reason.error === undefined ? "" : `: ${errorText(reason.error)}`}`;
    case "poll":
      return `asks ${reason.endpoint?.url ?? "its endpoint"} again at ${shownInstant(reason.until)}${until(reason.endpoint?.deadline)}`;
    case "running":
      return `runs, attempt ${attempt}${reason.abandoned ? ", on a host that is gone: another takes it over" : ""}`;
    case "compensation":
      return `${reason.phase === "compensating" ? "is being undone" : "is to be undone by resumeWorkflow"} because of ${errorText(reason.error)}`;
    case "failed":
      return `has failed at attempt ${attempt}: ${errorText(reason.error)}`;
    case "ready":
      return "is to start";
  }
}

function eventText({ name, key, given, undelivered }: AwaitedEventState): string {
  const event = `the event ${quoted(name)} with the key ${quoted(key)}`;
  if (given !== undefined) return `${event} (given: ${given})`;
  if (undelivered === undefined) return event;
  const when = undelivered.eligibleAt === undefined ? "the next delivery" : shownInstant(undelivered.eligibleAt);
  return `${event} (stored, and given by ${when}: ${undelivered.eventId})`;
}

function childText({ id, workflow }: Extract<PointerReason, { kind: "child" }>): string {
  if (workflow === undefined) return `${quoted(id)}, which is not stored any more`;
  const error = workflow.error === undefined ? "" : ` by ${errorText(workflow.error)}`;
  return `${workflow.name} (${workflow.definitionId} ${workflow.version}), which is ${workflow.status}${error}`;
}

function errorText({ code, message }: ExplainedError): string {
  return `${message} (${code})`;
}

function counted(failures: number): string {
  return failures === 1 ? "1 failure" : `${failures} failures`;
}

function until(instant: Date | undefined): string {
  return instant === undefined ? "" : `, until ${shownInstant(instant)}`;
}

function shownInstant(instant: Date): string {
  return instant.toISOString();
}
