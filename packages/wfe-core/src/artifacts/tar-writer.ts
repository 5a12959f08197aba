import { PIECE_BYTES } from "./byte-pieces.ts";
import { writePaxRecords } from "./pax-records.ts";
import { BLOCK_BYTES, fitsHeader, paddingOf, placeholderOf, sizeFitsHeader, writeHeader } from "./tar-header.ts";

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

const TYPES = { file: "0", link: "1", symlink: "2", directory: "5" } as const;

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
  for await (const entry of entries) {
    yield headersOf(entry);
    if (entry.content instanceof Uint8Array) yield entry.content;
    else yield* entry.content;
    yield new Uint8Array(paddingOf(entry.size));
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}

/** The header of an entry, after one with records for what does not fit into it. */
function headersOf(entry: WritableEntry): Uint8Array {
  const path = entry.kind === "directory" ? `${entry.path}/` : entry.path;
  const { mode, size, target } = entry;
  const records = writePaxRecords({
    ...(fitsHeader(path) ? {} : { path }),
    ...(fitsHeader(target) ? {} : { linkpath: target }),
    ...(sizeFitsHeader(size) ? {} : { size }),
  });
  const header = writeHeader({ path: fitted(path), mode, size, type: TYPES[entry.kind], target: fitted(target) });
  if (records.byteLength === 0) return header;
  const recordsHeader = writeHeader({ path: "PaxHeaders/entry", mode: 0o644, size: records.byteLength, type: "x", target: "" });
  return Buffer.concat([recordsHeader, records, new Uint8Array(paddingOf(records.byteLength)), header]);
}

function fitted(value: string): string {
  return fitsHeader(value) ? value : placeholderOf(value);
}
