import type { WorkflowRow } from "../models/workflow-row.ts";
import type { LoadedWorkflow, WorkflowRepository } from "../traits/workflow-repository.ts";

/** What others have changed; with the pointers where a command has come, which may have changed those, too. */
export async function loadChanged(store: WorkflowRepository, { id, revision, controlSeq }: WorkflowRow): Promise<LoadedWorkflow | undefined> {
  const loaded = await store.loadForPass(id, { knownRevision: revision });
  return loaded === undefined || loaded.row.controlSeq === controlSeq ? loaded : store.loadForPass(id);
}
