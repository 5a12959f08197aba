import type { Header } from "tar/header";
import type { Parser } from "tar/parse";
import type { ReadEntry } from "tar/read-entry";
import { invalidArchive, refusedArchive, shown } from "./archive-limits.ts";
import { BLOCK_BYTES, checkEntryHeader, checkHeader } from "./tar-header-check.ts";
import { type MetadataFields, checkMetadata } from "./tar-metadata-check.ts";

/** Largest header that says something of the next entry. */
const LARGEST_METADATA = 1024 ** 2;

/** An entry that the library has read, or metadata of the next one, of which it tells nothing. */
export type ParsedHeader =
  | { readonly kind: "entry"; readonly entry: ReadEntry; readonly paddedSize: number }
  | { readonly kind: "metadata"; readonly header: Header; readonly paddedSize: number };

/**
 * The parser of the library, led from header to header: it gets each alone, and what belongs to it in whole blocks. So all that it says it says
 * at once, nothing waits in it, and metadata comes whole: in two pieces it would lose a character that is divided between them.
 */
export class TarParser {
  readonly #parser: Parser;
  readonly #header: typeof Header;
  readonly #fields: Set<MetadataFields> = new Set();
  #entry: ReadEntry | undefined;
  #content: Uint8Array[] = [];

  private constructor(library: { readonly Parser: typeof Parser; readonly Header: typeof Header }) {
    this.#header = library.Header;
    // What is compressed comes here unpacked; see below for gzip.
    this.#parser = new library.Parser({ strict: true, maxMetaEntrySize: LARGEST_METADATA, zstd: false });
    this.#parser.on("error", (error: Error) => {
      throw invalidArchive(error.message, error);
    });
    this.#parser.on("ignoredEntry", (entry: ReadEntry) => {
      throw entry.meta ? tooMuchMetadata(entry.size) : refusedArchive(`the entry ${shown(entry.path)} is refused: it is of the type ${entry.type}`);
    });
    this.#parser.on("entry", (entry: ReadEntry) => {
      this.#entry = entry;
      entry.on("data", (piece: Uint8Array) => this.#content.push(piece));
    });
  }

  /** A parser; the library is loaded when the first one is made. */
  static async create(): Promise<TarParser> {
    // 20 ms that a host without archives need not spend.
    const [{ Parser }, { Header }] = await Promise.all([import("tar/parse"), import("tar/header")]);
    return new TarParser({ Parser, Header });
  }

  /** Whether metadata was read of an entry that has not come yet. */
  get expectsEntry(): boolean {
    return this.#fields.size > 0;
  }

  /** Reads a header. @throws ArtifactError `WFE_ARCHIVE_INVALID`, `WFE_ARCHIVE_REFUSED` */
  readHeader(bytes: Uint8Array, position: number): ParsedHeader {
    const block = bufferOf(bytes);
    // The parser would unpack it by itself, without our limits.
    if (block[0] === 0x1f && block[1] === 0x8b) throw invalidArchive("it is compressed twice");
    this.#entry = undefined;
    this.#parser.write(block);
    checkHeader(block, position);
    // Assigned by what the parser has called meanwhile.
    const entry = this.#entry as ReadEntry | undefined;
    if (entry === undefined) {
      const header = new this.#header(block);
      return { kind: "metadata", header, paddedSize: padded(header.size ?? 0) };
    }
    checkEntryHeader(block, entry);
    this.#fields.clear();
    return { kind: "entry", entry, paddedSize: entry.startBlockSize };
  }

  /** Reads metadata, whole and with its padding. @throws ArtifactError as {@link TarParser.readHeader} */
  readMetadata(header: Header, bytes: Uint8Array): void {
    checkMetadata(header.type, bufferOf(bytes.subarray(0, header.size)), this.#fields);
    if (bytes.byteLength > 0) this.#parser.write(bufferOf(bytes));
  }

  /** Reads blocks that follow the header of an entry. @returns What of it is content, and no padding. */
  readContent(bytes: Uint8Array): readonly Uint8Array[] {
    this.#parser.write(bufferOf(bytes));
    const content = this.#content;
    this.#content = [];
    return content;
  }
}

function tooMuchMetadata(size: number): Error {
  return refusedArchive(`the archive has a header of ${size} bytes for a name or for attributes; ${LARGEST_METADATA} are the most`);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The same bytes: the library takes no other kind. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
