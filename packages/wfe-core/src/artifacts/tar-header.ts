import { invalidArchive, refusedArchive, shown } from "./archive-limits.ts";

/** Bytes of a header, and what everything in a tar is padded to. */
export const BLOCK_BYTES = 512;
/** Largest size that eleven octal digits hold. */
const LARGEST_OCTAL_SIZE = 8 ** 11 - 1;

/** Fields of a header that are read or written; all others are nought. */
interface HeaderFields<Name> {
  readonly path: Name;
  readonly mode: number;
  /** Bytes that follow. */
  readonly size: number;
  /** One character: what the entry is. */
  readonly type: string;
  readonly target: Name;
}

/** A header as it is written. */
export type WrittenHeader = HeaderFields<string>;

/** A header as it is read. Names are bytes: where others stand in their place, they may be cut off amid a character. */
export type ReadHeader = HeaderFields<Uint8Array>;

/** Where the fields are: first byte, and length. */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  target: [157, 100],
  magic: [257, 8],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [number, number]>;

const POSIX = "ustar\x0000";
const GNU = "ustar  \0";
const OLD = "\0\0\0\0\0\0\0\0";

const NOT_ASCII = /[^\x20-\x7e]/g;

const NOTHING = new Uint8Array(0);
const SLASH = Uint8Array.of(0x2f);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether a block has nothing but zeros. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** A header as it stands in its block. @throws ArtifactError `WFE_ARCHIVE_INVALID` unless its checksum is right, and every field what it must be */
export function readHeader(block: Uint8Array, position: number): ReadHeader {
  const at = `the header at byte ${position}`;
  if (octal(field(block, "checksum"), `the checksum of ${at}`) !== checksumOf(block)) throw invalidArchive(`the checksum of ${at} is wrong`);
  const magic = Buffer.from(field(block, "magic")).toString("latin1");
  if (magic !== POSIX && magic !== GNU && magic !== OLD) throw invalidArchive(`${at} is of no known format (${shown(magic)})`);
  const name = terminated(field(block, "name"));
  // Other formats have something else there.
  const prefix = magic === POSIX ? terminated(field(block, "prefix")) : NOTHING;
  return {
    path: prefix.byteLength === 0 ? name : Buffer.concat([prefix, SLASH, name]),
    mode: octal(field(block, "mode"), `the mode of ${at}`),
    size: number(field(block, "size"), `the size of ${at}`),
    type: String.fromCharCode(block[FIELD.type[0]] ?? 0),
    target: terminated(field(block, "target")),
  };
}

/** The block of a header. Its path and target have 100 bytes at most, its size eleven octal digits: more is for records before it. */
export function writeHeader(header: WrittenHeader): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (name: keyof typeof FIELD, value: string): void => {
    const bytes = Buffer.from(value, name === "magic" ? "latin1" : "utf8");
    block.set(bytes.subarray(0, FIELD[name][1]), FIELD[name][0]);
  };
  const putOctal = (name: keyof typeof FIELD, value: number): void => put(name, value.toString(8).padStart(FIELD[name][1] - 1, "0"));
  put("name", header.path);
  putOctal("mode", header.mode);
  putOctal("uid", 0);
  putOctal("gid", 0);
  putOctal("size", Math.min(header.size, LARGEST_OCTAL_SIZE));
  putOctal("mtime", 0);
  put("type", header.type);
  put("target", header.target);
  put("magic", POSIX);
  putOctal("deviceMajor", 0);
  putOctal("deviceMinor", 0);
  put("checksum", `${checksumOf(block).toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** Whether a path or a target fits its field; only ASCII means the same to every reader there. */
export function fitsHeader(value: string): boolean {
  return value.length <= FIELD.name[1] && value.search(NOT_ASCII) === -1;
}

/** What stands in the field of a path or a target that does not fit, for readers that know no records. */
export function placeholderOf(value: string): string {
  return value.replaceAll(NOT_ASCII, "_").slice(0, FIELD.name[1]);
}

/** Whether a size fits its field in digits. */
export function sizeFitsHeader(size: number): boolean {
  return size <= LARGEST_OCTAL_SIZE;
}

/** Bytes of zeros after content of this size. */
export function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Text of an archive. @throws ArtifactError `WFE_ARCHIVE_REFUSED` for what is not UTF-8: as a name of a file it would be another one */
export function text(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw refusedArchive(`the archive has ${what} that is not UTF-8: ${shown(Buffer.from(bytes).toString("latin1"))}; rename it`, error);
  }
}

/** Bytes up to the first that is zero. */
export function terminated(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

function field(block: Uint8Array, name: keyof typeof FIELD): Uint8Array {
  const [start, length] = FIELD[name];
  return block.subarray(start, start + length);
}

/** Sum of all bytes, those of the checksum itself counted as spaces. */
function checksumOf(block: Uint8Array): number {
  const [start, length] = FIELD.checksum;
  let sum = length * 0x20;
  for (const byte of block) sum += byte;
  for (const byte of block.subarray(start, start + length)) sum -= byte;
  return sum;
}

function octal(bytes: Uint8Array, what: string): number {
  const digits = Buffer.from(bytes).toString("latin1");
  if (!/^ *[0-7]*[ \0]*$/.test(digits)) throw invalidArchive(`${what} is no number: ${shown(digits)}`);
  return Number.parseInt(digits.trim().replaceAll("\0", "") || "0", 8);
}

/** Digits, or, for large ones, bytes after a mark. */
function number(bytes: Uint8Array, what: string): number {
  if (bytes[0] !== 0x80) return octal(bytes, what);
  const value = bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  if (!Number.isSafeInteger(value)) throw invalidArchive(`${what} is beyond all measure`);
  return value;
}
