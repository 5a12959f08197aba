import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

// Hooks run in a thread of their own; the process itself only registers them.
if (isMainThread) register(import.meta.url);

const cache = new URL("../../../node_modules/.cache/typescript-loader/", import.meta.url);

/** Strips the types: Node 20 cannot do it itself. What is stripped is kept, as to load the compiler takes longer than everything else. */
export async function load(url, context, nextLoad) {
  if (!url.endsWith(".ts")) return nextLoad(url, context);
  const source = await readFile(fileURLToPath(url), "utf8");
  const kept = new URL(`${createHash("sha256").update(source).digest("hex")}.js`, cache);
  const stripped = await readFile(kept, "utf8").catch(() => strip(source, kept));
  return { format: "module", shortCircuit: true, source: stripped };
}

async function strip(source, kept) {
  const { default: ts } = await import("typescript");
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
  const stripped = ts.transpileModule(source, { compilerOptions }).outputText;
  const half = new URL(`${kept}.${process.pid}`);
  await mkdir(cache, { recursive: true });
  await writeFile(half, stripped);
  await rename(half, kept); // others may read it at this moment
  return stripped;
}
