import { isUtf8 } from "node:buffer";
import type { ReadEntry } from "tar/read-entry";
import { invalidArchive, refusedArchive, shown } from "./archive-limits.ts";
import { refusedPath } from "./archive-path.ts";

/** Bytes of a header, and what everything in a tar is padded to. */
export const BLOCK_BYTES = 512;

const POSIX = "ustar\x0000";
const GNU = "ustar  \0";
const OLD = "\0\0\0\0\0\0\0\0";

const OCTAL = /^ *[0-7]*[ \0]*$/;
const NOUGHT = /^\x80?[0 \0]*$/;
/** What comes behind the end of a text. The library takes all behind a line break there for more of the text. */
const CONTINUED = /\0[^]*\n/;

/**
 * Refuses a header in which the library reads less than stands there: numbers up to what is no digit, and any format.
 *
 * @throws ArtifactError `WFE_ARCHIVE_INVALID`
 */
export function checkHeader(block: Buffer, position: number): void {
  const at = `the header at byte ${position}`;
  const magic = block.toString("latin1", 257, 265);
  if (magic !== POSIX && magic !== GNU && magic !== OLD) throw invalidArchive(`${at} is of no known format (${shown(magic)})`);
  const mode = block.toString("latin1", 100, 108);
  if (!OCTAL.test(mode)) throw invalidArchive(`the mode of ${at} is no number: ${shown(mode)}`);
  const size = block.toString("latin1", 124, 136);
  // Larger ones are bytes after a mark.
  if (block[124] !== 0x80 && !OCTAL.test(size)) throw invalidArchive(`the size of ${at} is no number: ${shown(size)}`);
}

/**
 * Refuses a header that says something else to other readers than to the library: names that are not UTF-8, a file that the library takes for
 * a directory, and a directory with content, which the library takes for headers.
 *
 * @throws ArtifactError `WFE_ARCHIVE_INVALID`, `WFE_ARCHIVE_REFUSED`
 */
export function checkEntryHeader(block: Buffer, entry: ReadEntry): void {
  if (entry.extended?.path === undefined) {
    checkText(block.subarray(0, 100), "a path");
    if (block.toString("latin1", 257, 265) === POSIX) checkText(block.subarray(345, 500), "a path");
  }
  if (entry.extended?.linkpath === undefined) checkText(block.subarray(157, 257), "a target");
  if (entry.type !== "Directory") return;
  if (block.toString("latin1", 156, 157) !== "5") throw refusedPath(entry.path, "ends like that of a directory, which the file is not");
  if (!NOUGHT.test(block.toString("latin1", 124, 136))) throw invalidArchive(`the entry ${shown(entry.path)} is a directory with content`);
}

function checkText(field: Buffer, what: string): void {
  const text = field.toString("latin1");
  if (!isUtf8(Buffer.from(text.replace(/\0[^]*/, ""), "latin1")))
    throw refusedArchive(`the archive has ${what} that is not UTF-8: ${shown(text)}; rename it`);
  // On Windows the library makes a slash of it.
  if (text.includes("\\")) throw refusedArchive(`the archive has ${what} with a backslash, which leads elsewhere on Windows: ${shown(text)}`);
  if (CONTINUED.test(text)) throw refusedArchive(`the archive has ${what} with something behind its end: ${shown(text)}`);
}
