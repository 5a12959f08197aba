import { ArtifactError } from "../errors/artifact-errors.ts";

/** How much an archive may bring; checked while it is read, so that one beyond them is left at once. */
export interface ArchiveLimits {
  /** Bytes of the archive when it is not compressed, headers and padding counted. @default 4 GiB */
  readonly maxBytes: number;
  /** Files, directories and links, counted with the directories that only a path implies. @default 100,000 */
  readonly maxEntries: number;
  /** Bytes of a path, and of the target of a link. A segment of a path has 255 at most. @default 1,024 */
  readonly maxPathLength: number;
  /** Bytes out of gzip for each byte into it. The first 16 MiB are free, so that small archives may be as uniform as they like. @default 200 */
  readonly maxRatio: number;
}

/** Limits where none are given. */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { maxBytes: 4 * 1024 ** 3, maxEntries: 100_000, maxPathLength: 1_024, maxRatio: 200 };

/** How an archive is read. */
export interface ReadArchiveOptions {
  /** Those not given are the defaults. @default 4 GiB, 100,000 entries, paths of 1,024 bytes, a ratio of 200 */
  readonly limits?: Partial<ArchiveLimits>;
  /** Calls the reading off: nothing is left of it, and its reason is thrown. */
  readonly signal?: AbortSignal;
}

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
