import type { ErrorCode } from "./error-codes.ts";

/** What every error of the engine can be given besides its message. */
export interface WfeErrorOptions {
  /** The error below this one, for example the driver's. */
  readonly cause?: unknown;
  /** Whether the same call may succeed later. @default false */
  readonly retryable?: boolean;
}

// A registry symbol, so that errors of another copy of this package are recognized.
const WFE_ERROR = Symbol.for("wfe.error");

/** Base of every error the engine throws on purpose. Branch on `code`; messages may change. */
export class WfeError extends Error {
  override readonly name: string = "WfeError";
  readonly code: ErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: WfeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    Object.defineProperty(this, WFE_ERROR, { value: true });
  }
}

/** Whether a value is an error of the engine, of this code if one is given; recognizes errors of another copy of the package. */
export function isWfeError(error: unknown, code?: ErrorCode): error is WfeError {
  return (
    typeof error === "object" &&
    error !== null &&
    (error as { [WFE_ERROR]?: unknown })[WFE_ERROR] === true &&
    (code === undefined || (error as WfeError).code === code)
  );
}
