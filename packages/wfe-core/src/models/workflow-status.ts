/** Every status of an instance. */
export const WORKFLOW_STATUSES = ["runnable", "suspended", "complete", "terminated"] as const;
/** `runnable`: the engine works on it or waits for its next due time; `suspended`: it starts nothing until resumed; the other two are final. */
export type WorkflowStatus = (typeof WORKFLOW_STATUSES)[number];

/** Every status of a pointer. */
export const POINTER_STATUSES = [
  "pending",
  "running",
  "sleeping",
  "waitingForEvent",
  "complete",
  "skipped",
  "failed",
  "compensated",
  "cancelled",
] as const;
/**
 * Status of an execution pointer. `pending`: may start; `running`: its body runs, or it is a container whose block is open;
 * `sleeping`: waits for its due time; `waitingForEvent`: waits for an event; `failed`: gave up and nothing has dealt with it;
 * the rest are closed.
 */
export type PointerStatus = (typeof POINTER_STATUSES)[number];

const OPEN: ReadonlySet<PointerStatus> = new Set<PointerStatus>(["pending", "running", "sleeping", "waitingForEvent", "failed"]);

/** Whether a pointer of this status holds its container and its instance open. */
export function isOpen(status: PointerStatus): boolean {
  return OPEN.has(status);
}

/** Whether an instance of this status is over. */
export function isFinal(status: WorkflowStatus): boolean {
  return status === "complete" || status === "terminated";
}
