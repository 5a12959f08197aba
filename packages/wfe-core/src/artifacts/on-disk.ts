import { refusedArchive } from "./archives/archive-limits.ts";
import { backendError, isFileError } from "./error-mapping.ts";

/** Does something with the files of an archive; a failure of the file system becomes an `ArtifactError`. */
export async function onDisk<Result>(what: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (isFileError(error, "EEXIST", "ENOTEMPTY")) throw refusedArchive(`${what} is there already, for this file system at least`, error);
    if (isFileError(error, "ENAMETOOLONG")) throw refusedArchive(`${what} has too long a name for this file system`, error);
    throw backendError(`the file system fails at ${what}`, error);
  }
}
