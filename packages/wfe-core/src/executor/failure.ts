import { PayloadTooLargeError, SerializationError } from "../errors/value-errors.ts";
import { NonRetryableError } from "../errors/step-errors.ts";
import { isWfeError } from "../errors/wfe-error.ts";
import type { JsonValue } from "../models/json.ts";

/** A failure as it is recorded, made of whatever was thrown. */
export interface Failure {
  readonly code: string;
  /** Never empty. */
  readonly message: string;
  readonly stack?: string;
  readonly data?: JsonValue;
  /** Whether another attempt may end otherwise. */
  readonly retryable: boolean;
}

/** Describes what a step threw: an error, or anything else, `null` and `undefined` included. Never throws itself. */
export function failureOf(thrown: unknown): Failure {
  const retryable = !isNonRetryable(thrown);
  const code = isWfeError(thrown) ? thrown.code : "WFE_STEP_FAILED";
  if (!(thrown instanceof Error) && !isWfeError(thrown)) return { code, message: textOf(thrown), retryable };
  const error = thrown as Error;
  const message = typeof error.message === "string" && error.message !== "" ? error.message : textOf(error.name === "" ? "Error" : error.name);
  const data = (thrown as { data?: unknown }).data;
  return {
    code,
    message,
    retryable,
    ...(typeof error.stack === "string" ? { stack: error.stack } : {}),
    ...(data !== undefined && thrown instanceof NonRetryableError ? { data: data as JsonValue } : {}),
  };
}

/** Faults that come again at every attempt, whatever the step's behavior says. */
function isNonRetryable(thrown: unknown): boolean {
  return (
    thrown instanceof NonRetryableError ||
    thrown instanceof SerializationError ||
    thrown instanceof PayloadTooLargeError ||
    (isWfeError(thrown) && FINAL_CODES.has(thrown.code))
  );
}

const FINAL_CODES: ReadonlySet<string> = new Set([
  "WFE_VALUE_NOT_STORABLE",
  "WFE_PAYLOAD_TOO_LARGE",
  "WFE_PAYLOAD_UNREADABLE",
  "WFE_POINTERS_TOO_MANY",
  "WFE_STEP_CRASHED",
  "WFE_STEP_KIND_UNSUPPORTED",
]);

function textOf(value: unknown): string {
  try {
    const text = String(value);
    return text === "" ? '""' : text;
  } catch {
    return "a value that cannot be shown";
  }
}
