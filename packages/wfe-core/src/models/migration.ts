import type { DefinitionKey, WorkflowDefinition } from "./workflow-definition.ts";
import type { PointerStatus } from "./workflow-status.ts";

/** Options of `migrateWorkflow`. */
export interface MigrateOptions<TData = unknown, TNewData = unknown> {
  /**
   * Counterparts of steps, where they are not found by themselves or are others. A step is named by its `.id(…)`, by its name where one step alone has it,
   * or by its number in the graph. By itself a step's counterpart is the one with the same `.id(…)`, else the only one of the same name, kind and
   * step key; of several, the only one in the counterpart of the block that the step stands in.
   *
   * @default all are found by themselves
   */
  readonly steps?: { readonly [oldStep: string]: string | number };
  /**
   * Makes the data of the new version from a frozen copy of the stored one. Synchronous and pure: it may be called again when something else has
   * moved the instance meanwhile.
   *
   * @default the data stay as they are
   */
  readonly data?: (data: Readonly<TData>) => TNewData;
  /**
   * The definition that the instance belongs to, for a process where it is not registered: its graph is what counterparts are found by. Without any,
   * `steps` has to name every step that an open pointer stands at, by number or by the name that is stored with the pointer.
   *
   * @default the registered one
   */
  readonly from?: WorkflowDefinition<unknown, never>;
  /** Migrates although what some finished steps have done cannot be undone in the new version any more. @default false: that is a fault */
  readonly allowLostCompensation?: boolean;
  /**
   * Migrates although steps are running: they are called off, and run again in the new version with the same idempotency key and the next
   * `ctx.attempt`. Also for steps whose host is gone, where no other host knows the definition.
   *
   * @default false: that is a fault
   */
  readonly interruptRunning?: boolean;
  /** Finds all faults and gives the plan, and writes nothing. @default false */
  readonly dryRun?: boolean;
}

/** Where a pointer of an instance stands before and after a migration. */
export interface MigratedPointer {
  readonly pointerId: string;
  readonly status: PointerStatus;
  readonly from: { readonly stepId: number; readonly stepName?: string };
  readonly to: { readonly stepId: number; readonly stepName: string };
}

/** What a migration does, or has done. */
export interface MigrationPlan<TNewData = unknown> {
  readonly workflowId: string;
  readonly from: DefinitionKey;
  readonly to: DefinitionKey;
  /** Whether it was done now: `false` after a dry run, and when the instance belongs to `to` already. */
  readonly migrated: boolean;
  /** The open pointers, and of the closed ones those that compensation may have to undo, in order of creation; none when nothing is to be done. */
  readonly pointers: readonly MigratedPointer[];
  /** What the option `data` has made; absent without it. */
  readonly data?: TNewData;
}

/**
 * Why an instance cannot be migrated as asked. `over`: it has ended; `definition`: the target, or `from`, is of another definition; `mapping`: `steps`
 * names what does not exist, or names it ambiguously; `step`: a pointer's step has no counterpart; `kind`: its counterpart cannot go on from where
 * it is; `wait`: its counterpart waits for something else; `scope`: its counterpart stands somewhere else than its container, or than what it undoes;
 * `running`: its body is running; `compensation`: what it has done could not be undone any more; `data`: the new data cannot be made or stored;
 * `busy`: the instance moves on faster than it can be migrated.
 */
export type MigrationFaultReason =
  | "over"
  | "definition"
  | "mapping"
  | "step"
  | "kind"
  | "wait"
  | "scope"
  | "running"
  | "compensation"
  | "data"
  | "busy";

/** One fault of a migration. */
export interface MigrationFault {
  readonly reason: MigrationFaultReason;
  /** One sentence, with the way out where there is one. */
  readonly message: string;
  /** The pointer, where it is about one. */
  readonly pointerId?: string;
}
