import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, textOf } from "../src/workspace-files.ts";

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly [field: string]: unknown;
}

const manifestOf = (folder: string): Manifest => JSON.parse(textOf(`${folder}/package.json`)) as Manifest;
const foldersOf = (group: string): readonly string[] =>
  readdirSync(join(ROOT, group), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [`${group}/${entry.name}`] : []));
const PACKAGES = foldersOf("packages");
/** The schema of definitions in JSON, and the packages that offer it: a package can export only files of its own. */
const SCHEMA = "workflow-definition.schema.json";
const DESCRIBED: readonly string[] = ["packages/wfe-core", "packages/wfe"];

describe("the packages", () => {
  it("are the five of the fixed group, which share one version", () => {
    const { fixed } = JSON.parse(textOf(".changeset/config.json")) as { readonly fixed: readonly (readonly string[])[] };
    const manifests = PACKAGES.map(manifestOf);

    expect(manifests.map(({ name }) => name).toSorted()).toEqual(["wfe", "wfe-core", "wfe-postgres", "wfe-redis", "wfe-sqlite"]);
    expect(fixed.map((group) => group.toSorted())).toEqual([manifests.map(({ name }) => name).toSorted()]);
    expect(new Set(manifests.map(({ version }) => version)).size).toBe(1);
  });

  it("have notes of their changes that can be read", () => {
    const notes = readdirSync(join(ROOT, ".changeset")).filter((name) => name.endsWith(".md") && name !== "README.md");
    const form = new RegExp(`^---\\n("(${PACKAGES.map((folder) => manifestOf(folder).name).join("|")})": (patch|minor|major)\\n)+---\\n\\n\\S`);

    expect(notes.filter((name) => !form.test(textOf(`.changeset/${name}`)))).toEqual([]);
  });

  it.each(PACKAGES)("%s is published the way all are", (folder) => {
    const { private: isPrivate, license, type, sideEffects, engines, files, publishConfig } = manifestOf(folder);

    expect({ isPrivate, license, type, sideEffects, engines, files, publishConfig }).toEqual({
      isPrivate: undefined,
      license: "MIT",
      type: "module",
      sideEffects: false,
      engines: { node: ">=20.19" },
      files: ["dist", "src", "CHANGELOG.md", ...(DESCRIBED.includes(folder) ? [SCHEMA] : [])],
      publishConfig: { access: "public", provenance: true },
    });
    expect(textOf(`${folder}/LICENSE`)).toBe(textOf("LICENSE"));
  });

  it.each(PACKAGES)("%s offers each entry point as source, types and code, in this order, and explains it", (folder) => {
    const { name, exports = {} } = manifestOf(folder);
    const readme = textOf(`${folder}/README.md`);

    expect(Object.keys(exports)).toEqual(expect.arrayContaining([".", "./package.json"]));
    for (const [path, target] of Object.entries(exports)) {
      if (path === "./package.json" || path === `./${SCHEMA}`) continue;
      const file = path === "." ? "index" : `${path.slice(2)}/index`;
      // Conditions are tried in order, so the order is part of the promise.
      expect(Object.entries(target)).toEqual([
        ["wfe-source", `./src/${file}.ts`],
        ["types", `./dist/${file}.d.ts`],
        ["default", `./dist/${file}.js`],
      ]);
      // In a table of entry points, or in an import of an example.
      expect(readme).toMatch(new RegExp(`[\`"]${name}${path.slice(1)}[\`"]`));
    }
  });

  it.each(DESCRIBED)("%s offers the schema of definitions, the same in each", (folder) => {
    expect(manifestOf(folder).exports?.[`./${SCHEMA}`]).toBe(`./${SCHEMA}`);
    expect(textOf(`${folder}/README.md`)).toContain(SCHEMA);
    expect(textOf(`${folder}/${SCHEMA}`)).toBe(textOf(`packages/wfe-core/${SCHEMA}`));
  });

  it.each(PACKAGES)("%s is built, type-checked and looked at as a package", (folder) => {
    expect(Object.keys(manifestOf(folder).scripts ?? {})).toEqual(expect.arrayContaining(["build", "check:package", "typecheck"]));
  });

  it.each([...foldersOf("examples"), ...foldersOf("tools")])("%s is private and type-checked, tests included", (folder) => {
    const { private: isPrivate, scripts } = manifestOf(folder);

    expect(isPrivate).toBe(true);
    expect(scripts).toHaveProperty("typecheck");
    expect(textOf(`${folder}/tsconfig.json`)).toMatch(/"include": \[.*"test".*\]/);
  });

  it.each(PACKAGES)("%s has its tests type-checked", (folder) => {
    expect(textOf(`${folder}/tsconfig.json`)).toContain('"include": ["src", "test"]');
  });
});
