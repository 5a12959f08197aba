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

/** How an archive is read. */
export interface ReadArchiveOptions {
  /** Those not given are the defaults. @default 4 GiB, 100,000 entries, paths of 1,024 bytes, a ratio of 200 */
  readonly limits?: Partial<ArchiveLimits>;
  /** Calls the reading off: nothing is left of it, and its reason is thrown. */
  readonly signal?: AbortSignal;
}
