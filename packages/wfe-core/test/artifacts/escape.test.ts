import { lstat, mkdir, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extractArtifactToDir, isWfeError, packArtifact } from "../../src/index.ts";
import { temporaryDirectory, treeOf } from "./files.ts";
import { archive, collected, entry, pax } from "./tar-bytes.ts";

const temporary = temporaryDirectory();

/** Few names, so that they meet; and what leads elsewhere. */
const targetPath = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(".", "..", "l/../..", "m/../..", "l/..", "a/l/../..", "../l/..") },
  { weight: 1, arbitrary: fc.array(fc.constantFrom("l", "m", "a", "..", "."), { minLength: 1, maxLength: 4 }).map((steps) => steps.join("/")) },
);
const entryPath = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a/l", "a/m", "a/a/l", "a/a/m", "l", "m") },
  { weight: 1, arbitrary: fc.constantFrom("a", "A/l", "a/L", "../l", "a/../../m", "/l", "") },
);
const anyEntry = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(entryPath, targetPath).map(([name, target]) => entry({ name, type: "2", target })) },
  {
    weight: 1,
    arbitrary: fc.tuple(entryPath, targetPath).map(([path, linkpath]) => Buffer.concat([pax({ path, linkpath }), entry({ type: "2", target: "x" })])),
  },
  { weight: 1, arbitrary: fc.tuple(entryPath, targetPath).map(([name, target]) => entry({ name, type: "1", target })) },
  { weight: 1, arbitrary: entryPath.map((name) => entry({ name, content: "x" })) },
  { weight: 1, arbitrary: entryPath.map((name) => entry({ name, type: "5" })) },
);

/** Links below a directory, and where those that lead anywhere do. */
async function linksOf(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const stats = await lstat(path);
    if (stats.isDirectory()) found.push(...(await linksOf(path)));
    else if (stats.isSymbolicLink()) found.push(path);
  }
  return found;
}

describe("what is extracted (fault 73)", () => {
  it("never leads out, whatever links and names an archive puts together", async () => {
    let taken = 0;
    let led = 0;
    await mkdir(temporary.in("around/x"), { recursive: true });
    await writeFile(temporary.in("around/secret"), "harmless");
    const outside = await treeOf(temporary.path);
    await fc.assert(
      fc.asyncProperty(fc.array(anyEntry, { minLength: 1, maxLength: 3 }), async (entries) => {
        const root = temporary.in("around/x/out");
        await rm(root, { recursive: true, force: true });
        try {
          await extractArtifactToDir(archive(...entries), root);
        } catch (error) {
          // A header without a path is none for the parser.
          expect(isWfeError(error, "WFE_ARCHIVE_REFUSED") || isWfeError(error, "WFE_ARCHIVE_INVALID")).toBe(true);
          expect(await treeOf(temporary.path)).toEqual(outside);
          return;
        }

        taken += 1;
        const realRoot = await realpath(root);
        for (const link of await linksOf(root)) {
          // A loop, or nothing there; a file that is made there later would be inside: no step went through a link.
          const place = await realpath(link).catch(() => undefined);
          if (place === undefined) continue;
          led += 1;
          expect(`${place}/`.startsWith(`${realRoot}/`)).toBe(true);
        }
        await collected(packArtifact(root));
      }),
      { numRuns: Number(process.env["WFE_ARTIFACT_ESCAPES"] ?? 300) },
    );
    // It has seen what it is about.
    expect(taken).toBeGreaterThan(10);
    expect(led).toBeGreaterThan(5);
  });
});
