import type { WorkflowRow } from "../models/workflow-row.ts";
import type { LoadedWorkflow, WorkflowRepository, WorkflowSignals } from "../traits/workflow-repository.ts";

/** What others have changed; with the pointers where a command has come, which may have changed those, too. */
export async function loadChanged(store: WorkflowRepository, { id, revision, controlSeq }: WorkflowRow): Promise<LoadedWorkflow | undefined> {
  const loaded = await store.loadForPass(id, { knownRevision: revision });
  return loaded === undefined || loaded.row.controlSeq === controlSeq ? loaded : store.loadForPass(id);
}

/**
 * Whether others have changed an instance since a row of it was read; of one that is not read yet nobody asks. A revision ahead is a commit of its
 * own pass that has no answer yet, or one of somebody else: a migration needs no lease.
 */
export function isBehind(row: WorkflowRow | undefined, { controlSeq, inboxSeq, revision }: WorkflowSignals): boolean {
  return row !== undefined && (row.controlSeq !== controlSeq || row.inboxSeq !== inboxSeq || row.revision < revision);
}

/** Whether an instance was taken to another version, or another graph, between two readings. */
export function isMigrated(before: WorkflowRow, { version, fingerprint }: WorkflowRow): boolean {
  return before.version !== version || before.fingerprint !== fingerprint;
}
