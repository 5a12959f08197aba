import type { CreatedInstance, Lease, WorkflowPass, WorkItem } from "wfe-core";

/** An instance that this host has created, with its lease if that was to be had in the same breath. */
export interface InstanceToRun extends CreatedInstance {
  readonly lease?: Lease | undefined;
}

/** Why an instance is looked at, and what is known of it. */
export interface Cause {
  readonly item?: WorkItem;
  readonly created?: InstanceToRun;
  readonly entry?: Entry;
  /** Whether who had its lease is gone for certain. */
  readonly isOrphan?: boolean;
  /** Whether its lease was lost here just now: whoever has it is left alone with it. */
  readonly isRetaken?: boolean;
}

/** An instance that is looked at here: its pass, once there is one. */
export interface Entry {
  pass?: WorkflowPass;
  /** Whether a place of the host is taken for it. */
  hasPlace: boolean;
  /** Something has pointed at it before it had a pass. */
  isPoked: boolean;
  /** Whether its pass goes on from what the store holds, and the instance is runnable. */
  isRunning?: boolean;
}
