import type { ErrorCode } from "./error-codes.ts";
import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** Code of an {@link ArtifactError}. */
export type ArtifactErrorCode = Extract<ErrorCode, `WFE_ARTIFACT_${string}` | `WFE_ARCHIVE_${string}`>;

/** A failure of artifacts, of a store of them, or of an archive in one; `code` says which. */
export class ArtifactError extends WfeError {
  override readonly name = "ArtifactError";
  declare readonly code: ArtifactErrorCode;

  constructor(code: ArtifactErrorCode, message: string, options?: WfeErrorOptions) {
    super(code, message, options);
  }
}
