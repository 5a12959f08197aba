import { isDeepStrictEqual } from "node:util";
import type { PointerRow } from "../../../src/index.ts";
import { endOf, type InstanceRecord, isOpenPointer, shown } from "./record.ts";
import type { Failure } from "./findings.ts";

/** What the walk over an instance has found, as far as its end goes. */
export interface Ends {
  readonly record: InstanceRecord;
  /** Its chain has come to its end, or a step has ended the workflow. */
  readonly isWalked: boolean;
  readonly failures: readonly Failure[];
  /** What sagas have done to the instance when they were undone. */
  readonly sagaFailures: readonly ("suspend" | "terminate")[];
  readonly mayBeTerminated: boolean;
  /** A resume, or a saga that runs again, clears the error. */
  readonly mayHaveBeenCleared: boolean;
  /** What outputs have written. */
  readonly log: readonly { readonly pointer: PointerRow; readonly entry: string }[];
  /** Keys that results have written their pointer's id to. */
  readonly patches: readonly { readonly pointer: PointerRow; readonly key: string }[];
  readonly data: { readonly counts: Readonly<Record<string, number>>; readonly item: string };
}

/** What is wrong with the status, the error and the data that an instance has ended with. */
export function endFaults(ends: Ends): readonly string[] {
  return [...statusFaults(ends), ...errorFaults(ends), ...dataFaults(ends)];
}

function* statusFaults({ record, isWalked, failures, sagaFailures, mayBeTerminated }: Ends): Iterable<string> {
  const { status } = record.row;
  const has = (end: Failure["forGood"]): boolean => failures.some(({ forGood }) => forGood === end) || sagaFailures.some((of) => of === end);
  const open = record.pointers.filter(isOpenPointer);
  if (status === "complete" || status === "terminated") {
    for (const pointer of open) {
      if (pointer.status !== "failed" || status === "complete") yield `${shown(pointer)} is open, and the instance is ${status}`;
    }
  }
  if (has("terminate") && status !== "terminated") yield `a failure is to terminate it, and it is ${status}`;
  if (has("suspend") && status !== "suspended" && status !== "terminated") yield `a failure is to suspend it, and it is ${status}`;
  if (status === "suspended" && !has("suspend")) yield "nothing has suspended it";
  if (status === "terminated" && !has("terminate") && !mayBeTerminated) yield "nothing has terminated it";
  if (status === "complete" && !isWalked) yield "it is complete, and its chain has not come to its end";
  if (status === "runnable" && open.length === 0) yield "it is runnable, and nothing is open";
}

/** The error of an instance is the first failure for good that nothing has cleared. */
function* errorFaults({ record, failures, mayHaveBeenCleared }: Ends): Iterable<string> {
  const { error } = record.row;
  const [first] = failures.map(({ pointer }) => pointer).toSorted((a, b) => endOf(a) - endOf(b));
  if (first === undefined) {
    // One that had suspended the instance, and was cancelled with it.
    const isOfCancelled = record.pointers.some((pointer) => pointer.status === "cancelled" && pointer.error === error);
    if (error !== undefined && !isOfCancelled) yield `nothing has failed for good, and its error is ${error}`;
  } else if (!mayHaveBeenCleared && first.error !== error) {
    yield `its error is ${error ?? "nothing"}, and ${first.error ?? "nothing"} was the first`;
  }
}

/** Outputs write in the order of the ends. */
function* dataFaults({ record, log, patches, data }: Ends): Iterable<string> {
  const byEnd = <T extends { readonly pointer: PointerRow }>(of: readonly T[]): T[] => of.toSorted((a, b) => endOf(a.pointer) - endOf(b.pointer));
  const patched = Object.fromEntries(byEnd(patches).map(({ key, pointer }) => [key, pointer.id]));
  const expected = { ...data, ...patched, log: byEnd(log).map(({ entry }) => entry) };
  if (!isDeepStrictEqual(record.data, expected)) yield `its data are ${JSON.stringify(record.data)}, and ${JSON.stringify(expected)} was to be`;
}
