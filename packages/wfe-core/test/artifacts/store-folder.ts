import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FileSystem } from "../../src/artifacts/store/store-folders.ts";
import { stateOfText } from "../../src/artifacts/store/store-state.ts";

/** A folder for a store; {@link remove} it. */
export class StoreFolder {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<StoreFolder> {
    return new StoreFolder(path.join(await mkdtemp(path.join(tmpdir(), "wfe-artifacts-")), "store"));
  }

  async remove(): Promise<void> {
    await rm(path.dirname(this.root), { recursive: true, force: true });
  }

  /** The names in a folder below the root, in order; none when there is no such folder. */
  async names(folder: string): Promise<readonly string[]> {
    return (await readdir(path.join(this.root, folder)).catch((): string[] => [])).toSorted((a, b) => (a < b ? -1 : 1));
  }

  /** The newest state. */
  async state(): Promise<ReturnType<typeof stateOfText>> {
    const newest = (await this.names(".wfe/state")).at(-1) ?? "";
    return stateOfText(await readFile(path.join(this.root, ".wfe/state", newest), "utf8"), newest);
  }

  /** The file that has the bytes of an artifact. */
  async objectOf(digest: string): Promise<string> {
    const artifact = (await this.state()).artifacts.get(digest as "sha256:");
    if (artifact === undefined) throw new Error(`the state has no ${digest}`);
    return path.join(this.root, ".wfe/objects", artifact.object);
  }

  /** Changes one bit of an artifact. */
  async damage(digest: string): Promise<void> {
    const file = await this.objectOf(digest);
    const bytes = await readFile(file);
    const middle = Math.floor(bytes.byteLength / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(file, bytes);
  }
}

/** The file system with something else for some of its operations. */
export function alteredFiles(files: FileSystem, changes: { readonly [K in keyof FileSystem]?: (...args: any[]) => Promise<unknown> }): FileSystem {
  return { ...files, ...changes } as FileSystem;
}
