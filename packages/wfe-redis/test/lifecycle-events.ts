import type { LifecycleEvent } from "wfe-core";

/** An event of an instance, told from others by its version. */
export function startedEvent(workflowId: string, version = 1): LifecycleEvent {
  return { workflowId, definitionId: "d", version, reference: "r", at: new Date(1_700_000_000_123), type: "started" };
}
