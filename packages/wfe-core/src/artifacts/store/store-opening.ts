import { ArtifactError } from "../../errors/artifact-errors.ts";
import { isFileError, unless } from "../error-mapping.ts";
import type { StateFiles } from "./state-files.ts";
import type { StoreFolders } from "./store-folders.ts";
import type { Writer } from "../writer.ts";

/** What a folder may have in it that is to become a store: what a crash has left of one, and what belongs to a file system. */
const NOTHING: ReadonlySet<string> = new Set([".wfe", "lost+found"]);

/**
 * Makes the folders of a store, and its first state where there is none.
 *
 * @throws ArtifactError `WFE_ARTIFACT_BACKEND` for a folder that holds something else, and where the file system has no hard links.
 */
export async function openFolders(folders: StoreFolders, states: StateFiles, writer: Writer): Promise<void> {
  await folders.files.mkdir(folders.root, { recursive: true });
  // Before the states are looked for: a process that makes this a store writes the state first.
  const names = await folders.files.readdir(folders.root);
  for (const folder of [folders.own, folders.states, folders.objects, folders.temporary]) await unless(folders.files.mkdir(folder), "EEXIST");
  await tryLink(folders, writer);
  if (!(await states.exist())) {
    const others = names.filter((name) => !NOTHING.has(name));
    if (others.length > 0) {
      await removeEmpty(folders);
      throw foreign(folders, others);
    }
    await folders.sync(folders.own);
    await folders.sync(folders.root);
  }
  await states.begin();
  await folders.files.mkdir(folders.blobs, { recursive: true });
}

/** The states, and that nothing is ever lost, rest on hard links. */
async function tryLink(folders: StoreFolders, writer: Writer): Promise<void> {
  const [file, link] = [folders.in("temporary", writer.name()), folders.in("temporary", writer.name())];
  try {
    await folders.write(file, "", false);
    await folders.files.link(file, link);
  } catch (cause) {
    if (!isFileError(cause, "EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "EXDEV") || cause.syscall !== "link") throw cause;
    const problem = `${folders.root} is on a file system without hard links, on which the store rests: give a folder on another one (ext4, XFS, APFS, NTFS, NFS …)`;
    throw new ArtifactError("WFE_ARTIFACT_BACKEND", problem, { cause });
  } finally {
    for (const made of [file, link]) await unless(folders.files.unlink(made), "ENOENT");
  }
}

/** Leaves somebody else's folder as it was. */
async function removeEmpty(folders: StoreFolders): Promise<void> {
  for (const folder of [folders.temporary, folders.objects, folders.states, folders.own])
    await unless(folders.files.rmdir(folder), "ENOTEMPTY", "EEXIST", "ENOENT");
}

function foreign(folders: StoreFolders, names: readonly string[]): ArtifactError {
  const shown = names.slice(0, 5).toSorted().join(", ");
  const what =
    names.includes("index.json") || names.includes("oci-layout")
      ? "an OCI image layout of somebody else, or one whose .wfe/state is lost"
      : "something else";
  return new ArtifactError(
    "WFE_ARTIFACT_BACKEND",
    `${folders.root} holds ${what} (${shown}): give a folder that is empty, or one of an artifact store`,
  );
}
