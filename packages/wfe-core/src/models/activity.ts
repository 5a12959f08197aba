import type { DurableShape, JsonValue } from "./json.ts";

/** A kind of work for outside workers, with the types of what goes out and what comes back: for `activity` and for `getPendingActivity`. */
export interface ActivityDefinition<in TIn, out TOut> {
  readonly name: string;
  readonly "~in"?: (input: TIn) => void;
  readonly "~out"?: TOut;
}

/**
 * Names a kind of outside work and types both its ends.
 *
 * @param name - Text that is not blank; compared exactly.
 * @throws RangeError when it is none.
 */
export function defineActivity<TIn extends DurableShape<TIn>, TOut extends DurableShape<TOut> | void>(name: string): ActivityDefinition<TIn, TOut> {
  if (typeof name !== "string" || name.trim() === "") throw new RangeError("an activity needs a name that is not blank");
  return { name };
}

/**
 * Proof that a worker holds an activity; opaque text, good in every process on the store, until its lease ends. A secret: whoever has it may answer.
 */
export type ActivityToken<TOut = never> = string & {
  readonly "~out"?: (result: TOut) => void;
};

/** An activity handed to a worker. */
export interface PendingActivity<out TIn, in TOut> {
  readonly token: ActivityToken<TOut>;
  /** What the workflow selected, decoded. */
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
