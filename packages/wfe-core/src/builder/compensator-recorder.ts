import { durationMs, type Duration } from "../models/duration.ts";
import type { ErrorBehavior } from "../models/error-behavior.ts";
import { storedErrorBehavior } from "./error-behavior-settings.ts";
import { shownNode, type StepNode } from "./step-node.ts";
import type { WorkflowDraft } from "./workflow-draft.ts";

/** Records the settings of a compensator; what `configure` of `compensateWith` and `compensateWithFn` is given. */
export class CompensatorRecorder {
  readonly #draft: WorkflowDraft;
  readonly #node: StepNode;

  constructor(draft: WorkflowDraft, node: StepNode) {
    this.#draft = draft;
    this.#node = node;
  }

  name(name: string): this {
    this.#once("name").name = name;
    return this;
  }

  input(map: unknown): this {
    this.#node.inputs.push(map);
    return this;
  }

  output(map: unknown): this {
    this.#node.outputs.push(map);
    return this;
  }

  onError(behavior: ErrorBehavior): this {
    this.#once("onError").errorBehavior = storedErrorBehavior(behavior, "onError");
    return this;
  }

  timeout(limit: Duration): this {
    this.#once("timeout").timeoutMs = durationMs(limit, "timeout");
    return this;
  }

  #once(setting: string): StepNode {
    if (this.#node.given.has(setting)) this.#draft.fault(() => `${shownNode(this.#node)} has the setting ${setting} twice`);
    this.#node.given.add(setting);
    return this.#node;
  }
}
