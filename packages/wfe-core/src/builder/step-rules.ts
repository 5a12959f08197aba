import type { StepKind } from "../models/step-definition.ts";

/** How many blocks of a role a step has: exactly one, at most one, at least one, any number. */
export type BlockCount = "one" | "maybe" | "some" | "any";

/** Settings that not every kind of step takes. */
export type StepSetting = "inputs" | "outputs" | "timeoutMs" | "config" | "compensationStep";

/** What a fixed setting is: text, a record of texts, true or false, a point in time with its offset in the form of ISO 8601. */
export type FixedSetting = "text" | "texts" | "boolean" | "date";

/** What a step of a kind must have and may have. */
export interface StepRule {
  /** Blocks by role; a role that is not named is refused. */
  readonly blocks?: Readonly<Record<string, BlockCount>>;
  /** Functions that must be there. */
  readonly functions?: readonly string[];
  /** Function or fixed setting, one of which must be there. */
  readonly either?: readonly (readonly [role: string, setting: string])[];
  /** Fixed settings that must be text, not blank. */
  readonly texts?: readonly string[];
  /** Fixed settings that may be there, and what they are then. */
  readonly fixed?: Readonly<Record<string, FixedSetting>>;
  readonly allows?: readonly StepSetting[];
  /** Nothing can stand behind it. */
  readonly ends?: boolean;
  /** Kinds that it may stand directly behind (or behind another holder). */
  readonly behind?: readonly StepKind[];
}

/** The rules of every kind of step. */
// oxlint-disable unicorn/no-thenable -- `then` is a role of blocks here; its value is no function
export const STEP_RULES: Readonly<Record<StepKind, StepRule>> = {
  step: { blocks: { children: "maybe" }, texts: [], allows: ["inputs", "outputs", "timeoutMs", "config", "compensationStep"] },
  inline: { blocks: { children: "maybe" }, functions: ["run"], allows: ["outputs", "timeoutMs", "config", "compensationStep"] },
  if: { blocks: { then: "one", otherwise: "maybe" }, functions: ["condition"] },
  while: { blocks: { body: "one" }, functions: ["condition"] },
  forEach: { blocks: { body: "one" }, functions: ["items"], fixed: { parallel: "boolean" } },
  parallel: { blocks: { branch: "some" } },
  delay: { either: [["duration", "durationMs"]] },
  waitFor: { texts: ["eventName"], either: [["key", "key"]], fixed: { key: "text", effectiveDate: "date" }, allows: ["outputs"] },
  waitForAny: { fixed: { keys: "texts", effectiveDate: "date" }, allows: ["outputs"] },
  activity: { texts: ["activity"], functions: ["input"], allows: ["outputs", "compensationStep"] },
  subWorkflow: { texts: ["definitionId"], functions: ["input"], allows: ["outputs", "timeoutMs", "config", "compensationStep"] },
  pollEndpoint: { either: [["config", "config"]], allows: ["outputs", "compensationStep"] },
  decide: { blocks: { case: "any", otherwise: "maybe" }, functions: ["on"] },
  saga: { blocks: { body: "one" }, allows: ["compensationStep"] },
  schedule: { blocks: { body: "one" }, either: [["duration", "durationMs"]] },
  recur: { blocks: { body: "one" }, functions: ["until"], either: [["interval", "intervalMs"]] },
  outcome: { blocks: { outcome: "some" }, behind: ["step", "inline", "subWorkflow"] },
  timeout: { blocks: { timeout: "one" }, behind: ["waitFor", "waitForAny", "activity", "pollEndpoint"] },
  goTo: { texts: ["target"], ends: true },
  end: { ends: true },
};
