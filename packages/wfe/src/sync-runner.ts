import { type Duration, durationMs, WorkflowTerminatedError } from "wfe-core";
import type { WorkflowHost } from "./host/workflow-host.ts";

/**
 * Starts a workflow, waits for its end and gives its data: the Rust crate's name for `host.runWorkflow`.
 *
 * @param timeout - How long to wait; the instance goes on after it.
 * @throws TimeoutError, WorkflowTerminatedError, WorkflowSuspendedError, and what `startWorkflow` throws.
 */
export async function runWorkflowSync(host: WorkflowHost, definitionId: string, version: number, data: unknown, timeout: Duration): Promise<unknown> {
  durationMs(timeout, "timeout"); // refused before anything starts
  const id = await host.startWorkflow(definitionId, version, data as {}); // checked at run time: the definition is known by name alone
  const end = await host.waitForWorkflow(id, { timeout });
  if (end.status === "terminated") throw new WorkflowTerminatedError(end.id, end.error);
  return end.data;
}
