import { isNonRetryable } from "../errors/step-errors.ts";
import { isWfeError } from "../errors/wfe-error.ts";
import type { JsonValue } from "../models/json.ts";
import type { Payloads } from "../runtime/payloads.ts";

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

/** Describes what a step threw: an error, or anything else, `null`, `undefined` and hostile objects included. Never throws itself. */
export function failureOf(thrown: unknown, payloads: Payloads): Failure {
  try {
    return described(thrown, payloads);
  } catch {
    // A proxy, or a getter, that throws when it is looked at.
    return { code: "WFE_STEP_FAILED", message: UNSHOWABLE, retryable: true };
  }
}

function described(thrown: unknown, payloads: Payloads): Failure {
  const retryable = !comesAgain(thrown);
  const code = isWfeError(thrown) ? thrown.code : "WFE_STEP_FAILED";
  if (!(thrown instanceof Error) && !isWfeError(thrown)) return { code, message: textOf(thrown), retryable };
  const { message, name, stack } = thrown as Partial<Error>;
  const data =
    isNonRetryable(thrown) || isWfeError(thrown, "WFE_ACTIVITY_FAILED") || isWfeError(thrown, "WFE_CHILD_TERMINATED")
      ? (thrown as { readonly data?: unknown }).data
      : undefined;
  return {
    code,
    message: typeof message === "string" && message !== "" ? message : textOf(name === undefined || name === "" ? "Error" : name),
    retryable,
    ...(typeof stack === "string" ? { stack } : {}),
    ...(data === undefined ? {} : { data: storable(data, payloads) }),
  };
}

/** The data of an error; if it cannot be stored, what is wrong with it in its place: a failure is recorded in any case. */
function storable(data: unknown, payloads: Payloads): JsonValue {
  try {
    return payloads.stored(data, "the data of the error") as JsonValue; // what is stored is JSON, or made so by the codec
  } catch (error) {
    return error instanceof Error ? error.message : UNSHOWABLE;
  }
}

/** Whether this fault comes again at every attempt, whatever the step's behavior says. By name and code: the error may be of another copy of the package. */
function comesAgain(thrown: unknown): boolean {
  return isNonRetryable(thrown) || (isWfeError(thrown) && FINAL_CODES.has(thrown.code));
}

const UNSHOWABLE = "a value that cannot be shown";
const FINAL_CODES: ReadonlySet<string> = new Set([
  "WFE_ARTIFACT_REF_INVALID",
  "WFE_MIDDLEWARE_INVALID",
  "WFE_VALUE_NOT_STORABLE",
  "WFE_PAYLOAD_TOO_LARGE",
  "WFE_PAYLOAD_UNREADABLE",
  "WFE_POINTERS_TOO_MANY",
  "WFE_STEP_CRASHED",
  "WFE_OUTPUT_INVALID",
  "WFE_WORKFLOW_TOO_DEEP",
  "WFE_POLL_URL_INVALID",
  "WFE_POLL_URL_NOT_ALLOWED",
  "WFE_POLL_REDIRECT_REFUSED",
  "WFE_POLL_BODY_TOO_LARGE",
  "WFE_POLL_SECRET_MISSING",
  "WFE_POLL_REJECTED",
]);

function textOf(value: unknown): string {
  try {
    const text = String(value);
    return text === "" ? '""' : text;
  } catch {
    return UNSHOWABLE;
  }
}
