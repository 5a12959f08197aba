import type { ReadArchiveOptions } from "../../models/archive-limits.ts";
import type { ArtifactContent } from "../../traits/artifact-store.ts";
import { archiveLimits, refusedArchive, shown } from "./archive-limits.ts";
import { archivePath } from "./archive-path.ts";
import { gzipped } from "./gzip.ts";
import { type TarEntry, readTar } from "./tar-reader.ts";
import { type WritableEntry, writeTar } from "./tar-writer.ts";

const DIRECTORY_MODE = 0o755;
const NOTHING = new Uint8Array(0);

/**
 * An archive with everything in it moved below a directory: paths, and targets of hard links, which are paths, too. Symbolic links are relative,
 * and move along. Headers are written anew, with permissions, without owners and times.
 *
 * @throws ArtifactError `WFE_ARCHIVE_REFUSED` for a prefix that is no path of a directory inside an archive; by the iteration, what
 *   extraction would throw, hard links excepted
 */
export function repackagedArchive(source: ArtifactContent, prefix: string, options: ReadArchiveOptions): AsyncIterable<Uint8Array> {
  const above = archivePath(prefix, archiveLimits(options.limits).maxPathLength);
  if (above.length === 0 || Buffer.from(prefix).toString() !== prefix) throw refusedArchive(`${shown(prefix)} is no directory to move an archive to`);
  return { [Symbol.asyncIterator]: () => gzipped(writeTar(movedEntries(source, above, options))) };
}

async function* movedEntries(
  source: ArtifactContent,
  above: readonly string[],
  options: ReadArchiveOptions,
): AsyncGenerator<WritableEntry, void, undefined> {
  for (const index of above.slice(1).keys()) yield directory(above.slice(0, index + 1), DIRECTORY_MODE);
  let begun = false;
  for await (const entry of readTar(source, { ...options, hardLinks: true })) {
    const isRoot = entry.segments.length === 0;
    // Permissions of the root come first or not at all: an entry is written once.
    if (!begun) yield directory(above, isRoot ? entry.mode : DIRECTORY_MODE);
    begun = true;
    if (!isRoot) yield moved(entry, above);
  }
  if (!begun) yield directory(above, DIRECTORY_MODE);
}

function moved(entry: TarEntry, above: readonly string[]): WritableEntry {
  const { kind, mode, size, content, target } = entry;
  return {
    kind,
    path: [...above, ...entry.segments].join("/"),
    mode,
    size,
    content,
    target: kind === "link" ? `${above.join("/")}/${target}` : target,
  };
}

function directory(segments: readonly string[], mode: number): WritableEntry {
  return { kind: "directory", path: segments.join("/"), mode, size: 0, target: "", content: NOTHING };
}
