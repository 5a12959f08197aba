import { lstat, mkdtemp, readFile, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** A directory for each test, gone after it. */
export function temporaryDirectory(): { readonly path: string; readonly in: (...segments: string[]) => string } {
  let path = "";
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "wfe-artifacts-"));
  });
  afterEach(async () => {
    await rm(path, { recursive: true, force: true });
  });
  return {
    get path() {
      return path;
    },
    in: (...segments) => join(path, ...segments),
  };
}

/** What is below a directory: `d755`, `f644 content`, `-> target`, by path. */
export async function treeOf(directory: string, prefix = ""): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const name of (await readdir(directory)).toSorted()) {
    const location = join(directory, name);
    const path = `${prefix}${name}`;
    const stats = await lstat(location);
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isSymbolicLink()) tree[path] = `-> ${await readlink(location)}`;
    else if (stats.isDirectory()) Object.assign(tree, { [path]: `d${mode}` }, await treeOf(location, `${path}/`));
    else tree[path] = `f${mode} ${await readFile(location, "utf8")}`;
  }
  return tree;
}
