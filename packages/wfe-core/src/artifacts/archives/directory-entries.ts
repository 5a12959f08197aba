import { isUtf8 } from "node:buffer";
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { ArtifactError } from "../../errors/artifact-errors.ts";
import type { ArchiveEntry } from "./archive-entry.ts";
import { refusedArchive, shown } from "./archive-limits.ts";
import { PIECE_BYTES } from "../../runtime/artifact-pieces.ts";
import { onDisk } from "../on-disk.ts";

/** What is in a directory, below it at any depth; files are read when their content is. */
export async function* directoryEntries(directory: string): AsyncGenerator<ArchiveEntry, void, undefined> {
  if (!(await statOf(directory)).isDirectory()) throw refusedArchive(`${directory} is no directory: only directories are packed`);
  yield* below(directory, "");
}

async function* below(directory: string, prefix: string): AsyncGenerator<ArchiveEntry, void, undefined> {
  const names = await onDisk(`the directory ${directory}`, () => readdir(directory, { encoding: "buffer" }));
  for (const bytes of names) {
    const name = text(bytes, `in ${directory} a name`);
    const location = join(directory, name);
    const path = `${prefix}${name}`;
    const stats = await statOf(location);
    if (stats.isDirectory()) {
      yield { kind: "directory", path };
      yield* below(location, `${path}/`);
    } else if (stats.isFile()) {
      yield { kind: "file", path, mode: stats.mode, size: stats.size, content: contentOf(location, stats) };
    } else if (stats.isSymbolicLink()) {
      yield { kind: "symlink", path, target: text(await onDisk(location, () => readlink(location, "buffer")), "a target") };
    } else {
      throw refusedArchive(`${location} is neither a file, a directory nor a symbolic link: it cannot be packed`);
    }
  }
}

async function* contentOf(location: string, expected: Stats): AsyncGenerator<Uint8Array, void, undefined> {
  // Neither through a link nor waiting for the other end of a FIFO, if one of them has taken its place.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await onDisk(location, () => open(location, flags));
  try {
    await checkUnchanged(location, file, expected);
    for (;;) {
      const buffer = Buffer.allocUnsafe(PIECE_BYTES);
      const { bytesRead } = await onDisk(location, () => file.read(buffer, 0, PIECE_BYTES));
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
    }
    await checkUnchanged(location, file, expected);
  } finally {
    await file.close();
  }
}

/** Its size is checked by who counts what is read. */
async function checkUnchanged(location: string, file: FileHandle, expected: Stats): Promise<void> {
  const now = await onDisk(location, () => file.stat());
  if (now.ino !== expected.ino || now.mtimeMs !== expected.mtimeMs || now.size !== expected.size) throw changedWhilePacked(location);
}

/** A file that is not what it was when its header was written. */
export function changedWhilePacked(path: string): ArtifactError {
  return new ArtifactError("WFE_ARCHIVE_REFUSED", `${shown(path)} was changed while it was packed: pack what nobody writes to`, { retryable: true });
}

async function statOf(location: string): Promise<Stats> {
  return onDisk(shown(location), () => lstat(location));
}

/** A name on the disk. @throws ArtifactError `WFE_ARCHIVE_REFUSED` for what is not UTF-8: as a name in an archive it would be another one */
function text(bytes: Uint8Array, what: string): string {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString();
  throw refusedArchive(`the archive has ${what} that is not UTF-8: ${shown(Buffer.from(bytes).toString("latin1"))}; rename it`);
}
