import { ArtifactError } from "../errors/artifact-errors.ts";

/** After these the same call may succeed later: there is room again, or fewer files are open. */
const RETRYABLE: ReadonlySet<string> = new Set([
  "EAGAIN",
  "EBUSY",
  "EDQUOT",
  "EINTR",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "ENOSPC",
  "ESTALE",
  "ETIMEDOUT",
]);

/** Whether an error is one of the file system, with one of these codes if some are given. */
export function isFileError(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  const code: unknown = error instanceof Error && "syscall" in error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" && (codes.length === 0 || codes.includes(code));
}

/** A failure of the file system, as callers see it. */
export function backendError(problem: string, cause: unknown): ArtifactError {
  const retryable = isFileError(cause) && RETRYABLE.has(cause.code ?? "");
  return new ArtifactError("WFE_ARTIFACT_BACKEND", `${problem}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, retryable });
}

/**
 * Runs what works on files, and nothing that callers have given.
 *
 * @param doing - For the message: what could not be done, like "put an artifact".
 * @throws ArtifactError `WFE_ARTIFACT_BACKEND` for errors of the file system; all others as they are.
 */
export async function mapped<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw backendError(`the artifact store could not ${doing}`, error);
  }
}

/** Waits for the removal or creation of a file, and takes these codes for done. @returns Whether it was done now. */
export async function unless(operation: Promise<unknown>, ...codes: readonly string[]): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    if (isFileError(error, ...codes)) return false;
    throw error;
  }
}
