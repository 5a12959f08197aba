import { durationMs, type Duration } from "../models/duration.ts";
import type { ErrorBehavior } from "../models/error-behavior.ts";
import { storedErrorBehavior } from "./error-behavior-settings.ts";
import { shownNode, type StepNode } from "./step-node.ts";
import type { WorkflowRecord } from "./workflow-record.ts";

/** Records the settings of a compensator; what `configure` of `compensateWith` and `compensateWithFn` is given. */
export class CompensatorRecorder {
  readonly #record: WorkflowRecord;
  readonly #node: StepNode;

  constructor(record: WorkflowRecord, node: StepNode) {
    this.#record = record;
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
    if (this.#node.given.has(setting)) this.#record.fault(() => `${shownNode(this.#node)} has the setting ${setting} twice`);
    this.#node.given.add(setting);
    return this.#node;
  }
}
