/** Name of the {@link ScheduledCommand} that ends an instance because its parent was ended; its data is the id of the instance. */
export const TERMINATE_COMMAND = "terminateWorkflow";

/** Work the engine owes to another instance, stored with the commit that decided it. */
export interface ScheduledCommand {
  /** What to do, for example {@link TERMINATE_COMMAND}. Unique together with `data`. */
  readonly name: string;
  /** To whom: an id. */
  readonly data: string;
  /** Not handed over before. Of one that is handed over again, the end of the former claim. */
  readonly executeAt: Date;
}
