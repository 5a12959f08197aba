import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowRecord, WorkflowRow } from "../models/workflow-row.ts";
import { isOpen } from "../models/workflow-status.ts";
import type { Payloads } from "../runtime/payloads.ts";
import { withoutEnd } from "./pointer-factory.ts";
import { waitOf } from "./pointer-standing.ts";
import { withoutSagaState } from "./saga-state.ts";

/**
 * The pointers of an instance as `retryWorkflow` changes them: failed ones run again with fresh retries, and with them what the termination
 * cancelled that followed from the failure.
 *
 * @returns `undefined` when nothing can be run again: the instance neither is suspended nor was terminated by an error, or it was a child whose
 * parent has heard of its end.
 */
export function retriedPointers(record: WorkflowRecord, payloads: Payloads): readonly PointerRow[] | undefined {
  const { status, pointers, parent } = record;
  const failed = pointers.filter((pointer) => pointer.status === "failed");
  if (status === "suspended") {
    const inside = new Set(failed.flatMap(({ scope }) => scope));
    // A saga that would compensate the failure on resume does not.
    const sagas = pointers
      .filter((pointer) => inside.has(pointer.id) && isOpen(pointer.status) && phaseOf(pointer, payloads) === "suspended")
      .map(withoutSagaState);
    return [...failed.map((pointer) => runsAgain(record, pointer)), ...sagas];
  }
  const [last] = failed;
  if (status !== "terminated" || parent !== undefined || last?.endSeq === undefined) return undefined;
  const { endSeq } = last;
  const cancelled = pointers.filter((pointer) => pointer.status === "cancelled" && (pointer.endSeq ?? 0) > endSeq);
  const again = [last, ...cancelled];
  const containers = new Set(again.flatMap(({ scope }) => scope));
  return again.map((pointer) =>
    containers.has(pointer.id) || phaseOf(pointer, payloads) === "compensating" ? reopened(pointer) : runsAgain(record, pointer),
  );
}

/** How far a saga has been compensated. */
function phaseOf(pointer: PointerRow, payloads: Payloads): unknown {
  if (pointer.error === undefined || pointer.persistenceData === undefined) return undefined;
  return (payloads.decode(pointer.persistenceData, "the state of a saga") as { readonly phase?: unknown } | null)?.phase;
}

function runsAgain(row: WorkflowRow, pointer: PointerRow): PointerRow {
  // Its child was terminated with it: it starts another one. A step of the user's may wait for the end of some other instance.
  const losesChild = waitOf(row, pointer).kind === "child" && pointer.eventData === undefined;
  const resultCount = losesChild ? pointer.resultCount + 1 : pointer.resultCount;
  const status = pointer.dueAt === undefined ? "pending" : "sleeping";
  return { ...withoutEnd(pointer), status, retryCount: 0, crashCount: 0, resultCount, error: undefined };
}

function reopened(pointer: PointerRow): PointerRow {
  return { ...withoutEnd(pointer), status: "running" };
}
