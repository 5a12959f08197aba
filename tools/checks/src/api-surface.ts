import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "tsdown";
import ts from "typescript";
import { ROOT, textOf } from "./workspace-files.ts";

/** An entry point of a package. */
export interface EntryPoint {
  /** As it is imported. */
  readonly specifier: string;
  /** Of its package, from the root of the repository. */
  readonly folder: string;
  /** Of its source, from there. */
  readonly source: string;
  /** Of the file that keeps its declarations, from the root of the repository. */
  readonly file: string;
}

/** Where declarations are kept, from the root of the repository. */
export const API_FOLDER = "api";

/** All entry points with types, of all packages. */
export function entryPoints(): readonly EntryPoint[] {
  return readdirSync(join(ROOT, "packages")).flatMap((folder) => {
    const { name, exports } = JSON.parse(textOf(`packages/${folder}/package.json`)) as {
      readonly name: string;
      readonly exports: Readonly<Record<string, string | { readonly "wfe-source": string }>>;
    };
    return Object.entries(exports).flatMap(([path, target]) => {
      if (typeof target === "string") return []; // a file of data
      const specifier = path === "." ? name : `${name}${path.slice(1)}`;
      return [
        { specifier, folder: `packages/${folder}`, source: target["wfe-source"], file: `${API_FOLDER}/${specifier.replaceAll("/", ".")}.d.ts` },
      ];
    });
  });
}

/** Names of the files that keep declarations. */
export function keptFiles(): readonly string[] {
  return readdirSync(join(ROOT, API_FOLDER)).map((name) => `${API_FOLDER}/${name}`);
}

/** What a source file offers to those who import it, as one file of declarations without comments. @param cwd - Absolute; `source` is a path from there, where a `tsconfig.json` is. */
export async function apiSurface(cwd: string, source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "wfe-api-"));
  try {
    await build({
      cwd,
      config: false,
      entry: { surface: source },
      outDir: folder,
      format: "esm",
      platform: "node",
      dts: { emitDtsOnly: true, sourcemap: false },
      fixedExtension: false,
      skipNodeModulesBundle: true,
      external: [/^wfe/],
      logLevel: "error",
    });
    const file = ts.createSourceFile("surface.d.ts", readFileSync(join(folder, "surface.d.ts"), "utf8"), ts.ScriptTarget.ESNext);
    return ts.createPrinter({ removeComments: true }).printFile(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
