import type { Duration } from "./duration.ts";
import type { EventDefinition } from "./event.ts";
import type { DurableShape, JsonValue } from "./json.ts";
import type { PollEndpointConfig } from "./poll-endpoint.ts";

declare const resultTypes: unique symbol;

/**
 * What a run of a step leads to. `TOutcome` is the union of outcome values, so that `.onOutcome("aproved", …)` is an error;
 * `TPatch` is what `output` merges into the data, so that a wrong key is an error where the step joins a workflow.
 */
export interface ExecutionResult<out TOutcome = JsonValue, out TPatch = {}> {
  /** Never there at run time. A function type, so that a result can never pass for a JSON value. */
  readonly [resultTypes]?: () => {
    readonly outcome: TOutcome;
    readonly patch: TPatch;
  };
  readonly kind: "next" | "outcome" | "persist" | "branch" | "sleep" | "waitForEvent" | "pollEndpoint";
}

/** A result as the executor reads it. */
export type ResultBody =
  | {
      readonly kind: "next";
      readonly output?: unknown /** What a function step returned; the source of `.output` and `saveAs`. */;
      readonly value?: unknown;
    }
  | {
      readonly kind: "outcome";
      readonly value: unknown;
      readonly output?: unknown;
    }
  | { readonly kind: "persist"; readonly persistenceData: unknown }
  | {
      readonly kind: "branch";
      readonly values: readonly unknown[];
      readonly persistenceData?: unknown;
    }
  | {
      readonly kind: "sleep";
      readonly duration: Duration;
      readonly persistenceData?: unknown;
    }
  | {
      readonly kind: "waitForEvent";
      readonly name: string;
      readonly key: string;
      readonly effectiveDate?: Date;
    }
  | { readonly kind: "pollEndpoint"; readonly config: PollEndpointConfig };

// A registry symbol, so that a result made by another copy of this package is recognized.
const RESULT = Symbol.for("wfe.execution-result");

function make(body: ResultBody): ExecutionResult<never, never> {
  Object.defineProperty(body, RESULT, { value: true });
  return Object.freeze(body) as ExecutionResult<never, never>;
}

/** The body of a value that a step returned, when it is an {@link ExecutionResult}. */
export function resultBody(value: unknown): ResultBody | undefined {
  return typeof value === "object" && value !== null && (value as { [RESULT]?: unknown })[RESULT] === true ? (value as ResultBody) : undefined;
}

/** Makes results of steps. */
export const ExecutionResult: {
  /** The step has finished; the flow goes on behind it. `output` merges into the data key by key; prefer `.output`. */
  next(): ExecutionResult<never>;
  next<const TPatch extends DurableShape<TPatch>>(options: { readonly output: TPatch }): ExecutionResult<never, TPatch>;
  /** The step has finished with this value: runs the `onOutcome` block of an equal value (deep JSON equality), then goes on. */
  outcome<const TOutcome extends DurableShape<TOutcome>>(value: TOutcome): ExecutionResult<TOutcome>;
  outcome<const TOutcome extends DurableShape<TOutcome>, const TPatch extends DurableShape<TPatch>>(
    value: TOutcome,
    options: { readonly output: TPatch },
  ): ExecutionResult<TOutcome, TPatch>;
  /** Stores this state as `ctx.persistenceData`, then runs the step again in the same pass. */
  persist<T extends DurableShape<T>>(data: T): ExecutionResult<never>;
  /**
   * Runs the step's `children` block once per value, as a container. When all have ended, the step runs again if `persistenceData`
   * was given here, else it has finished.
   */
  branch<T extends DurableShape<T>>(values: readonly T[], persistenceData?: JsonValue): ExecutionResult<never>;
  /** Runs the step again after a while; `persistenceData` omitted means unchanged. */
  sleep(duration: Duration, persistenceData?: JsonValue): ExecutionResult<never>;
  /** Runs the step again when such an event comes, with its payload as `ctx.eventData`. */
  waitForEvent(name: string | EventDefinition<unknown>, key: string, options?: { readonly effectiveDate?: Date }): ExecutionResult<never>;
  /** Asks an address until it is content. */
  pollEndpoint(config: PollEndpointConfig): ExecutionResult<never>;
} = {
  next: (options?: { readonly output: unknown }) => make(options === undefined ? { kind: "next" } : { kind: "next", output: options.output }),
  outcome: (value: unknown, options?: { readonly output: unknown }) =>
    make(options === undefined ? { kind: "outcome", value } : { kind: "outcome", value, output: options.output }),
  persist: (data: unknown) => make({ kind: "persist", persistenceData: data }),
  branch: (values: readonly unknown[], persistenceData?: JsonValue) =>
    make(persistenceData === undefined ? { kind: "branch", values } : { kind: "branch", values, persistenceData }),
  sleep: (duration, persistenceData) =>
    make(persistenceData === undefined ? { kind: "sleep", duration } : { kind: "sleep", duration, persistenceData }),
  waitForEvent: (name, key, options) =>
    make({
      kind: "waitForEvent",
      // What has no name fails the step, without a retry.
      name: typeof name === "string" ? name : ((name as EventDefinition<unknown> | null | undefined)?.name as string),
      key,
      ...(options?.effectiveDate === undefined ? {} : { effectiveDate: options.effectiveDate }),
    }),
  pollEndpoint: (config) => make({ kind: "pollEndpoint", config }),
};

/**
 * For middleware: the result of a step function that returns this value; output mappings and `saveAs` get it.
 *
 * @param value - JSON, or what the codec takes; checked when it leaves the middleware. `undefined` is no value.
 */
export function resultOfValue(value: unknown): ExecutionResult<unknown, unknown> {
  return make(value === undefined ? { kind: "next" } : { kind: "next", value });
}

/** For middleware: the value that a step function has returned; `undefined` when it has returned none, or an `ExecutionResult`. */
export function valueOfResult(result: ExecutionResult<unknown, unknown>): unknown {
  const body = resultBody(result);
  return body?.kind === "next" ? body.value : undefined;
}
