import type { DurableShape } from "./json.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** An event as it is published, encoded. */
export interface EventRow {
  readonly id: string;
  readonly name: string;
  /** Any string, the empty one included. */
  readonly key: string;
  /** Encoded payload. */
  readonly data?: string;
  /** Event time: orders events; ties go by the store's order of arrival. Whole milliseconds. */
  readonly time: Date;
  /**
   * Not delivered before this instant. Set only where the publisher named a future time; otherwise an event is eligible at once,
   * whatever the clocks of the hosts say.
   */
  readonly eligibleAt?: Date;
}

/** An event as it is stored. */
export interface StoredEvent extends EventRow {
  /** Order of arrival in the store. */
  readonly arrival: number;
  /** Whether a delivery has dealt with it, or it was stored when nobody waited for it; waits that open later still find it. */
  readonly delivered: boolean;
  readonly storedAt: Date;
}

/** A kind of event and its payload: one object for `waitFor`, `publishEvent` and `ExecutionResult.waitForEvent`. */
export interface EventDefinition<out TPayload> {
  readonly name: string;
  /** Checks payloads at `publishEvent`. */
  readonly schema?: StandardSchema<unknown, TPayload>;
  readonly "~payload"?: TPayload;
}

/**
 * Names a kind of event and gives its payload a type, at both ends.
 *
 * @param name - Any string that does not start with `wfe.`, which is the engine's own.
 * @param schema - Checks every payload that is published through this definition.
 * @throws RangeError when the name is empty or starts with `wfe.`.
 */
export function defineEvent<TPayload extends DurableShape<TPayload>>(
  name: string,
  schema: StandardSchema<unknown, TPayload>,
): EventDefinition<TPayload>;
export function defineEvent<TPayload extends DurableShape<TPayload>>(name: string): EventDefinition<TPayload>;
export function defineEvent<TPayload>(name: string, schema?: StandardSchema<unknown, TPayload>): EventDefinition<TPayload> {
  if (typeof name !== "string" || name === "" || isEngineEvent(name)) {
    throw new RangeError(`an event needs a name that does not start with "${ENGINE_EVENT_PREFIX}": got ${JSON.stringify(name)}`);
  }
  return schema === undefined ? { name } : { name, schema };
}

/** Prefix of the engine's own events. Users cannot publish them, and can wait for {@link WORKFLOW_COMPLETED_EVENT} alone. */
export const ENGINE_EVENT_PREFIX = "wfe.";
/** Sent when an instance ends, keyed by its id; payload `{ status, data?, error? }`. Any workflow may wait for it, under this bare name. */
export const WORKFLOW_COMPLETED_EVENT = "wfe.workflow.completed";

/** Whether an event of this name can be sent by the engine alone. */
export function isEngineEvent(name: string): boolean {
  return name.startsWith(ENGINE_EVENT_PREFIX);
}

/** Whether a workflow may wait for events of this name: those of users, and the ends of instances. What else the engine sends is for itself. */
export function mayBeAwaited(name: string): boolean {
  return !isEngineEvent(name) || name === WORKFLOW_COMPLETED_EVENT;
}
