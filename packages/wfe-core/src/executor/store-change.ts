import type { ConflictError } from "../errors/store-errors.ts";
import { isWfeError } from "../errors/wfe-error.ts";
import type { CommitResult, WorkflowChange } from "../models/workflow-change.ts";
import { rowAfter } from "./commit-builder.ts";
import type { ExecutorServices } from "./executor-services.ts";
import type { LeaseAttempts } from "./lease-attempts.ts";
import type { PassScope } from "./pass-scope.ts";

/**
 * Commits what a pass has decided, and tells of it.
 *
 * @returns The store's answer; `refused` when a command or a delivery has come in between, and what was decided is rolled back in memory; `undefined`
 * when another owner has gone on with the instance, or the lease has ended.
 */
export function storeChange(
  services: ExecutorServices,
  attempts: LeaseAttempts,
  scope: PassScope,
  change: WorkflowChange,
): Promise<CommitResult | "refused" | undefined> {
  const { lifecycle } = scope.state.effects;
  return attempts.untilEnd<CommitResult, CommitResult | "refused" | undefined>(
    `a commit of the workflow ${change.workflowId}`,
    () => services.persistence.persistWorkflow(change, new Date(services.clock.now())),
    (result) => {
      scope.state.accept(rowAfter(scope.state.row, change, result));
      scope.checksSizes = false;
      services.committed(change, scope.state.row, result);
      for (const event of lifecycle) services.publish(event);
      return result;
    },
    (error) => refuse(scope, error),
  );
}

function refuse({ state }: PassScope, error: unknown): "refused" | undefined {
  if (!isWfeError(error, "WFE_COMMIT_CONFLICT")) throw error;
  const { reason } = error as ConflictError;
  state.rollback();
  return reason === "revision" || reason === "missing" ? undefined : "refused";
}
