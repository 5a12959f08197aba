import { chmod, mkdir, open, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { ReadArchiveOptions } from "../../models/archive-limits.ts";
import type { ArtifactContent } from "../../traits/artifact-store.ts";
import { shown } from "./archive-limits.ts";
import { fillDirectory } from "./extraction-directory.ts";
import { onDisk } from "../on-disk.ts";
import { type TarEntry, readTar } from "./tar-reader.ts";

/** Permissions where an archive gives none. */
const DIRECTORY_MODE = 0o755;

/**
 * Extracts a tar archive, compressed with gzip or not, to a directory. It is there whole, or not at all.
 *
 * Taken are regular files, directories, and symbolic links that stay inside, with their permissions (the owner may always write, and use
 * directories; no setuid, setgid or sticky); nothing else, and no owner, time or attribute. Memory does not grow with the archive, apart from
 * the names in it.
 *
 * @param source - The archive; `store.get(digest)` for example.
 * @param directory - Must not exist, or be empty; those above it are made. It is filled under another name beside it.
 * @throws ArtifactError `WFE_ARCHIVE_INVALID` for what is damaged, truncated or no archive; `WFE_ARCHIVE_REFUSED` for an entry that leads out
 *   or is of another kind, for more than the limits allow, and when there is something in the directory; `WFE_ARTIFACT_BACKEND` when the disk
 *   fails. Whatever the source throws, and the reason of the signal.
 */
export async function extractArtifactToDir(source: ArtifactContent, directory: string, options: ReadArchiveOptions = {}): Promise<void> {
  await fillDirectory(directory, (staging) => extractInto(source, staging, options));
}

/** Extracts into a directory that is there, empty and nobody else's. @returns Permissions of the root. */
export async function extractInto(source: ArtifactContent, root: string, options: ReadArchiveOptions): Promise<{ readonly mode: number }> {
  const links: TarEntry[] = [];
  let mode = DIRECTORY_MODE;
  for await (const entry of readTar(source, options)) {
    for (const missing of entry.missing) await makeDirectory(join(root, ...missing), missing);
    if (entry.kind === "symlink") links.push(entry);
    else if (entry.kind === "file") await writeFile(join(root, ...entry.segments), entry);
    else if (entry.segments.length === 0) mode = entry.mode | 0o700;
    else await onDisk(nameOf(entry.segments), () => chmod(join(root, ...entry.segments), entry.mode | 0o700));
  }
  // Last, and after all was checked: nothing was ever written through one.
  for (const { segments, target } of links) await onDisk(nameOf(segments), () => symlink(target, join(root, ...segments)));
  return { mode };
}

async function makeDirectory(path: string, segments: readonly string[]): Promise<void> {
  await onDisk(nameOf(segments), async () => {
    await mkdir(path);
    await chmod(path, DIRECTORY_MODE);
  });
}

async function writeFile(path: string, entry: TarEntry): Promise<void> {
  const name = nameOf(entry.segments);
  // Fails when it is there: on a file system for which two names are one.
  const file = await onDisk(name, () => open(path, "wx"));
  try {
    for await (const piece of entry.content) await onDisk(name, () => file.writeFile(piece));
    await onDisk(name, () => file.chmod(entry.mode | 0o200));
  } finally {
    await onDisk(name, () => file.close());
  }
}

function nameOf(segments: readonly string[]): string {
  return `the entry ${shown(segments.join("/"))}`;
}
