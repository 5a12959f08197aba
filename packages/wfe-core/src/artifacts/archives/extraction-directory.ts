import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { systemClock } from "../../runtime/system-clock.ts";
import { systemEntropy } from "../../runtime/system-entropy.ts";
import { refusedArchive } from "./archive-limits.ts";
import { isFileError } from "../error-mapping.ts";
import { onDisk } from "../on-disk.ts";
import { ABANDONED_MS, Writer, type WriterPresence } from "../writer.ts";

/**
 * Fills a directory at once or not at all: `fill` gets another one beside it, which takes its place in the end. It must not exist, or be empty;
 * directories above it are made. What crashed processes have left of the same directory is removed.
 *
 * @throws ArtifactError `WFE_ARCHIVE_REFUSED` when there is something in its place; `WFE_ARTIFACT_BACKEND`; whatever `fill` throws
 */
export async function fillDirectory(directory: string, fill: (staging: string) => Promise<{ readonly mode: number }>): Promise<void> {
  const target = resolve(directory);
  const parent = dirname(target);
  await checkFree(target);
  const made = await onDisk(`the directory ${parent}`, () => mkdir(parent, { recursive: true }));
  const prefix = `.wfe-extract-${createHash("sha256").update(basename(target)).digest("hex").slice(0, 16)}-`;
  const writer = await Writer.create(systemEntropy);
  const staging = join(parent, `${prefix}${writer.name()}`);
  try {
    await removeLeftovers(parent, prefix, writer);
    // Nobody else sees what is not yet complete.
    await onDisk(`the directory ${staging}`, () => mkdir(staging, { mode: 0o700 }));
    const { mode } = await fill(staging);
    await onDisk(`the directory ${target}`, async () => {
      await chmod(staging, mode);
      await rename(staging, target);
    });
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (made !== undefined) await removeEmpty(parent, dirname(made));
    throw error;
  }
}

async function checkFree(target: string): Promise<void> {
  const names = await onDisk(`the directory ${target}`, async () => {
    try {
      // Not through a link: what takes its place would not be where it leads.
      return (await lstat(target)).isDirectory() ? await readdir(target) : [basename(target)];
    } catch (error) {
      if (isFileError(error, "ENOENT")) return [];
      throw error;
    }
  });
  if (names.length > 0) throw refusedArchive(`nothing is extracted to ${target}: it must not exist, or be an empty directory`);
}

/** Names of leftovers are a prefix and a name of their writer. Failing here fails nothing else: the next extraction tries again. */
async function removeLeftovers(parent: string, prefix: string, writer: Writer): Promise<void> {
  const names = await onDisk(`the directory ${parent}`, () => readdir(parent));
  for (const name of names) {
    if (name.startsWith(prefix)) await removeLeftover(join(parent, name), await writer.presence(name.slice(prefix.length))).catch(() => undefined);
  }
}

async function removeLeftover(path: string, presence: WriterPresence): Promise<void> {
  const isGone = presence === "unknown" ? systemClock.now() - (await lstat(path)).mtimeMs > ABANDONED_MS : presence === "gone";
  if (isGone) await rm(path, { recursive: true, force: true });
}

/** Removes directories from here up to another one, that one not, as long as they are empty. */
async function removeEmpty(directory: string, upTo: string): Promise<void> {
  for (let path = directory; path !== upTo; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return;
    }
  }
}
