import type { ArchiveEntry } from "./archive-entry.ts";
import { refusedArchive, shown } from "./archive-limits.ts";
import { archivePath } from "./archive-path.ts";
import { ArchiveTree } from "./archive-tree.ts";
import { piecesOf } from "../../runtime/artifact-pieces.ts";
import { changedWhilePacked, directoryEntries } from "./directory-entries.ts";
import { gzipped } from "./gzip.ts";
import { type WritableEntry, writeTar } from "./tar-writer.ts";

/** How an artifact is packed. */
export interface PackOptions {
  /** Whether it is compressed. @default true */
  readonly gzip?: boolean;
  /** Calls the packing off: the iteration throws its reason. */
  readonly signal?: AbortSignal;
}

/** As on Linux; extraction takes less by default. */
const LIMITS = { maxEntries: Number.POSITIVE_INFINITY, maxPathLength: 4_096 };

const FILE_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;
const LINK_MODE = 0o777;
const NOTHING = new Uint8Array(0);

/**
 * Packs a directory, or entries from elsewhere, as a tar archive, compressed with gzip.
 *
 * The same names and contents give the same bytes, wherever they come from: entries are in the order of their paths, directories above them
 * are added, times, owners and permissions are left out but for whether a file can be executed. Compressed bytes are the same for one version
 * of zlib on one kind of processor; those of a plain tar are the same everywhere.
 *
 * Memory does not grow with the contents. Entries themselves are all collected first, with their contents if those are in memory.
 *
 * @param source - Path of a directory, or what should be in the archive, in any order.
 * @returns The archive, made while it is read. Over a directory, and over entries whose iterables allow it, it can be read again.
 * @throws ArtifactError, by the iteration, `WFE_ARCHIVE_REFUSED` for what extraction would refuse, and for a file that changes meanwhile;
 *   `WFE_ARTIFACT_BACKEND` for what cannot be read.
 */
export function packArtifact(
  source: string | Iterable<ArchiveEntry> | AsyncIterable<ArchiveEntry>,
  options: PackOptions = {},
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const entries = typeof source === "string" ? directoryEntries(source) : source;
      const tar = piecesOf(writeTar(writableEntries(entries, options.signal)), options.signal);
      return options.gzip === false ? tar : gzipped(tar);
    },
  };
}

async function* writableEntries(
  source: Iterable<ArchiveEntry> | AsyncIterable<ArchiveEntry>,
  signal: AbortSignal | undefined,
): AsyncGenerator<WritableEntry, void, undefined> {
  const tree = new ArchiveTree(LIMITS);
  const entries = new Map<string, WritableEntry>();
  for await (const entry of source) {
    signal?.throwIfAborted();
    const segments = archivePath(entry.path, LIMITS.maxPathLength);
    if (segments.length === 0) throw refusedArchive(`the entry ${shown(entry.path)} is refused: it is the root, which has no name`);
    if (entry.kind !== "directory" && entry.path.endsWith("/")) throw refusedArchive(`the entry ${shown(entry.path)} is refused: it is no directory`);
    const path = segments.join("/");
    const written = writable(entry, path);
    for (const missing of tree.add(entry.kind, segments, written.target)) {
      const directory = missing.join("/");
      entries.set(directory, { kind: "directory", path: directory, mode: EXECUTABLE_MODE, size: 0, target: "", content: NOTHING });
    }
    if (entry.kind !== "directory") entries.set(path, written);
  }
  await tree.checkLinks();
  const paths = [...entries.keys()].toSorted(byCodeUnits);
  for (const path of paths) {
    const entry = entries.get(path);
    if (entry !== undefined) yield entry;
  }
}

function writable(entry: ArchiveEntry, path: string): WritableEntry {
  checkWellFormed(path);
  switch (entry.kind) {
    case "directory":
      return { kind: "directory", path, mode: EXECUTABLE_MODE, size: 0, target: "", content: NOTHING };
    case "symlink":
      checkWellFormed(entry.target);
      return { kind: "symlink", path, mode: LINK_MODE, size: 0, target: entry.target, content: NOTHING };
    case "file": {
      const mode = ((entry.mode ?? FILE_MODE) & 0o100) === 0 ? FILE_MODE : EXECUTABLE_MODE;
      if ("size" in entry) {
        if (!Number.isSafeInteger(entry.size) || entry.size < 0)
          throw new RangeError(`the size of ${shown(path)} is ${entry.size}: expected bytes, 0 or more`);
        return { kind: "file", path, mode, size: entry.size, target: "", content: measured(entry.content, entry.size, path) };
      }
      const content = typeof entry.content === "string" ? Buffer.from(entry.content) : entry.content;
      return { kind: "file", path, mode, size: content.byteLength, target: "", content };
    }
  }
}

async function* measured(content: AsyncIterable<Uint8Array>, size: number, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  let left = size;
  for await (const piece of content) {
    left -= piece.byteLength;
    if (left < 0) break;
    yield piece;
  }
  if (left !== 0) throw changedWhilePacked(path);
}

/** Half of a surrogate pair would be written as another character. */
function checkWellFormed(path: string): void {
  if (Buffer.from(path).toString() !== path) throw refusedArchive(`the entry ${shown(path)} is refused: it has half a character in its name`);
}

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : 1;
}
