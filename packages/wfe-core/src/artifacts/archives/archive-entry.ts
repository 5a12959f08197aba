/** A file in memory, to be packed. */
export interface ArchiveFile {
  readonly kind: "file";
  /** Relative, with slashes. Directories above it need not be given. */
  readonly path: string;
  /** Only whether the owner may execute it is kept. @default 0o644 */
  readonly mode?: number;
  /** Text is written as UTF-8. */
  readonly content: Uint8Array | string;
}

/** A file that is read while it is packed. */
export interface ArchiveStreamedFile extends Omit<ArchiveFile, "content"> {
  readonly content: AsyncIterable<Uint8Array>;
  /** Bytes that the content has. */
  readonly size: number;
}

/** A directory, to be packed; one with something in it need not be given. */
export interface ArchiveDirectory {
  readonly kind: "directory";
  readonly path: string;
}

/** A symbolic link, to be packed. */
export interface ArchiveSymlink {
  readonly kind: "symlink";
  readonly path: string;
  /** Relative to where the link is, and inside the archive. */
  readonly target: string;
}

/** What can be packed. */
export type ArchiveEntry = ArchiveFile | ArchiveStreamedFile | ArchiveDirectory | ArchiveSymlink;
