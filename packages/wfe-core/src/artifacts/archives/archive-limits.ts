import { ArtifactError } from "../../errors/artifact-errors.ts";
import type { ArchiveLimits } from "../../models/archive-limits.ts";

/** Limits where none are given. */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { maxBytes: 4 * 1024 ** 3, maxEntries: 100_000, maxPathLength: 1_024, maxRatio: 200 };

/** The limits given, with defaults for the others. @throws RangeError for one that is no positive number */
export function archiveLimits(given: Partial<ArchiveLimits> = {}): ArchiveLimits {
  const limits = { ...DEFAULT_ARCHIVE_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new RangeError(`${name} is ${String(value)}: expected a number above 0`);
  }
  return limits;
}

/** An archive that cannot be read. */
export function invalidArchive(problem: string, cause?: unknown): ArtifactError {
  return new ArtifactError("WFE_ARCHIVE_INVALID", `the archive cannot be read: ${problem}`, { cause });
}

/** An archive that is not taken, readable or not. */
export function refusedArchive(problem: string, cause?: unknown): ArtifactError {
  return new ArtifactError("WFE_ARCHIVE_REFUSED", problem, { cause });
}

/** A path or another text of an archive, as a message shows it. */
export function shown(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length <= 120 ? quoted : `${quoted.slice(0, 120)}…`;
}
