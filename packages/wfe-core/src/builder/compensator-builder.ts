import type { Duration } from "../models/duration.ts";
import type { ErrorBehavior } from "../models/error-behavior.ts";
import type { ArtifactSettings, InputMapping, Mapping } from "./selectors.ts";

/** Settings of a compensator that is a function. */
export interface FunctionCompensatorBuilder<TData, TItem> extends ArtifactSettings<TData, TItem> {
  /** What happens when it fails. `compensate` is refused. @default the definition's default unless that is `compensate`, else suspend */
  onError(behavior: ErrorBehavior): this;
  /** Limit of one run. @default no limit */
  timeout(limit: Duration): this;
}

/** Settings of a compensator that is a class. */
export interface CompensatorBuilder<TData, TItem, TStep> extends FunctionCompensatorBuilder<TData, TItem> {
  /** @default the key of the step */
  name(name: string): this;
  /** Sets its fields before the run. */
  input(map: InputMapping<TStep, TData, TItem>): this;
  /** Writes to the data when its result is processed. */
  output(map: Mapping<TStep, TData, TItem>): this;
}
