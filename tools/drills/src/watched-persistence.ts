import { ConflictError, type PersistenceProvider, type WorkflowChange } from "wfe";
import { FROZEN_STEP } from "./lost-host-workflows.ts";

/** A commit that the store has refused. */
export interface Refusal {
  readonly workflowId: string;
  readonly reason: string;
}

/**
 * Tells of the commits that the store refuses, and freezes this process when it hands the first result of {@link FROZEN_STEP} over; changes nothing
 * else. A host whose lease has ended in its sleep does not begin a commit: only one that it has begun before shows what the store does with it.
 */
export function watched(persistence: PersistenceProvider, refused: (refusal: Refusal) => void): PersistenceProvider {
  const persistWorkflow: PersistenceProvider["persistWorkflow"] = async (change, now) => {
    if (hasFirstResult(change)) process.kill(process.pid, "SIGSTOP");
    try {
      return await persistence.persistWorkflow(change, now);
    } catch (error) {
      if (error instanceof ConflictError) refused({ workflowId: change.workflowId, reason: error.reason });
      throw error;
    }
  };
  return new Proxy(persistence, {
    get: (target, name) => {
      if (name === "persistWorkflow") return persistWorkflow;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function hasFirstResult({ pointers }: WorkflowChange): boolean {
  return pointers.some(({ stepName, status, attempt }) => stepName === FROZEN_STEP && status === "complete" && attempt === 1);
}
