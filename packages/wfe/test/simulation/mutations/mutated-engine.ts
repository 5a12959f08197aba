import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import type * as parts from "./engine-parts.ts";

const PACKAGES = fileURLToPath(new URL("../../../../", import.meta.url));
const ENTRY = fileURLToPath(new URL("engine-parts.ts", import.meta.url));

/** An exact text of a source file that becomes another one. */
export interface SourceEdit {
  /** From the folder of all packages. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

/** The engine, its simulation and the programs, made from changed sources. */
export type MutatedEngine = typeof parts;

/**
 * Builds the engine anew, with its simulation and the programs, from sources some of whose texts are replaced.
 *
 * @param edits - None: the engine as it is.
 * @throws Error when a text does not stand in its file exactly once, or no file of the engine is the one that was named.
 */
export async function mutatedEngine(edits: readonly SourceEdit[]): Promise<MutatedEngine> {
  const left = new Set(edits);
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["wfe-source"],
    logLevel: "silent",
    plugins: [editing(edits, left)],
  });
  const [unused] = left;
  if (unused !== undefined) throw new Error(`the engine has no file ${unused.file}`);
  const folder = await mkdtemp(join(tmpdir(), "wfe-mutated-"));
  try {
    const path = join(folder, "engine.mjs");
    await writeFile(path, outputFiles[0]?.contents ?? "");
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as MutatedEngine; // its entry
  } finally {
    await rm(folder, { recursive: true });
  }
}

function editing(edits: readonly SourceEdit[], left: Set<SourceEdit>): Plugin {
  const names = new Set(edits.map(({ file }) => file.replaceAll(/[^\w/-]/g, "\\$&")));
  return {
    name: "mutation",
    setup: (bundler) => {
      if (names.size === 0) return;
      // Only these come here: the others are read by the bundler itself, which is far quicker.
      bundler.onLoad({ filter: new RegExp(`/(?:${[...names].join("|")})$`) }, async ({ path }) => {
        let contents = await readFile(path, "utf8");
        for (const edit of edits) {
          if (resolve(PACKAGES, edit.file) !== path) continue;
          contents = edited(contents, edit);
          left.delete(edit);
        }
        return { contents, loader: "ts" as const };
      });
    },
  };
}

function edited(contents: string, { file, from, to }: SourceEdit): string {
  const pieces = contents.split(from);
  if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} times, not once: ${from}`);
  return pieces.join(to);
}
