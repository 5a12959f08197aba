import type { ErrorBehavior } from "../models/error-behavior.ts";
import type { DurableShape, JsonValue } from "../models/json.ts";
import type { StandardSchema } from "../models/standard-schema.ts";
import type { WorkflowDefinition } from "../models/workflow-definition.ts";
import type { Chain } from "./chain.ts";
import { ChainRecorder } from "./chain-recorder.ts";
import { refused } from "./definition-of.ts";
import { storedErrorBehavior } from "./error-behavior-settings.ts";
import type { BranchBuilder } from "./verbs.ts";
import { WorkflowDraft } from "./workflow-draft.ts";

/** Settings of a whole workflow. */
export interface WorkflowSettings {
  /** For people: stored with each instance. */
  description(text: string): this;
  /**
   * For steps that name no behavior, in no container that names one.
   *
   * @default retry every 60 s, 3 times
   * @throws RangeError for a bad duration or number, at once.
   */
  defaultErrorBehavior(behavior: ErrorBehavior): this;
}

/** A workflow before its first step. */
export interface WorkflowBuilder<TData, TInput = TData> extends WorkflowSettings, BranchBuilder<TData, undefined, TInput> {
  /** Checks (and may transform) what `startWorkflow` is given. Its output is this workflow's data, or what `initialData` makes the data of. */
  inputSchema<TSchemaInput, TChecked extends TData>(
    schema: StandardSchema<TSchemaInput, TChecked>,
  ): CheckedWorkflowBuilder<TData, TSchemaInput, TChecked>;
  inputSchema<TSchemaInput, TChecked>(schema: StandardSchema<TSchemaInput, TChecked>): WorkflowWithoutData<TData, TSchemaInput, TChecked>;
  /** Makes the data out of the input, once, at the start: so fields that later steps fill need not be optional. */
  initialData<TStart extends DurableShape<TStart>>(init: (input: TStart) => TData): InitializedWorkflowBuilder<TData, TStart>;
}

/** A workflow whose input schema gives something else than its data, so that `initialData` has to make the data of it. */
export interface WorkflowWithoutData<TData, TInput, TChecked> extends WorkflowSettings {
  /** Makes the data out of what the schema gave, once, at the start. */
  initialData(init: (checked: TChecked) => TData): WorkflowStart<TData, TInput>;
}

/** A workflow with an input schema, before its first step. */
export interface CheckedWorkflowBuilder<TData, TInput, TChecked>
  extends WorkflowWithoutData<TData, TInput, TChecked>,
    BranchBuilder<TData, undefined, TInput> {}

/** A workflow with initial data, before its first step. */
export interface InitializedWorkflowBuilder<TData, TInput> extends WorkflowStart<TData, TInput> {
  /** Checks (and may transform) what `startWorkflow` is given; its output must be what `initialData` takes. */
  inputSchema<TSchemaInput>(schema: StandardSchema<TSchemaInput, TInput>): WorkflowStart<TData, TSchemaInput>;
}

/** A workflow with all that is to be said of its input, before its first step. */
export interface WorkflowStart<TData, TInput> extends WorkflowSettings, BranchBuilder<TData, undefined, TInput> {}

/** What `WorkflowBuilder` is as a value. */
export interface WorkflowBuilderConstructor {
  /** The constraint stands here and not on the interface, so that fragments and helpers need not repeat it. */
  new <TData extends DurableShape<TData> = { [key: string]: JsonValue | undefined }>(): WorkflowBuilder<TData>;
  /** Takes data and input types from the schema, which checks every input. */
  fromSchema<TInput, TData extends DurableShape<TData>>(schema: StandardSchema<TInput, TData>): CheckedWorkflowBuilder<TData, TInput, TData>;
}

class WorkflowRecorder extends ChainRecorder {
  constructor() {
    const draft = new WorkflowDraft();
    super(draft, draft.root, 0);
  }

  static fromSchema(schema: StandardSchema): WorkflowRecorder {
    return new WorkflowRecorder().inputSchema(schema);
  }

  description(text: string): this {
    this.#refuseTwice("description");
    this.draft.description = text;
    return this;
  }

  defaultErrorBehavior(behavior: ErrorBehavior): this {
    this.#refuseTwice("defaultErrorBehavior");
    this.draft.defaultErrorBehavior = storedErrorBehavior(behavior, "defaultErrorBehavior");
    return this;
  }

  inputSchema(schema: StandardSchema): this {
    this.#refuseTwice("inputSchema");
    this.draft.inputSchema = schema;
    return this;
  }

  initialData(init: (input: never) => unknown): this {
    this.#refuseTwice("initialData");
    this.draft.initialData = init;
    return this;
  }

  #refuseTwice(setting: "description" | "defaultErrorBehavior" | "inputSchema" | "initialData"): void {
    if (this.draft[setting] !== undefined) this.draft.fault(() => `the workflow has the setting ${setting} twice`);
  }
}

/**
 * Builds workflows: `new WorkflowBuilder<Order>().thenFn(…).build("order", 1)`, or `WorkflowBuilder.fromSchema(schema)`. Data that JSON
 * cannot carry is a compile error that names the path.
 */
// The recorder has every verb at run time; the interfaces say who may call which, and with what types.
export const WorkflowBuilder: WorkflowBuilderConstructor = WorkflowRecorder as never;

/** Builds a workflow out of a function from a builder to its chain, as `host.registerWorkflow` takes it. @throws DefinitionError with all faults. */
export function buildWorkflow<TData, TInput = TData>(
  id: string,
  version: number,
  block: (b: WorkflowBuilder<TData, TInput>) => Chain,
): WorkflowDefinition<TData, TInput> {
  const recorder = new WorkflowRecorder();
  const chain: unknown = typeof block === "function" ? block(recorder as never) : undefined; // see above
  if (chain instanceof ChainRecorder) return recorder.build(id, version) as WorkflowDefinition<TData, TInput>; // the types are the caller's
  if (chain instanceof Promise) void chain.catch(() => undefined); // an async function awaits the builder, which refuses: said below
  throw refused({ id, version }, ["the function that builds the workflow must return its chain, and not be async"]);
}
