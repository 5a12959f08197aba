import type { Header } from "tar/header";
import type { Pax } from "tar/pax";
import { PIECE_BYTES } from "../../runtime/artifact-pieces.ts";
import { BLOCK_BYTES } from "./tar-header-check.ts";

/** An entry as it is written. */
export interface WritableEntry {
  readonly kind: "file" | "directory" | "symlink" | "link";
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  readonly target: string;
  /** As many bytes as its size says; who gives them checks that. */
  readonly content: AsyncIterable<Uint8Array> | Uint8Array;
}

const TYPES = { file: "File", link: "Link", symlink: "SymbolicLink", directory: "Directory" } as const;
/** The same for all entries. */
const FIXED = { uid: 0, gid: 0, mtime: new Date(0), uname: "", gname: "", devmaj: 0, devmin: 0 } as const;

/** The bytes of a tar archive with these entries, in this order. Small ones are written together. */
export async function* writeTar(entries: AsyncIterable<WritableEntry>): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const part of partsOf(entries)) {
    if (length + part.byteLength > PIECE_BYTES && length > 0) {
      yield Buffer.concat(waiting, length);
      waiting = [];
      length = 0;
    }
    waiting.push(part);
    length += part.byteLength;
  }
  yield Buffer.concat(waiting, length);
}

async function* partsOf(entries: AsyncIterable<WritableEntry>): AsyncGenerator<Uint8Array, void, undefined> {
  const [{ Header }, { Pax }] = await Promise.all([import("tar/header"), import("tar/pax")]);
  for await (const entry of entries) {
    yield* headersOf(entry, Header, Pax);
    if (entry.content instanceof Uint8Array) yield entry.content;
    else yield* entry.content;
    yield paddingOf(entry.size);
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}

/** The header of an entry, after others for what does not fit into it. */
function headersOf(entry: WritableEntry, header: typeof Header, pax: typeof Pax): readonly Uint8Array[] {
  const { mode, size } = entry;
  const path = entry.kind === "directory" ? `${entry.path}/` : entry.path;
  const target = entry.kind === "symlink" || entry.kind === "link" ? { linkpath: entry.target } : {};
  const own = new header({ ...FIXED, path, mode, size, type: TYPES[entry.kind], ...target });
  const block = Buffer.alloc(BLOCK_BYTES);
  if (!own.encode(block)) return [block];
  const texts = { path, ...target };
  const inRecords = Object.fromEntries(Object.entries(texts).filter(([, text]) => !text.includes("\n")));
  return [
    ...longNameOf("NextFileHasLongPath", path, header),
    ...longNameOf("NextFileHasLongLinkpath", target.linkpath ?? "", header),
    new pax({ ...inRecords, size }).encode(),
    block,
  ];
}

/** A name with a line break in a form of GNU's: in records the library does not read it. */
function longNameOf(type: "NextFileHasLongPath" | "NextFileHasLongLinkpath", name: string, header: typeof Header): readonly Uint8Array[] {
  if (!name.includes("\n")) return [];
  const bytes = Buffer.from(`${name}\0`);
  const block = Buffer.alloc(BLOCK_BYTES);
  new header({ ...FIXED, path: "././@LongLink", mode: 0o644, size: bytes.byteLength, type }).encode(block);
  return [block, bytes, paddingOf(bytes.byteLength)];
}

function paddingOf(size: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}
