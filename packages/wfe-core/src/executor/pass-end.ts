import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";

/** Why a pass has ended. */
export type PassEnd =
  /** Nothing can be done now: the instance is over, suspended, or waits for an event, or until `dueAt`. */
  | { readonly kind: "idle"; readonly dueAt?: Date }
  /** There is more to do at once, but others wait for the slot, or the host stops. */
  | { readonly kind: "yielded" }
  /** There is no such instance. */
  | { readonly kind: "missing" }
  /** This host does not know the definition by id, version and fingerprint. The pointers are those that were loaded. */
  | { readonly kind: "unknownDefinition"; readonly row: WorkflowRow; readonly pointers: readonly PointerRow[] }
  /** Another owner has gone on with the instance, or the lease has ended. */
  | { readonly kind: "lost" }
  /** The store failed, or a fault of the engine; the instance is as it was last committed. */
  | { readonly kind: "failed"; readonly error: unknown };
