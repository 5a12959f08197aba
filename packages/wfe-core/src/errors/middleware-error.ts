import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** A middleware that breaks the rules of its onion: it gives something else than is asked of it, or calls `next` too late or too often. */
export class MiddlewareError extends WfeError {
  override readonly name = "MiddlewareError";

  constructor(message: string, options?: WfeErrorOptions) {
    super("WFE_MIDDLEWARE_INVALID", message, options);
  }
}
