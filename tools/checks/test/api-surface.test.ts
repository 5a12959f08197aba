import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { apiSurface, entryPoints, keptFiles } from "../src/api-surface.ts";
import { ROOT, textOf } from "../src/workspace-files.ts";

const POINTS = entryPoints();

describe("the public surface", () => {
  it.each(POINTS)("of $specifier is what $file keeps", async ({ folder, source, file }) => {
    const surface = await apiSurface(join(ROOT, folder), source);

    expect(surface, "what the package offers has changed: if that is meant, run `npx -y pnpm@10 api` and write a changeset").toBe(textOf(file));
  });

  it("is kept of nothing else", () => {
    expect(keptFiles().toSorted()).toEqual(POINTS.map(({ file }) => file).toSorted());
    expect(POINTS.map(({ specifier }) => specifier)).toEqual(
      expect.arrayContaining(["wfe", "wfe/otel", "wfe/test-support", "wfe-core", "wfe-sqlite"]),
    );
  });
});

describe("what is kept of a source file", () => {
  let folder: string | undefined;
  afterEach(() => rmSync(folder ?? "", { recursive: true, force: true }));

  async function surfaceOf(text: string): Promise<string> {
    folder = mkdtempSync(join(tmpdir(), "wfe-surface-"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: join(ROOT, "tsconfig.base.json"), include: ["*.ts"] }));
    writeFileSync(join(folder, "index.ts"), text);
    return await apiSurface(folder, "index.ts");
  }

  it("has another signature, a new export and one that is gone in it", async () => {
    const before = await surfaceOf("export function one(n: number): string { return String(n); }\nexport const two: number = 2;\n");

    expect(before).toContain("declare function one(n: number): string;");
    expect(await surfaceOf("export function one(n: bigint): string { return String(n); }\nexport const two: number = 2;\n")).not.toBe(before);
    expect(await surfaceOf("export function one(n: number): string { return String(n); }\n")).not.toBe(before);
  });

  it("has no comment, no code and nothing that is not reached", async () => {
    const surface = await surfaceOf(
      "/** Said. */\nexport function one(): number { return hidden() + 1; }\nfunction hidden(): number { return 41; }\n",
    );

    expect(surface).toBe("declare function one(): number;\nexport { one };\n");
  });
});
