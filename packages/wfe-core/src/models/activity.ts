import type { DurableShape, JsonValue } from "./json.ts";

/** Work for outside workers, with the types of what goes out and what comes back. */
export interface ActivityDefinition<in TIn, out TOut> {
  readonly name: string;
  readonly "~in"?: (input: TIn) => void;
  readonly "~out"?: TOut;
}

/**
 * Names a kind of outside work and types both its ends.
 *
 * @throws RangeError when the name is empty.
 */
export function defineActivity<TIn extends DurableShape<TIn>, TOut extends DurableShape<TOut> | void>(name: string): ActivityDefinition<TIn, TOut> {
  if (name === "") throw new RangeError("an activity needs a name that is not empty");
  return { name };
}

/** Proof that a worker holds an activity; opaque. */
export type ActivityToken<TOut = never> = string & {
  readonly "~out"?: (result: TOut) => void;
};

/** An activity handed to a worker. */
export interface PendingActivity<out TIn, in TOut> {
  readonly token: ActivityToken<TOut>;
  readonly input: TIn;
  /** When the claim ends unless it is extended. */
  readonly expiresAt: Date;
}

/** What came of an activity, as it is stored: the payload of the event that wakes its pointer. */
export type ActivityOutcome =
  | { readonly kind: "success"; readonly result?: JsonValue; readonly token: string }
  | { readonly kind: "failure"; readonly message: string; readonly data?: JsonValue; readonly retryable: boolean; readonly token: string };

/** Name of the event that tells of the outcome of an activity, keyed by its offer. */
export const ACTIVITY_EVENT = "wfe.activity";
