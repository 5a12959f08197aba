import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** A value that would not come back from the store as it went in. */
export class SerializationError extends WfeError {
  override readonly name = "SerializationError";
  /** Where in the value, for example `order.lines[3].at`; empty for the whole. */
  readonly path: string;

  constructor(what: string, path: string, problem: string, options?: WfeErrorOptions) {
    super("WFE_VALUE_NOT_STORABLE", `${what} cannot be stored: ${path === "" ? "the value" : shortened(path)} ${problem}`, options);
    this.path = path;
  }
}

/** Characters of a path that a message shows: a value that contains itself has a very long one. */
const LONGEST_PATH = 80;

function shortened(path: string): string {
  return path.length <= LONGEST_PATH ? path : `${path.slice(0, LONGEST_PATH)}…`;
}

/** A payload beyond its limit. */
export class PayloadTooLargeError extends WfeError {
  override readonly name = "PayloadTooLargeError";
  readonly size: number;
  readonly limit: number;

  constructor(what: string, size: number, limit: number, options?: WfeErrorOptions) {
    super(
      "WFE_PAYLOAD_TOO_LARGE",
      `${what} is ${size} characters long when encoded, the limit is ${limit}: keep large content in an artifact or a table of yours, or raise the limit`,
      options,
    );
    this.size = size;
    this.limit = limit;
  }
}

/** A start input that the definition's schema refuses. */
export class InputInvalidError extends WfeError {
  override readonly name = "InputInvalidError";
  /** One line for each issue of the schema. */
  readonly issues: readonly string[];

  constructor(what: string, issues: readonly string[], options?: WfeErrorOptions) {
    super("WFE_INPUT_INVALID", `${what} is refused by its schema:\n- ${issues.join("\n- ")}`, options);
    this.issues = issues;
  }
}

/** What a sub-workflow gave is refused by the schema of the step that started it. */
export class OutputInvalidError extends WfeError {
  override readonly name = "OutputInvalidError";
  /** One line for each issue of the schema. */
  readonly issues: readonly string[];

  constructor(what: string, issues: readonly string[], options?: WfeErrorOptions) {
    super("WFE_OUTPUT_INVALID", `${what} is refused by its schema:\n- ${issues.join("\n- ")}`, options);
    this.issues = issues;
  }
}
