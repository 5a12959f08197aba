import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import type { LoadedWorkflow } from "../traits/workflow-repository.ts";
import type { ExecutorServices } from "./executor-services.ts";

/** What a host that has just created an instance knows of it. */
export interface CreatedInstance {
  readonly row: WorkflowRow;
  readonly pointers: readonly PointerRow[];
  /** Whether its lease was held so soon that nobody else can have touched it ({@link ownStartEndsAt}), so that it is not loaded. */
  readonly isLeased: boolean;
}

/**
 * Until when an instance that nobody has moved since its creation is its creator's: one that is stored as running begins there without another look
 * at the store, and its creator may have no lease yet. A lease from the creation on, whether it was had or not.
 *
 * @returns `undefined` when any host may go on with it.
 */
export function ownStartEndsAt(
  { row, pointers = [] }: LoadedWorkflow,
  { clock, options }: Pick<ExecutorServices, "clock" | "options">,
): Date | undefined {
  if (row.revision > 0 || row.status !== "runnable" || !pointers.some(({ status }) => status === "running")) return undefined;
  const endMs = row.createdAt.getTime() + options.lockTtlMs;
  return endMs > clock.now() ? new Date(endMs) : undefined;
}
