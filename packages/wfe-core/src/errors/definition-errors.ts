import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** A definition that cannot run; all its faults at once. */
export class DefinitionError extends WfeError {
  override readonly name = "DefinitionError";
  readonly definitionId: string;
  readonly version: number;
  /** One sentence for each fault; never empty. */
  readonly faults: readonly string[];

  constructor(definitionId: string, version: number, faults: readonly string[], options?: WfeErrorOptions) {
    super(
      "WFE_DEFINITION_INVALID",
      `the definition ${JSON.stringify(definitionId)} version ${version} has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n- ${faults.join("\n- ")}`,
      options,
    );
    this.definitionId = definitionId;
    this.version = version;
    this.faults = faults;
  }
}

/** Another graph is registered under the same id and version. */
export class DefinitionExistsError extends WfeError {
  override readonly name = "DefinitionExistsError";

  constructor(definitionId: string, version: number, registered: string, refused: string, options?: WfeErrorOptions) {
    super(
      "WFE_DEFINITION_EXISTS",
      `the definition ${JSON.stringify(definitionId)} version ${version} is registered with another graph (fingerprint ${registered.slice(0, 12)}, this one ${refused.slice(0, 12)}): give the changed one a new version`,
      options,
    );
  }
}

/** Steps that a definition names and this host cannot make. */
export class StepNotRegisteredError extends WfeError {
  override readonly name = "StepNotRegisteredError";
  readonly stepTypes: readonly string[];

  constructor(stepTypes: readonly string[], options?: WfeErrorOptions) {
    super(
      "WFE_STEP_NOT_REGISTERED",
      `no way to make ${stepTypes.map((type) => JSON.stringify(type)).join(", ")}: call host.registerStep(TheClass), or host.registerStepFactory(key, () => new TheClass(…)) for a class with constructor parameters`,
      options,
    );
    this.stepTypes = stepTypes;
  }
}

/** Two different steps under one key. */
export class StepKeyTakenError extends WfeError {
  override readonly name = "StepKeyTakenError";

  constructor(stepType: string, registered: string, refused: string, options?: WfeErrorOptions) {
    super(
      "WFE_STEP_KEY_TAKEN",
      `two steps have the key ${JSON.stringify(stepType)}: ${registered} is registered, ${refused} is another one; give one of them \`static readonly stepType = "…"\``,
      options,
    );
  }
}
