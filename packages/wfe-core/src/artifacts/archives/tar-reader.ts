import type { ReadEntry } from "tar/read-entry";
import type { ReadArchiveOptions } from "../../models/archive-limits.ts";
import { archiveLimits, invalidArchive, refusedArchive, shown } from "./archive-limits.ts";
import { archivePath, refusedPath } from "./archive-path.ts";
import { ArchiveTree } from "./archive-tree.ts";
import { piecesOf } from "../../runtime/artifact-pieces.ts";
import { ByteReader } from "./byte-reader.ts";
import { gunzipped } from "./gzip.ts";
import { BLOCK_BYTES } from "./tar-header-check.ts";
import { TarParser } from "./tar-parser.ts";

/** An entry of an archive that may be extracted. */
export interface TarEntry {
  /** `link` is a hard one, to a file that came before; only where it is asked for. */
  readonly kind: "file" | "directory" | "symlink" | "link";
  /** None for the root. */
  readonly segments: readonly string[];
  /** Permissions, nothing above them. */
  readonly mode: number;
  readonly size: number;
  /** Of a symbolic link as it stands; of a hard one the path of the file. */
  readonly target: string;
  /** Directories to be made for it, from the top; itself the last, if it is one that only now comes into being. */
  readonly missing: readonly (readonly string[])[];
  /** To be read before the next entry is asked for, or not at all. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** How an archive is read. */
export interface ReadTarOptions extends ReadArchiveOptions {
  /** Whether hard links are taken. @default false */
  readonly hardLinks?: boolean;
}

const KINDS: Readonly<Record<string, TarEntry["kind"]>> = { File: "file", Link: "link", SymbolicLink: "symlink", Directory: "directory" };

/**
 * The entries of a tar archive, compressed or not, each checked on its own and against those before it; all of them when the end is reached
 * without an error. What a symbolic link leads to is known at the end only.
 *
 * @throws ArtifactError `WFE_ARCHIVE_INVALID`, `WFE_ARCHIVE_REFUSED`; whatever the source throws, and the reason of the signal
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  options: ReadTarOptions = {},
): AsyncGenerator<TarEntry, void, undefined> {
  const limits = archiveLimits(options.limits);
  const tree = new ArchiveTree(limits);
  const reader = new ByteReader(gunzipped(piecesOf(source, options.signal), limits), limits.maxBytes);
  let globals = 0;
  try {
    const parser = await TarParser.create();
    for (;;) {
      const position = reader.position;
      const block = await reader.wholeOrEnd(BLOCK_BYTES);
      if (block === undefined) throw invalidArchive(`it is truncated: it has no end, only byte ${position}`);
      if (isZero(block)) break;
      const parsed = parser.readHeader(block, position);
      if (parsed.kind === "metadata") {
        if (parsed.header.type === "GlobalExtendedHeader" && ++globals > limits.maxEntries)
          throw refusedArchive("the archive has more global headers than entries are allowed");
        parser.readMetadata(parsed.header, await reader.whole(parsed.paddedSize));
        continue;
      }
      const entry = entryOf(parsed.entry, limits.maxPathLength, options.hardLinks === true);
      if (entry.kind === "link" && !tree.hasFile(entry.target.split("/"))) {
        throw refusedArchive(`the link ${shown(entry.segments.join("/"))} is refused: no file before it is called ${shown(entry.target)}`);
      }
      const missing = tree.add(entry.kind === "link" ? "file" : entry.kind, entry.segments, entry.target);
      reader.expect(parsed.paddedSize);
      const end = reader.position + parsed.paddedSize;
      yield { ...entry, missing, content: contentOf(parser, reader, end) };
      for await (const _ of contentOf(parser, reader, end));
    }
    if (parser.expectsEntry) throw invalidArchive("it ends after a header that says something of the next entry");
    await readEnd(reader);
    await tree.checkLinks();
  } finally {
    await reader.close();
  }
}

/** What is left of an entry that ends there. The parser keeps what is less than a block, so that it gets none. */
async function* contentOf(parser: TarParser, reader: ByteReader, end: number): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const blocks of reader.blocks(end - reader.position, BLOCK_BYTES)) yield* parser.readContent(blocks);
}

function entryOf(entry: ReadEntry, maxPathLength: number, hardLinks: boolean): Omit<TarEntry, "missing" | "content"> {
  const { path, size, mode = 0, linkpath: target = "" } = entry;
  const kind = KINDS[entry.type];
  if (kind === undefined) throw refusedArchive(`the entry ${shown(path)} is refused: it is of the type ${entry.type}`);
  if (kind === "link" && !hardLinks) throw refusedArchive(`the entry ${shown(path)} is refused: it is a hard link; pack it as a file`);
  const segments = archivePath(path, maxPathLength);
  if (kind !== "directory" && path.endsWith("/")) throw refusedPath(path, `ends like that of a directory, which the ${kind} is not`);
  if (kind !== "file" && size !== 0) throw invalidArchive(`the entry ${shown(path)} is a ${kind} with ${size} bytes of content`);
  return {
    kind,
    segments,
    mode: mode & 0o777,
    size,
    target: kind === "link" ? archivePath(target, maxPathLength).join("/") : kind === "symlink" ? target : "",
  };
}

/** The end is two blocks of zeros; only zeros may follow, as some writers fill up what they write. */
async function readEnd(reader: ByteReader): Promise<void> {
  const second = await reader.wholeOrEnd(BLOCK_BYTES);
  if (second === undefined) throw invalidArchive("it is truncated: half of its end is missing");
  if (!isZero(second)) throw invalidArchive("a block of zeros stands amid its entries");
  for await (const piece of reader.rest()) {
    if (!isZero(piece)) throw invalidArchive(`something follows its end, before byte ${reader.position}`);
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
