import type { PointerRow, PointerStatus } from "wfe-core";
import type { RunResult } from "better-sqlite3";
import type { Statement } from "./connection.ts";
import { type Text, toInstantOrNull } from "./rows.ts";
import { fromText, toText, toTextOrNull } from "./text.ts";

/** A row of `wfe_pointers`. */
export interface PointerColumns {
  readonly id: Text;
  readonly seq: number;
  readonly step_id: number;
  readonly step_name: Text | null;
  readonly status: PointerStatus;
  readonly scope: string;
  readonly attempt: number;
  readonly retry_count: number;
  readonly crash_count: number;
  readonly result_count: number;
  readonly predecessor_id: Text | null;
  readonly due_at: number | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly end_seq: number | null;
  readonly item: Text | null;
  readonly item_index: number | null;
  readonly persistence_data: Text | null;
  readonly outcome: Text | null;
  readonly event_name: Text | null;
  readonly event_key: Text | null;
  readonly event_data: Text | null;
  readonly compensates: Text | null;
  readonly error: Text | null;
}

export function pointerRow(row: PointerColumns): PointerRow {
  return {
    id: fromText(row.id),
    seq: row.seq,
    stepId: row.step_id,
    status: row.status,
    scope: JSON.parse(row.scope) as readonly string[], // written by pointerValues
    attempt: row.attempt,
    retryCount: row.retry_count,
    crashCount: row.crash_count,
    resultCount: row.result_count,
    ...(row.step_name === null ? {} : { stepName: fromText(row.step_name) }),
    ...(row.predecessor_id === null ? {} : { predecessorId: fromText(row.predecessor_id) }),
    ...(row.due_at === null ? {} : { dueAt: new Date(row.due_at) }),
    ...(row.started_at === null ? {} : { startedAt: new Date(row.started_at) }),
    ...(row.ended_at === null ? {} : { endedAt: new Date(row.ended_at) }),
    ...(row.end_seq === null ? {} : { endSeq: row.end_seq }),
    ...(row.item === null ? {} : { item: fromText(row.item) }),
    ...(row.item_index === null ? {} : { index: row.item_index }),
    ...(row.persistence_data === null ? {} : { persistenceData: fromText(row.persistence_data) }),
    ...(row.outcome === null ? {} : { outcome: fromText(row.outcome) }),
    ...(row.event_name === null ? {} : { eventName: fromText(row.event_name) }),
    ...(row.event_key === null ? {} : { eventKey: fromText(row.event_key) }),
    ...(row.event_data === null ? {} : { eventData: fromText(row.event_data) }),
    ...(row.compensates === null ? {} : { compensates: fromText(row.compensates) }),
    ...(row.error === null ? {} : { error: fromText(row.error) }),
  };
}

/** Columns of `wfe_pointers` besides those of its key. */
export const POINTER_COLUMNS = [
  "seq",
  "step_id",
  "step_name",
  "status",
  "scope",
  "attempt",
  "retry_count",
  "crash_count",
  "result_count",
  "predecessor_id",
  "due_at",
  "started_at",
  "ended_at",
  "end_seq",
  "item",
  "item_index",
  "persistence_data",
  "outcome",
  "event_name",
  "event_key",
  "event_data",
  "compensates",
  "error",
] as const;

/**
 * Runs a statement whose parameters are {@link POINTER_COLUMNS}, then `closed`, `workflow` and `id`. Its values are arguments each: an array of them for
 * every pointer was a sixth of what a commit allocates.
 */
export function runWithPointer(statement: Statement, pointer: PointerRow, closed: 0 | 1, workflow: number): RunResult {
  return statement.run(
    pointer.seq,
    pointer.stepId,
    toTextOrNull(pointer.stepName),
    pointer.status,
    JSON.stringify(pointer.scope),
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
    closed,
    workflow,
    toText(pointer.id),
  );
}
