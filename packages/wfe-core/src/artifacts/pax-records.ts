import { invalidArchive, refusedArchive, shown } from "./archive-limits.ts";
import { text } from "./tar-header.ts";

/** What records before an entry say in place of its header; everything else in them is left out. */
export interface PaxRecords {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: number;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;
/** Of files with holes: their content is not what stands in the archive. */
const SPARSE = /^GNU\.sparse\.|^SCHILY\.realsize$/;

/**
 * Reads PAX records to the letter: `<length> <key>=<value>\n`, again and again.
 *
 * @throws ArtifactError `WFE_ARCHIVE_INVALID` for anything else, and for a path, a target or a size that is there twice;
 *   `WFE_ARCHIVE_REFUSED` for a sparse file
 */
export function readPaxRecords(bytes: Uint8Array): PaxRecords {
  const records = new Map<string, string>();
  for (let start = 0; start < bytes.byteLength; ) {
    const space = bytes.indexOf(SPACE, start);
    const length = lengthOf(bytes.subarray(start, space === -1 ? start : space));
    const record = bytes.subarray(space + 1, start + length);
    const equals = record.indexOf(EQUALS);
    if (start + length > bytes.byteLength || record.at(-1) !== NEWLINE || equals < 1) throw invalidArchive("a PAX record is damaged");
    const key = text(record.subarray(0, equals), "a PAX key");
    if (SPARSE.test(key)) throw refusedArchive("the archive has a sparse file, which is not extracted: pack it without --sparse");
    if (key === "path" || key === "linkpath" || key === "size") {
      if (records.has(key)) throw invalidArchive(`a PAX header has two records of ${key}`);
      records.set(key, text(record.subarray(equals + 1, -1), `a PAX ${key}`));
    }
    start += length;
  }
  const path = records.get("path");
  const linkpath = records.get("linkpath");
  const size = records.get("size");
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkpath === undefined ? {} : { linkpath }),
    ...(size === undefined ? {} : { size: sizeOf(size) }),
  };
}

/** The bytes of PAX records, in the order of their keys; none when there are none. */
export function writePaxRecords(records: PaxRecords): Uint8Array {
  const lines = (["linkpath", "path", "size"] as const).flatMap((key) => (records[key] === undefined ? [] : [line(key, String(records[key]))]));
  return Buffer.from(lines.join(""));
}

/** A record begins with its own length, the digits of that counted. */
function line(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  length = bytes + String(length).length;
  return `${length}${rest}`;
}

function lengthOf(digits: Uint8Array): number {
  const written = Buffer.from(digits.subarray(0, 10)).toString("latin1");
  if (!/^[1-9][0-9]{0,8}$/.test(written)) throw invalidArchive(`a PAX record has no length, but ${shown(written)}`);
  return Number(written);
}

function sizeOf(digits: string): number {
  const size = Number(digits);
  if (!/^[0-9]+$/.test(digits) || !Number.isSafeInteger(size)) throw invalidArchive(`a PAX record has no size, but ${shown(digits)}`);
  return size;
}
