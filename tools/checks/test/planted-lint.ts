import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** What the linter says about planted files: for each path the rules that fired, sorted, each once. */
export type Findings = ReadonlyMap<string, readonly string[]>;

interface Diagnostic {
  readonly code?: string;
  readonly message: string;
  readonly filename: string;
}

/**
 * Runs oxlint with this repository's configuration over files that exist for the time of the call only.
 *
 * @param files - Path from the root of the repository to source text.
 * @throws When the linter has not looked at every planted file, or has said something that is not JSON.
 */
export async function lintPlanted(files: Readonly<Record<string, string>>): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "wfe-lint-"));
  try {
    for (const name of [".oxlintrc.json", "tsconfig.base.json", "tools/checks/lint"])
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ extends: "./tsconfig.base.json", include: ["packages", "tools"] }));
    for (const [path, source] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), source);
    }
    return findingsOf(await oxlint(folder), Object.keys(files));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function oxlint(folder: string): Promise<string> {
  const program = join(ROOT, "node_modules/oxlint/bin/oxlint");
  return new Promise((resolve) => {
    // An exit code other than 0 is what planted faults are for.
    execFile(
      process.execPath,
      [program, "--type-aware", "--format=json", "packages"],
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      (_error, stdout) => resolve(stdout),
    );
  });
}

function findingsOf(output: string, paths: readonly string[]): Findings {
  const report = JSON.parse(output) as { readonly diagnostics: readonly Diagnostic[]; readonly number_of_files: number };
  if (report.number_of_files !== paths.length) throw new Error(`oxlint has looked at ${report.number_of_files} of ${paths.length} files`);
  const rules = new Map<string, Set<string>>(paths.map((path) => [path, new Set<string>()]));
  for (const { filename, code, message } of report.diagnostics) rules.get(filename)?.add(code ?? message);
  return new Map([...rules].map(([path, codes]) => [path, [...codes].toSorted((a, b) => a.localeCompare(b))]));
}
