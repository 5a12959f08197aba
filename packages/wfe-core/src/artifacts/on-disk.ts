import { ArtifactError } from "../errors/artifact-errors.ts";
import { refusedArchive } from "./archive-limits.ts";

const RETRYABLE = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EAGAIN", "EBUSY", "EIO"]);

/** Does something with files; a failure of the file system becomes an `ArtifactError`. */
export async function onDisk<Result>(what: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST" || code === "ENOTEMPTY") throw refusedArchive(`${what} is there already, for this file system at least`, error);
    if (code === "ENAMETOOLONG") throw refusedArchive(`${what} has too long a name for this file system`, error);
    throw new ArtifactError("WFE_ARTIFACT_BACKEND", `the file system fails at ${what}: ${code ?? String(error)}`, {
      cause: error,
      retryable: code !== undefined && RETRYABLE.has(code),
    });
  }
}

/** The code of an error of the system. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
