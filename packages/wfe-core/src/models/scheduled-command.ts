/** Work the engine owes to another instance, stored with the commit that decided it. */
export interface ScheduledCommand {
  /** What to do, for example `terminateWorkflow`. Unique together with `data`. */
  readonly name: string;
  /** To whom: an id. */
  readonly data: string;
  readonly executeAt: Date;
}

/** Name of the command that terminates a child whose parent needs it no more; `data` is the child's id. */
export const TERMINATE_COMMAND = "terminateWorkflow";
