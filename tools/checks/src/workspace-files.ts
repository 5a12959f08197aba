import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Paths of the files of this repository, from its root: those that git has, and new ones that it does not ignore. */
export function repositoryFiles(): readonly string[] {
  const output = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return output.split("\0").filter((path) => path !== "");
}

/** The text of a file of this repository. */
export function textOf(path: string): string {
  return readFileSync(new URL(path, `file://${ROOT}`), "utf8");
}
