import assert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";
import { type ConflictError, isWfeError, type WorkflowAlreadyExistsError } from "wfe-core";

/** What came of a call to a provider. */
export type Outcome = { readonly answer: unknown } | { readonly error: unknown };

/** What a model says must come of a call. */
export type Expected = { readonly answer: unknown } | { readonly refusal: Refusal };

/** The error that a call must reject with. */
export type Refusal =
  | { readonly type: "RangeError" }
  | { readonly code: "WFE_WORKFLOW_NAME_TAKEN" | "WFE_PERSISTENCE_FAILED" }
  | { readonly code: "WFE_WORKFLOW_ALREADY_EXISTS"; readonly existing: WorkflowAlreadyExistsError["existing"] }
  | { readonly code: "WFE_COMMIT_CONFLICT"; readonly reason: ConflictError["reason"]; readonly current: ConflictError["current"] };

/** Circumstances in which the outcome of a call is judged. */
export interface Circumstances {
  /** Others were under way at the same moment: what passes over rows that they hold may leave some out. */
  readonly concurrent: boolean;
}

/** What a run has besides its two providers. */
export interface World {
  /** Lets time pass. */
  elapse(ms: number): Promise<void>;
  /** The wall clock of the providers. */
  readonly now: () => number;
  /** What calls were answered that others go on with, leases and items, by a number of the run. */
  readonly kept: Map<number, unknown>;
}

/** One call, its arguments worked out. */
export interface Call<TState, TProvider> {
  /** What is called, for people. */
  readonly text: string;
  run(provider: TProvider, world: World): Promise<unknown>;
  /** Does the same to the model. @returns What is wrong with the outcome, `undefined` when it is what must come of the call. */
  judge(state: TState, outcome: Outcome, circumstances: Circumstances): string | undefined;
}

/** What a call can use to work out its arguments. */
export interface PlanSetting {
  /** A number that no other call of this run is given. */
  readonly fresh: () => number;
  /** Others are planned for the same moment. */
  readonly concurrent: boolean;
}

/** One of the calls that a run is made of, before it is known what the store holds by then. */
export interface Operation<TState, TProvider> {
  /** For people, in a shrunk run. */
  readonly kind: string;
  /** Not to be judged when others are under way: it is several calls, or its parts are seen one by one. */
  readonly alone?: boolean;
  /** Two of these at one moment arrive in an order that nobody promises. */
  readonly arrives?: boolean;
  /** @returns `undefined` when there is nothing to call it for. */
  plan(state: TState, setting: PlanSetting): Call<TState, TProvider> | undefined;
}

/** How a call ended. */
export async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    return { answer: await call };
  } catch (error) {
    return { error };
  }
}

/** @returns What is wrong with an outcome; `undefined` when it is one of those expected. */
export function compared(outcome: Outcome, ...expected: readonly Expected[]): string | undefined {
  const given = "answer" in outcome ? { answer: outcome.answer } : { refusal: refusalOf(outcome.error) };
  const faults = expected.map((each) => difference(given, each));
  return faults.includes(undefined) ? undefined : faults[0];
}

/** @returns How a value differs from another; `undefined` when it does not. A field that is `undefined` is not there. */
export function difference(actual: unknown, expected: unknown): string | undefined {
  const [given, wanted] = [plain(actual), plain(expected)];
  if (isDeepStrictEqual(given, wanted)) return undefined;
  return new assert.AssertionError({ actual: given, expected: wanted, operator: "deepStrictEqual" }).message;
}

/**
 * What is wrong with a choice out of several: those given stand in order, and nothing that was left out stands before them.
 *
 * @param compare - Below 0 when the first has to come before the second; 0 when either may.
 */
export function wrongChoice<T>(
  all: readonly T[],
  given: readonly T[],
  { most, compare }: { readonly most: number; readonly compare: (a: T, b: T) => number },
): string | undefined {
  const count = Math.min(most, all.length);
  if (given.length !== count || new Set(given).size !== count || !given.every((each) => all.includes(each)))
    return `given ${shown(given)}, ${count} of ${shown(all)} are expected`;
  const before = (a: T, b: T): boolean => compare(a, b) > 0;
  const disordered = given.some((each, index) => given.slice(index + 1).some((later) => before(each, later)));
  const passedOver = all.some((left) => !given.includes(left) && given.some((each) => before(each, left)));
  return disordered || passedOver ? `given ${shown(given)} out of order, of ${shown(all)}` : undefined;
}

/** A text of a value, on one line. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 40 });
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, plain(field)]),
  );
}

function refusalOf(error: unknown): unknown {
  if (error instanceof RangeError) return { type: "RangeError" };
  if (!isWfeError(error)) return { unexpected: inspect(error) };
  const { code } = error;
  // Its code says which class it is, also from another copy of the package.
  if (code === "WFE_WORKFLOW_ALREADY_EXISTS") return { code, existing: (error as WorkflowAlreadyExistsError).existing };
  if (code === "WFE_COMMIT_CONFLICT") return { code, reason: (error as ConflictError).reason, current: (error as ConflictError).current };
  return code === "WFE_WORKFLOW_NAME_TAKEN" || code === "WFE_PERSISTENCE_FAILED" ? { code } : { unexpected: inspect(error) };
}
