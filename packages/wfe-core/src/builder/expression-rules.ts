import type { StepKind } from "../models/step-definition.ts";

/** What an expression may stand for in a step of this kind, besides `when` and `cancelWhen`, by role. The keys of `waitForAny` are further ones. */
export const EXPRESSION_ROLES: Readonly<Record<StepKind, readonly string[]>> = {
  step: ["input", "artifactInputs"],
  inline: ["artifactInputs"],
  if: ["condition"],
  while: ["condition"],
  forEach: ["items"],
  parallel: [],
  delay: ["duration"],
  waitFor: ["key", "timeout", "effectiveDate"],
  waitForAny: ["timeout", "effectiveDate"],
  activity: ["input", "timeout"],
  subWorkflow: ["input"],
  pollEndpoint: ["config"],
  decide: ["on"],
  saga: [],
  schedule: ["duration"],
  recur: ["interval", "until"],
  outcome: [],
  timeout: [],
  goTo: [],
  end: [],
};

/** Fixed settings that say what an expression of this role would. */
export const SETTINGS_OF_ROLES: Readonly<Record<string, string>> = {
  duration: "durationMs",
  interval: "intervalMs",
  timeout: "timeoutMs",
  key: "key",
  effectiveDate: "effectiveDate",
  config: "config",
};
