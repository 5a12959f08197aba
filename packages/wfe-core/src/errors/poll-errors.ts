import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** Code of a {@link PollError}. */
export type PollErrorCode =
  | "WFE_POLL_URL_INVALID"
  | "WFE_POLL_URL_NOT_ALLOWED"
  | "WFE_POLL_REDIRECT_REFUSED"
  | "WFE_POLL_BODY_TOO_LARGE"
  | "WFE_POLL_SECRET_MISSING"
  | "WFE_POLL_REJECTED";

/** A poll that would fail the same way every time: the step is not retried. The message has neither secrets nor query, and nothing of a body. */
export class PollError extends WfeError {
  override readonly name = "PollError";

  constructor(code: PollErrorCode, message: string, options?: WfeErrorOptions) {
    super(code, message, options);
  }
}
