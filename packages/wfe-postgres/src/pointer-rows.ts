import type { PointerRow, PointerStatus } from "wfe-core";
import { toInstantOrNull } from "./rows.ts";
import { fromText, toText, toTextOrNull } from "./text.ts";

/** The columns of a pointer but for its instance, in the order of the schema's functions. */
export type PointerColumns = readonly [
  id: string,
  seq: number,
  stepId: number,
  stepName: string | null,
  status: PointerStatus,
  scope: string,
  attempt: number,
  retryCount: number,
  crashCount: number,
  resultCount: number,
  predecessorId: string | null,
  dueAt: number | null,
  startedAt: number | null,
  endedAt: number | null,
  endSeq: number | null,
  item: string | null,
  itemIndex: number | null,
  persistenceData: string | null,
  outcome: string | null,
  eventName: string | null,
  eventKey: string | null,
  eventData: string | null,
  compensates: string | null,
  error: string | null,
];

/** An expression that gives {@link PointerColumns} of a pointer `p`. */
export const POINTER_LIST = `json_build_array(p.id, p.seq, p.step_id, p.step_name, p.status, p.scope, p.attempt, p.retry_count, p.crash_count,
  p.result_count, p.predecessor_id, p.due_at, p.started_at, p.ended_at, p.end_seq, p.item, p.item_index, p.persistence_data, p.outcome,
  p.event_name, p.event_key, p.event_data, p.compensates, p.error)`;

export function pointerRow(columns: PointerColumns): PointerRow {
  const [id, seq, stepId, stepName, status, scope, attempt, retryCount, crashCount, resultCount, predecessorId, ...rest] = columns;
  const [dueAt, startedAt, endedAt, endSeq, item, itemIndex, persistenceData, outcome, eventName, eventKey, eventData, compensates, error] = rest;
  return {
    id: fromText(id),
    seq,
    stepId,
    status,
    scope: (JSON.parse(scope) as readonly string[]).map(fromText), // written by pointerValues
    attempt,
    retryCount,
    crashCount,
    resultCount,
    ...(stepName === null ? {} : { stepName: fromText(stepName) }),
    ...(predecessorId === null ? {} : { predecessorId: fromText(predecessorId) }),
    ...(dueAt === null ? {} : { dueAt: new Date(dueAt) }),
    ...(startedAt === null ? {} : { startedAt: new Date(startedAt) }),
    ...(endedAt === null ? {} : { endedAt: new Date(endedAt) }),
    ...(endSeq === null ? {} : { endSeq }),
    ...(item === null ? {} : { item: fromText(item) }),
    ...(itemIndex === null ? {} : { index: itemIndex }),
    ...(persistenceData === null ? {} : { persistenceData: fromText(persistenceData) }),
    ...(outcome === null ? {} : { outcome: fromText(outcome) }),
    ...(eventName === null ? {} : { eventName: fromText(eventName) }),
    ...(eventKey === null ? {} : { eventKey: fromText(eventKey) }),
    ...(eventData === null ? {} : { eventData: fromText(eventData) }),
    ...(compensates === null ? {} : { compensates: fromText(compensates) }),
    ...(error === null ? {} : { error: fromText(error) }),
  };
}

/** Values of a pointer, in the order of {@link PointerColumns}. */
export function pointerValues(pointer: PointerRow): PointerColumns {
  return [
    toText(pointer.id),
    pointer.seq,
    pointer.stepId,
    toTextOrNull(pointer.stepName),
    pointer.status,
    // Each id as it is stored: JSON functions of the server then read all of them.
    JSON.stringify(pointer.scope.map(toText)),
    pointer.attempt,
    pointer.retryCount,
    pointer.crashCount,
    pointer.resultCount,
    toTextOrNull(pointer.predecessorId),
    toInstantOrNull(pointer.dueAt),
    toInstantOrNull(pointer.startedAt),
    toInstantOrNull(pointer.endedAt),
    pointer.endSeq ?? null,
    toTextOrNull(pointer.item),
    pointer.index ?? null,
    toTextOrNull(pointer.persistenceData),
    toTextOrNull(pointer.outcome),
    toTextOrNull(pointer.eventName),
    toTextOrNull(pointer.eventKey),
    toTextOrNull(pointer.eventData),
    toTextOrNull(pointer.compensates),
    toTextOrNull(pointer.error),
  ];
}
