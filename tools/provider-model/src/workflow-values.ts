import fc from "fast-check";
import {
  type EventRow,
  type ExecutionErrorRow,
  type NewSubscription,
  type NewWorkflow,
  type PointerRow,
  POINTER_STATUSES,
  type ScheduledCommand,
  TERMINATE_COMMAND,
} from "wfe-core";
import { instant } from "wfe-core/test-support";
import { activity, definition, eventId, moment, record, subscriptionId, text, topic, workflowId, workflowName } from "./values.ts";

/** A pointer: its id goes with its seq, as does its end. */
const pointer: fc.Arbitrary<PointerRow> = fc
  .tuple(
    fc.integer({ min: 1, max: 5 }),
    record<Omit<PointerRow, "id" | "seq">>(
      {
        stepId: fc.nat(2),
        stepName: text,
        status: fc.constantFrom(...POINTER_STATUSES),
        scope: fc.subarray(["p4", "p5", "\ud83d", ""]),
        attempt: fc.nat(2),
        retryCount: fc.nat(2),
        crashCount: fc.nat(1),
        resultCount: fc.nat(1),
        predecessorId: fc.constantFrom("p1", ""),
        dueAt: moment,
        startedAt: moment,
        endedAt: moment,
        endSeq: fc.constant(0),
        item: text,
        index: fc.nat(2),
        persistenceData: text,
        outcome: text,
        eventName: text,
        eventKey: text,
        eventData: text,
        compensates: fc.constantFrom("p1", "p2", "p3", "none"),
        error: text,
      },
      ["stepId", "status", "scope", "attempt", "retryCount", "crashCount", "resultCount"],
    ),
  )
  .map(([seq, { endSeq, ...fields }]) => ({ ...fields, id: `p${seq}`, seq, ...(endSeq === undefined ? {} : { endSeq: endSeqOf(seq) }) }));

/** One that compensation may have to undo: few of the others are. */
const compensablePointer: fc.Arbitrary<PointerRow> = fc
  .tuple(pointer, fc.constantFrom("complete" as const, "cancelled" as const, "compensated" as const))
  .map(([{ compensates: _compensates, ...fields }, status]) => ({
    ...fields,
    status,
    attempt: 1 + (fields.attempt % 2),
    endSeq: endSeqOf(fields.seq),
  }));

/** Other than the order of creation, and unique in its instance. */
function endSeqOf(seq: number): number {
  return 20 - seq * 3 + (seq % 2);
}

/** Pointers of one instance. */
export const pointers: fc.Arbitrary<readonly PointerRow[]> = fc.uniqueArray(fc.oneof(pointer, compensablePointer), {
  selector: ({ id }) => id,
  maxLength: 3,
});

const workflowFields = record<Omit<NewWorkflow, "definitionId" | "version" | "fingerprint">>(
  {
    id: workflowId,
    name: workflowName,
    data: text,
    inputDigest: fc.constantFrom("d".repeat(64), "e".repeat(64)),
    createdAt: fc.nat(2).map((step) => instant(step)),
    dueAt: moment,
    reference: fc.constantFrom("r1", "r2", "r\u0000"),
    description: text,
    parent: record<NonNullable<NewWorkflow["parent"]>>({ workflowId, pointerId: fc.constant("p1"), depth: fc.constant(1) }, [
      "workflowId",
      "pointerId",
      "depth",
    ]),
    rootWorkflowId: workflowId,
    traceContext: fc.dictionary(fc.constantFrom("traceparent", "baggage"), text),
    pointers,
  },
  ["id", "name", "data", "inputDigest", "createdAt", "pointers"],
);

/** A new instance; its name is its own, unless it is to meet another. */
export const newWorkflow: fc.Arbitrary<NewWorkflow> = fc
  .tuple(workflowFields, definition, fc.integer({ min: 0, max: 4 }))
  .map(([workflow, { id, version, fingerprint }, meets]) => ({
    ...workflow,
    name: meets === 4 ? workflow.name : `name of ${workflow.id}`,
    definitionId: id,
    version,
    fingerprint,
  }));

/** An event; often of the topic that most wait for. */
export const newEvent: fc.Arbitrary<EventRow> = fc
  .tuple(topic, record<Omit<EventRow, "name" | "key">>({ id: eventId, data: text, time: moment, eligibleAt: moment }, ["id", "time"]), fc.boolean())
  .map(([{ name, key }, { eligibleAt, ...fields }, waits]) => ({
    ...fields,
    name,
    key,
    ...(waits && eligibleAt !== undefined ? { eligibleAt } : {}),
  }));

/** The event of an end, as a command brings it along. */
export const completedEvent: fc.Arbitrary<Omit<EventRow, "time" | "eligibleAt">> = newEvent.map(
  ({ time: _time, eligibleAt: _eligibleAt, ...event }) => event,
);

/** A subscription, now and then of an activity. */
export const newSubscription: fc.Arbitrary<NewSubscription> = fc
  .tuple(
    topic,
    record<Omit<NewSubscription, "name" | "key">>(
      {
        id: subscriptionId,
        pointerId: fc.constantFrom("p1", "p2", "\u0000"),
        bound: fc.oneof(
          { weight: 3, arbitrary: fc.constant({ storedAfter: "creation" as const }) },
          { weight: 1, arbitrary: moment.map((effectiveDate) => ({ effectiveDate })) },
        ),
        activity,
        input: text,
      },
      ["id", "pointerId", "bound"],
    ),
  )
  .map(([{ name, key }, { input, ...fields }]) => ({
    ...fields,
    name,
    key,
    ...(fields.activity === undefined || input === undefined ? {} : { input }),
  }));

/** A command, often of a name and data that waits already. */
export const scheduledCommand: fc.Arbitrary<ScheduledCommand> = record<ScheduledCommand>(
  { name: fc.constantFrom(TERMINATE_COMMAND, "c\u0000"), data: fc.constantFrom("w1", "w2", "\ud83d"), executeAt: moment },
  ["name", "data", "executeAt"],
);

/** A failed attempt of an instance that is known later. */
export const executionError: fc.Arbitrary<Omit<ExecutionErrorRow, "workflowId">> = record<Omit<ExecutionErrorRow, "workflowId">>(
  {
    pointerId: fc.constantFrom("p1", "\ud83d"),
    step: text,
    attempt: fc.nat(2),
    at: moment,
    code: fc.constantFrom("WFE_STEP_FAILED", "WFE_TIMEOUT"),
    message: text,
    stack: text,
    data: text,
  },
  ["pointerId", "step", "attempt", "at", "code", "message"],
);
