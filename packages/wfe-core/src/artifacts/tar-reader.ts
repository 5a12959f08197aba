import { type ReadArchiveOptions, archiveLimits, invalidArchive, refusedArchive, shown } from "./archive-limits.ts";
import { archivePath, refusedPath } from "./archive-path.ts";
import { ArchiveTree } from "./archive-tree.ts";
import { piecesOf } from "./byte-pieces.ts";
import { ByteReader } from "./byte-reader.ts";
import { gunzipped } from "./gzip.ts";
import { type PaxRecords, readPaxRecords } from "./pax-records.ts";
import { BLOCK_BYTES, type ReadHeader, isZero, paddingOf, readHeader, terminated, text } from "./tar-header.ts";

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

/** Largest header that says something of the next entry. */
const LARGEST_EXTENSION = 1024 ** 2;

const KINDS: Readonly<Record<string, TarEntry["kind"]>> = { "0": "file", "\0": "file", "1": "link", "2": "symlink", "5": "directory" };
const REFUSED_TYPES: Readonly<Record<string, string>> = {
  "3": "a device",
  "4": "a device",
  "6": "a FIFO",
  "7": "a contiguous file",
  S: "a sparse file",
};

/** What headers have said of the next entry. */
interface Extensions {
  records?: PaxRecords;
  path?: string;
  target?: string;
}

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
  let extensions: Extensions = {};
  let globals = 0;
  try {
    for (;;) {
      const position = reader.position;
      const block = await reader.whole(BLOCK_BYTES);
      if (block === undefined) throw invalidArchive(`it is truncated: it has no end, only byte ${position}`);
      if (isZero(block)) break;
      const header = readHeader(block, position);
      if (isExtension(header)) {
        if (header.type === "g" && ++globals > limits.maxEntries)
          throw refusedArchive("the archive has more global headers than entries are allowed");
        await readExtension(header, reader, extensions);
        continue;
      }
      const entry = entryOf(header, extensions, limits.maxPathLength, options.hardLinks === true);
      if (entry.kind === "link" && !tree.hasFile(entry.target.split("/"))) {
        throw refusedArchive(`the link ${shown(entry.segments.join("/"))} is refused: no file before it is called ${shown(entry.target)}`);
      }
      const missing = tree.add(entry.kind === "link" ? "file" : entry.kind, entry.segments, entry.target);
      reader.expect(entry.size);
      const end = reader.position + entry.size;
      yield { ...entry, missing, content: reader.parts(entry.size) };
      await skip(reader, end - reader.position);
      await skipPadding(reader, entry.size);
      extensions = {};
    }
    if (Object.keys(extensions).length > 0) throw invalidArchive("it ends after a header that says something of the next entry");
    await readEnd(reader);
    await tree.checkLinks();
  } finally {
    await reader.close();
  }
}

function isExtension(header: ReadHeader): boolean {
  return header.type === "x" || header.type === "g" || header.type === "L" || header.type === "K";
}

async function readExtension(header: ReadHeader, reader: ByteReader, extensions: Extensions): Promise<void> {
  if (header.size > LARGEST_EXTENSION) {
    throw refusedArchive(`the archive has a header of ${header.size} bytes for a name or for attributes; ${LARGEST_EXTENSION} are the most`);
  }
  const bytes = await reader.whole(header.size);
  if (bytes === undefined) throw invalidArchive("it is truncated in a header");
  if (header.type === "x") {
    if (extensions.records !== undefined) throw invalidArchive("an entry has two PAX headers");
    extensions.records = readPaxRecords(bytes);
  } else if (header.type === "g") {
    if (Object.keys(readPaxRecords(bytes)).length > 0) throw refusedArchive("the archive has a path, a target or a size for all of its entries");
  } else {
    const field = header.type === "L" ? "path" : "target";
    if (extensions[field] !== undefined) throw invalidArchive(`an entry has two long names for its ${field}`);
    extensions[field] = text(terminated(bytes), `a ${field}`);
  }
  await skipPadding(reader, header.size);
}

function entryOf(
  header: ReadHeader,
  { records, path: longPath, target: longTarget }: Extensions,
  maxPathLength: number,
  hardLinks: boolean,
): Omit<TarEntry, "missing" | "content"> {
  if ((longPath !== undefined && records?.path !== undefined) || (longTarget !== undefined && records?.linkpath !== undefined)) {
    throw invalidArchive("an entry has two long names, of two formats");
  }
  const path = records?.path ?? longPath ?? text(header.path, "a path");
  const kind = KINDS[header.type];
  if (kind === undefined)
    throw refusedArchive(`the entry ${shown(path)} is refused: it is ${REFUSED_TYPES[header.type] ?? `of the type ${shown(header.type)}`}`);
  if (kind === "link" && !hardLinks) throw refusedArchive(`the entry ${shown(path)} is refused: it is a hard link; pack it as a file`);
  const segments = archivePath(path, maxPathLength);
  if (kind !== "directory" && path.endsWith("/")) throw refusedPath(path, `ends like that of a directory, which the ${kind} is not`);
  const size = records?.size ?? header.size;
  if (kind !== "file" && size !== 0) throw invalidArchive(`the entry ${shown(path)} is a ${kind} with ${size} bytes of content`);
  const target = records?.linkpath ?? longTarget ?? text(header.target, "a target");
  return {
    kind,
    segments,
    mode: header.mode & 0o777,
    size,
    target: kind === "link" ? archivePath(target, maxPathLength).join("/") : kind === "symlink" ? target : "",
  };
}

async function skip(reader: ByteReader, length: number): Promise<void> {
  for await (const _ of reader.parts(length));
}

async function skipPadding(reader: ByteReader, size: number): Promise<void> {
  const padding = paddingOf(size);
  if (padding > 0) await skip(reader, padding);
}

/** The end is two blocks of zeros; only zeros may follow, as some writers fill up what they write. */
async function readEnd(reader: ByteReader): Promise<void> {
  const second = await reader.whole(BLOCK_BYTES);
  if (second === undefined) throw invalidArchive("it is truncated: half of its end is missing");
  if (!isZero(second)) throw invalidArchive("a block of zeros stands amid its entries");
  for await (const piece of reader.rest()) {
    if (!isZero(piece)) throw invalidArchive(`something follows its end, before byte ${reader.position}`);
  }
}
