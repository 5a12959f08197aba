import type { BigIntStats } from "node:fs";
import type * as nodeFiles from "node:fs/promises";
import path from "node:path";
import { isFileError } from "../error-mapping.ts";

/** What the store asks of the file system; tests look at it, and come between. */
export type FileSystem = Pick<typeof nodeFiles, "link" | "lstat" | "mkdir" | "open" | "readdir" | "readFile" | "rename" | "rmdir" | "unlink">;

/** Where everything is, and how it reaches the disk. */
export class StoreFolders {
  readonly files: FileSystem;
  readonly root: string;
  /** Of the layout, for other tools. */
  readonly blobs: string;
  /** Ours alone, as the three below it. */
  readonly own: string;
  readonly states: string;
  readonly objects: string;
  readonly temporary: string;

  constructor(root: string, files: FileSystem) {
    this.files = files;
    this.root = path.resolve(root);
    this.blobs = path.join(this.root, "blobs", "sha256");
    this.own = path.join(this.root, ".wfe");
    this.states = path.join(this.own, "state");
    this.objects = path.join(this.own, "objects");
    this.temporary = path.join(this.own, "temporary");
  }

  /** The path of a file in one of the folders. */
  in(folder: "root" | "blobs" | "states" | "objects" | "temporary", name: string): string {
    return path.join(this[folder], name);
  }

  /** What is known of a file; `undefined` when there is none. */
  async look(file: string): Promise<BigIntStats | undefined> {
    try {
      return await this.files.lstat(file, { bigint: true });
    } catch (error) {
      if (isFileError(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** Writes a new file. @param isSynced - Whether it survives a loss of power, if its folder is synced too. */
  async write(file: string, text: string, isSynced: boolean): Promise<void> {
    const handle = await this.files.open(file, "wx");
    try {
      await handle.writeFile(text);
      if (isSynced) await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Lets the entries of a folder survive a loss of power. */
  async sync(folder: string): Promise<void> {
    if (process.platform === "win32") return; // a folder cannot be opened there
    const handle = await this.files.open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
