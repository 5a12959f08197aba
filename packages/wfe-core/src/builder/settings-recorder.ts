import { durationMs, type Duration } from "../models/duration.ts";
import type { ErrorBehavior } from "../models/error-behavior.ts";
import { ARTIFACT_INPUTS } from "../models/step-definition.ts";
import { storedErrorBehavior } from "./error-behavior-settings.ts";
import { shownNode, type StepNode } from "./step-node.ts";
import type { WorkflowDraft } from "./workflow-draft.ts";

/**
 * Records the settings that steps and compensators share. What `configure` of `compensateWith` and `compensateWithFn` is given has no others.
 */
export class SettingsRecorder {
  protected readonly draft: WorkflowDraft;
  readonly #node: StepNode | undefined;

  /** @param node - `undefined`: a chain before its first step, which takes no settings. */
  constructor(draft: WorkflowDraft, node: StepNode | undefined) {
    this.draft = draft;
    this.#node = node;
  }

  name(name: string): this {
    this.once("name").name = name;
    return this;
  }

  input(map: unknown): this {
    this.step("input").inputs.push(map);
    return this;
  }

  output(map: unknown): this {
    this.step("output").outputs.push(map);
    return this;
  }

  onError(behavior: ErrorBehavior): this {
    this.once("onError").errorBehavior = storedErrorBehavior(behavior, "onError");
    return this;
  }

  timeout(limit: Duration): this {
    this.once("timeout").timeoutMs = durationMs(limit, "timeout");
    return this;
  }

  artifactInputs(select: unknown): this {
    this.once(ARTIFACT_INPUTS).functions.set(ARTIFACT_INPUTS, select);
    return this;
  }

  /** The step that a setting belongs to. */
  protected step(setting: string): StepNode {
    if (this.#node === undefined) throw new TypeError(`there is no step yet that .${setting}(…) could belong to`);
    return this.#node;
  }

  /** The step that a setting belongs to, which may be given once. */
  protected once(setting: string): StepNode {
    const node = this.step(setting);
    if (node.given.has(setting))
      this.draft.fault(() => `${shownNode(node)} has ${setting === "compensator" ? "two compensators" : `the setting ${setting} twice`}`);
    node.given.add(setting);
    return node;
  }
}
