import { isUtf8 } from "node:buffer";
import type { Header } from "tar/header";
import { invalidArchive, refusedArchive, shown } from "./archive-limits.ts";

/** What metadata says of the next entry; and kinds of metadata that it may have once. */
export type MetadataFields = "path" | "linkpath" | "size" | "PAX header";

const RECORD = /^([1-9][0-9]{0,8}) ([^=]+)=([^]*)$/;
/** Of files with holes: their content is not what stands in the archive. */
const SPARSE = /^GNU\.sparse\.|^SCHILY\.realsize$/;

/**
 * Refuses metadata that the library would read otherwise than it is meant, or of which it would pass over what matters.
 *
 * @param fields - What was said of the next entry up to now; more is added.
 * @throws ArtifactError `WFE_ARCHIVE_INVALID` for what is damaged or there twice; `WFE_ARCHIVE_REFUSED` for another kind, a sparse file, a text
 *   with a NUL or not of UTF-8, and for a path, target or size of all entries
 */
export function checkMetadata(type: Header["type"], bytes: Buffer, fields: Set<MetadataFields>): void {
  switch (type) {
    case "NextFileHasLongPath":
      return checkLongName("path", bytes, fields);
    case "NextFileHasLongLinkpath":
      return checkLongName("linkpath", bytes, fields);
    case "ExtendedHeader":
      add("PAX header", fields);
      return checkRecords(bytes, fields);
    case "GlobalExtendedHeader": {
      const ofAll = new Set<MetadataFields>();
      checkRecords(bytes, ofAll);
      if (ofAll.size > 0) throw refusedArchive("the archive has a path, a target or a size for all of its entries");
      return;
    }
    default:
      throw refusedArchive(`the archive has a header of the type ${type}, which is not read`);
  }
}

function checkLongName(field: "path" | "linkpath", bytes: Buffer, fields: Set<MetadataFields>): void {
  const name = bytes.toString("latin1").replace(/\0+$/, "");
  // The library would take that in the header.
  if (name === "") throw invalidArchive(`it has a long ${field} of nothing`);
  add(field, fields);
  checkText(field, name);
}

/**
 * The library reads a record to the end of its line, and passes over those that are longer or shorter. So each must be one line, as long as it
 * says. What it does with records of other keys does not matter.
 */
function checkRecords(bytes: Buffer, fields: Set<MetadataFields>): void {
  const lines = bytes.toString("latin1").split("\n");
  if (lines.pop() !== "") throw invalidArchive("a PAX record does not end");
  for (const line of lines) {
    const [, length, key = "", value = ""] = RECORD.exec(line) ?? [];
    if (Number(length) !== line.length + 1) {
      throw invalidArchive(`a PAX record is damaged, or has a line break, with which it is not read: ${shown(line)}`);
    }
    if (SPARSE.test(key)) throw refusedArchive("the archive has a sparse file, which is not extracted: pack it without --sparse");
    if (key !== "path" && key !== "linkpath" && key !== "size") continue;
    add(key, fields);
    checkText(key, value);
    if (key === "size" && !(/^[0-9]+$/.test(value) && Number.isSafeInteger(Number(value)))) {
      throw invalidArchive(`a PAX record has no size, but ${shown(value)}`);
    }
  }
}

function checkText(field: string, text: string): void {
  if (text.includes("\0")) throw refusedArchive(`the archive has a ${field} with a NUL: ${shown(text)}`);
  // On Windows the library makes a slash of it.
  if (text.includes("\\")) throw refusedArchive(`the archive has a ${field} with a backslash, which leads elsewhere on Windows: ${shown(text)}`);
  if (!isUtf8(Buffer.from(text, "latin1"))) throw refusedArchive(`the archive has a ${field} that is not UTF-8: ${shown(text)}; rename it`);
}

function add(field: MetadataFields, fields: Set<MetadataFields>): void {
  if (fields.has(field)) throw invalidArchive(`the headers of an entry have a ${field} twice`);
  fields.add(field);
}
