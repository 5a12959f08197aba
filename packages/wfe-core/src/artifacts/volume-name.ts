import { ArtifactError, type ArtifactErrorCode } from "../errors/artifact-errors.ts";
import { shown } from "./archives/archive-limits.ts";

const LONGEST_NAME = 128;
/** Begins with a letter or a digit, and does not end in a dot, which Windows leaves out. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;
/** Devices of Windows, in any directory and whatever follows. */
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/**
 * The same, if it is a name for an artifact in a volume: it becomes a directory, and an entry of an archive.
 *
 * @throws ArtifactError with this code otherwise
 */
export function checkedVolumeName(name: unknown, code: ArtifactErrorCode): string {
  if (typeof name === "string" && name.length <= LONGEST_NAME && NAME.test(name) && !RESERVED.test(name)) return name;
  throw new ArtifactError(
    code,
    `${shown(String(name))} is no name for an artifact in a volume: expected 1 to ${LONGEST_NAME} letters, digits, dots, dashes and underscores, ` +
      "a letter or a digit first, no dot last, and no device of Windows",
  );
}
