import { isOpen, type PointerRow } from "wfe-core";
import type { Violations } from "./violations.ts";

/** What a write of a pointer is part of. */
export interface PointerWrite {
  readonly workflowId: string;
  readonly wasSuspended: boolean;
  /** Whether the commit takes the instance to another version: its pointers stand at other steps then. */
  readonly isMigrated: boolean;
  /** The latest that any wall clock has shown so far, in milliseconds since the epoch. */
  readonly latestNowMs: number;
  /** Whether a step runs code; what belongs to the engine begins and ends within a commit. */
  isBody(stepId: number): boolean;
  /** Whether a body of this pointer has started with this attempt. */
  hasStarted(pointerId: string, attempt: number): boolean;
}

/** Of what has slept: it has gone on. */
const GOES_ON: readonly PointerRow["status"][] = ["pending", "running", "complete"];

/** Compares a pointer that a commit writes with what the store had: I1, I4, I5 and I8. */
export function checkPointer(violations: Violations, write: PointerWrite, before: PointerRow | undefined, after: PointerRow): void {
  const shown = `${write.workflowId}/${after.id} (${after.stepName ?? after.stepId})`;
  const starts = after.attempt - (before?.attempt ?? 0);
  const isBody = write.isBody(after.stepId);
  violations.expect(!(write.wasSuspended && starts > 0), "I5", () => `${shown} is started by a commit of a suspended instance`);
  violations.expect(!isBody || starts <= 1, "I4", () => `${shown} goes from attempt ${before?.attempt ?? 0} to ${after.attempt} in one commit`);
  violations.expect(!isBody || starts !== 1 || after.status === "running", "I4", () => `${shown} counts a start and is stored as ${after.status}`);
  if (before === undefined) return;
  violations.expect(
    starts >= 0 || !write.hasStarted(after.id, before.attempt),
    "I4",
    () => `${shown} forgets attempt ${before.attempt}, whose body has started`,
  );
  const sleepsOn = before.status === "sleeping" && before.dueAt !== undefined && before.dueAt.getTime() > write.latestNowMs;
  violations.expect(
    !sleepsOn || !GOES_ON.includes(after.status),
    "I1",
    () => `${shown} sleeps until ${before.dueAt?.toISOString()}, and is ${after.status} before that`,
  );
  // One that was stored as running, and was not started: a claim says the same again.
  const isClaimed = after.status === "running" && !write.hasStarted(after.id, after.attempt);
  violations.expect(isClaimed || JSON.stringify(before) !== JSON.stringify(after), "I8", () => `${shown} is written without a change`);
  violations.expect(after.seq === before.seq && (write.isMigrated || after.stepId === before.stepId), "I2", () => `${shown} becomes another pointer`);
  violations.expect(after.resultCount >= before.resultCount, "I4", () => `${shown} loses a result that was committed`);
  if (isOpen(before.status)) return;
  violations.expect(!isOpen(after.status), "I4", () => `${shown} was ${before.status} and is open again: ${after.status}`);
  const isUndone = after.status === "compensated" && (before.status === "complete" || before.status === "cancelled");
  violations.expect(
    isOpen(after.status) || after.status === before.status || isUndone,
    "I4",
    () => `${shown} was ${before.status} and becomes ${after.status}`,
  );
}
