import { LIFECYCLE_EVENT_TYPES, type LifecycleEvent, type LifecycleEventType } from "wfe-core";
import { checkKey, checkOptions, checkSignal, shown } from "./arguments.ts";

/** Which lifecycle events a reader wants, and for how long. */
export interface LifecycleEventsOptions<TType extends LifecycleEventType = LifecycleEventType> {
  /** Id or name of the one instance that is of interest. What no instance has is taken for the id of one to come. @default those of all */
  readonly workflowId?: string;
  /** Types of interest, one or more; what is read is typed as these. @default all types */
  readonly types?: readonly TType[];
  /** Ends the reader when it aborts. @default none: it ends with the host */
  readonly signal?: AbortSignal;
}

/**
 * Lifecycle events one by one, for `for await`. Up to 10,000 wait for a reader that is busy; beyond it the oldest are dropped, and a warning is logged once
 * until the reader has caught up.
 */
export interface LifecycleEvents<TEvent extends LifecycleEvent = LifecycleEvent> extends AsyncIterableIterator<TEvent, undefined> {
  /**
   * Grows each time that this reader may have lost events: one was dropped because it was too far behind, or the publisher could not send some, or had lost
   * its connection for a while. What is told by events is stored before, so that whoever asks the store when this has grown knows everything.
   */
  readonly gaps: number;
}

/** Those of {@link LifecycleEventsOptions}, checked. */
export interface WantedEvents {
  readonly workflowId: string | undefined;
  readonly types: ReadonlySet<LifecycleEventType> | undefined;
  readonly signal: AbortSignal | undefined;
}

const OPTIONS: readonly (keyof LifecycleEventsOptions)[] = ["workflowId", "types", "signal"];

/**
 * Options that callers give, who may not have a compiler: one that is misspelled would give them the events of all.
 *
 * @throws TypeError for what is of another type, or an option that is not known; RangeError for types that are not known, or none, and for a blank id
 */
export function checkEventsOptions(options: LifecycleEventsOptions | undefined): WantedEvents {
  const { workflowId, types, signal, ...others } = checkOptions<LifecycleEventsOptions>(options, "the options of events");
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new TypeError(`the options of events have the unknown ${JSON.stringify(unknown)}: they know ${OPTIONS.join(", ")}`);
  checkSignal(signal);
  return {
    workflowId: workflowId === undefined ? undefined : checkKey(workflowId, "workflowId"),
    types: types === undefined ? undefined : checkTypes(types),
    signal,
  };
}

function checkTypes(value: unknown): ReadonlySet<LifecycleEventType> {
  if (!Array.isArray(value)) throw new TypeError(`types must be an array of types of lifecycle events: got ${shown(value)}`);
  const known = LIFECYCLE_EVENT_TYPES.join(", ");
  if (value.length === 0) throw new RangeError(`types must name one or more of ${known}: got an empty array; leave it out for all`);
  for (const type of value as readonly unknown[])
    if (!(LIFECYCLE_EVENT_TYPES as readonly unknown[]).includes(type)) throw new RangeError(`types must be of ${known}: got ${shown(type)}`);
  return new Set(value as readonly LifecycleEventType[]);
}
