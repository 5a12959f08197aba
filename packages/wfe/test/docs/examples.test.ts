import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testDatabase } from "wfe-test-services/vitest";
import { type CodeBlock, codeBlocks } from "./code-blocks.ts";
import { typeErrors } from "./type-check.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
/** From where a program finds `wfe`, the stores and the loader of TypeScript. */
const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));

const DOCUMENTS = [
  "README.md",
  "packages/wfe/README.md",
  "packages/wfe-sqlite/README.md",
  "packages/wfe-postgres/README.md",
  "packages/wfe-redis/README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => `docs/${path.replaceAll("\\", "/")}`),
];

const BLOCKS = DOCUMENTS.flatMap((document) => codeBlocks(document, readFileSync(join(ROOT, document), "utf8")));

describe("the examples of the documents", () => {
  const database = testDatabase("docs");

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "wfe-docs-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a program as a process of its own, in a fresh folder. @returns What it prints. */
  async function printed(code: string): Promise<string> {
    // Imports are resolved from the folder in which the process starts, and only then is the other one gone to.
    const program = `process.chdir(${JSON.stringify(folder)});\n${ts.transpile(code, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext })}`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--conditions=wfe-source", "--input-type=module", "--eval", program],
      { cwd: PACKAGE, timeout: 60_000, env: { ...process.env, DATABASE_URL: database } },
    );
    return stdout.trimEnd();
  }

  it("are found", () => {
    expect(BLOCKS.map(({ document }) => document)).toEqual(expect.arrayContaining(["README.md", "docs/writing-a-provider.md"]));
    expect(BLOCKS.filter(({ runs }) => runs).length).toBeGreaterThan(0);
  });

  it("compile", { timeout: 60_000 }, () => {
    expect(typeErrors(BLOCKS)).toEqual([]);
  });

  it("are seen not to compile when they do not", { timeout: 60_000 }, () => {
    const block: CodeBlock = {
      document: "a.md",
      line: 7,
      code: 'import { nothing } from "wfe";\nconst n: number = "1";',
      runs: false,
      output: undefined,
    };

    expect(typeErrors([block])).toEqual([
      expect.stringMatching(/^a\.md:7: .*nothing/),
      expect.stringMatching(/^a\.md:8: Type 'string' is not assignable to type 'number'/),
    ]);
  });

  it.each(BLOCKS.filter(({ runs }) => runs))("run, and print what they say: $document, line $line", { timeout: 90_000 }, async ({ code, output }) => {
    const text = await printed(code);

    if (output !== undefined) expect(text).toBe(output);
  });
});

describe("codeBlocks", () => {
  const blocks = (...lines: readonly string[]): readonly CodeBlock[] => codeBlocks("a.md", lines.join("\n"));

  it("finds blocks of TypeScript with their lines, and passes over others", () => {
    expect(blocks("# A", "```sh", "ls", "```", "```ts", "a();", "b();", "```")).toEqual([
      { document: "a.md", line: 6, code: "a();\nb();", runs: false, output: undefined },
    ]);
  });

  it("takes the text directly behind a program for its output", () => {
    const outputs = blocks("```ts run", "a();", "```", "", "```text", "1", "```", "```ts run", "b();", "```", "So:", "```text", "2", "```");

    expect(outputs.map(({ output }) => output)).toEqual(["1", undefined]);
  });

  it("refuses a mark that it does not know, and a block without an end", () => {
    expect(() => blocks("```ts runs", "a();", "```")).toThrow('a.md:1: "runs" is no mark of a block');
    expect(() => blocks("```ts", "a();")).toThrow("a.md:1: the block has no end");
  });
});
