import { refusedArchive, shown } from "./archive-limits.ts";

/** Longest segment that common file systems take, in bytes. */
const LONGEST_SEGMENT = 255;
/** What Windows takes for something else in a name: another stream of a file, a device, a short name for another one. */
const SPECIAL_ON_WINDOWS = /[<>:"|?*]|~[0-9]|[. ]$|^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;

/**
 * The segments of the path of an entry, without `./` before it and `/` behind that of a directory; none for the root itself.
 *
 * @throws ArtifactError `WFE_ARCHIVE_REFUSED` for a path that could mean a place outside, here or on another system
 */
export function archivePath(path: string, maxPathLength: number, platform: NodeJS.Platform = process.platform): readonly string[] {
  const problem = problemOf(path, maxPathLength);
  if (problem !== undefined) throw refusedPath(path, problem);
  const plain = path.replace(/^(\.\/)+/, "").replace(/\/$/, "");
  if (plain === "" || plain === ".") return [];
  const segments = plain.split("/");
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === "..") throw refusedPath(path, `has the segment ${shown(segment)}`);
    if (Buffer.byteLength(segment) > LONGEST_SEGMENT) throw refusedPath(path, `has a segment of more than ${LONGEST_SEGMENT} bytes`);
    if (isSpecial(segment, platform)) throw refusedPath(path, `has the segment ${shown(segment)}, no name on Windows`);
  }
  return segments;
}

/**
 * The steps of the target of a symbolic link: names, and `..`.
 *
 * @throws ArtifactError `WFE_ARCHIVE_REFUSED` for a target that is not relative, here or on another system
 */
export function linkTarget(path: string, target: string, maxPathLength: number, platform: NodeJS.Platform = process.platform): readonly string[] {
  const steps = target.split("/").filter((segment) => segment !== "" && segment !== ".");
  const special = steps.find((step) => step !== ".." && isSpecial(step, platform));
  const problem = problemOf(target, maxPathLength) ?? (special === undefined ? undefined : `has the segment ${shown(special)}, no name on Windows`);
  if (problem !== undefined) throw refusedArchive(`the link ${shown(path)} is refused: its target ${shown(target)} ${problem}`);
  return steps;
}

/** An entry that is not taken because of its path. */
export function refusedPath(path: string, problem: string): Error {
  return refusedArchive(`the entry ${shown(path)} is refused: its path ${problem}`);
}

/**
 * A key under which a name finds all others that any file system takes for the same: in other case, composed otherwise, or with characters
 * that are not seen.
 */
export function foldedName(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name.toLowerCase();
  return name
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "")
    .normalize("NFKD")
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKD");
}

function isSpecial(segment: string, platform: NodeJS.Platform): boolean {
  return platform === "win32" && SPECIAL_ON_WINDOWS.test(segment);
}

function problemOf(path: string, maxPathLength: number): string | undefined {
  if (path === "") return "is empty";
  if (path.includes("\0")) return "has a NUL";
  if (path.includes("\\")) return "has a backslash, which leads elsewhere on Windows";
  if (path.startsWith("/")) return "is absolute";
  if (/^[a-z]:/i.test(path)) return "begins with a drive";
  if (Buffer.byteLength(path) > maxPathLength) return `has more than ${maxPathLength} bytes: raise maxPathLength if that is meant`;
  return undefined;
}
