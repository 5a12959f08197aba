import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";

/** What a host that has just created an instance knows of it. */
export interface CreatedInstance {
  readonly row: WorkflowRow;
  readonly pointers: readonly PointerRow[];
  /** Whether its lease was held from its creation on: nobody else can have touched it, so it is not loaded. */
  readonly isLeased: boolean;
}
