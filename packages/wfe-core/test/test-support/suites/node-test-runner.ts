import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const PACKAGE = path.resolve(import.meta.dirname, "../../..");
const FOLDERS = ["src/errors", "src/models", "src/runtime", "src/traits", "src/test-support", "test/test-support/in-memory"];

/** What the process of a test file of `node:test` came to. */
export interface NodeTestOutcome {
  readonly status: number | null;
  /** Its report, in TAP. */
  readonly report: string;
}

/**
 * Runs a test file with `node:test`, in a process of its own, against the sources of this package with their types stripped.
 *
 * @param source - JavaScript; imports from `./src/…` and `./test/…` with `.js` extensions.
 */
export function runWithNodeTest(source: string): NodeTestOutcome {
  // Within the package, so that its dependencies are found.
  const folder = mkdtempSync(path.join(PACKAGE, "node_modules", ".node-test-"));
  try {
    for (const from of FOLDERS) {
      for (const entry of readdirSync(path.join(PACKAGE, from), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".test.ts")) continue;
        const file = path.join(entry.parentPath, entry.name);
        const target = path.join(folder, path.relative(PACKAGE, file).replace(/\.ts$/, ".js"));
        mkdirSync(path.dirname(target), { recursive: true });
        writeFileSync(target, stripTypes(readFileSync(file, "utf8")));
      }
    }
    writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(path.join(folder, "suite.test.js"), source);
    // The runner of this process marks its children; node:test would think it is one of its own.
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
    const child = spawnSync(process.execPath, ["--test", "--test-reporter=tap", "suite.test.js"], { cwd: folder, encoding: "utf8", env });
    return { status: child.status, report: child.stdout + child.stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function stripTypes(source: string): string {
  const compilerOptions: ts.CompilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2023,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}
