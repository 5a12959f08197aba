import { describe, expect, it } from "vitest";
import { brokenLinks, linksOf } from "../src/markdown-links.ts";
import { repositoryFiles, textOf } from "../src/workspace-files.ts";

describe("brokenLinks", () => {
  const paths = ["README.md", "docs/errors.md", "docs/why.md", "packages/wfe/src/index.ts"];
  const check = (document: string, text: string): readonly string[] =>
    brokenLinks(
      new Map([
        ["docs/errors.md", "# Errors\n## What to do?\n## Twice\n## Twice\n"],
        [document, text],
      ]),
      paths,
    ).map(({ link }) => link);

  it("accepts files, folders and headings that exist", () => {
    const text = "[a](errors.md) [b](../packages/wfe) [c](errors.md#what-to-do) [d](#here) [e](errors.md#twice-1) [f](../README.md)\n# Here\n";

    expect(check("docs/why.md", text)).toEqual([]);
  });

  it("reports files, folders and headings that do not exist", () => {
    const text = "[a](missing.md) [b](../packages/gone/) [c](errors.md#nothing) [d](#nowhere)\n\n[e]: ./gone.md\n";

    expect(check("docs/why.md", text)).toEqual(["missing.md", "../packages/gone/", "errors.md#nothing", "#nowhere", "./gone.md"]);
  });

  it("does not follow links to other sites, and does not look at code", () => {
    expect(linksOf("[a](https://example.org/x.md) [b](mailto:x@example.org) `[c](d.md)`\n```md\n[e](f.md)\n```\n[g](h.md)")).toEqual(["h.md"]);
  });
});

describe("the documents of this repository", () => {
  it("have links that lead somewhere", () => {
    const paths = repositoryFiles();
    const documents = new Map(paths.filter((path) => path.endsWith(".md")).map((path) => [path, textOf(path)]));

    expect([...documents.keys()]).toContain("packages/wfe/README.md");
    expect(brokenLinks(documents, paths)).toEqual([]);
  });

  it("have nothing in them that a merge has left", () => {
    const documents = repositoryFiles().filter((path) => path.endsWith(".md"));

    expect(documents.filter((path) => /^(?:<{7} |={7}$|>{7} |(?:> ){6}>|\| ={7})/m.test(textOf(path)))).toEqual([]);
  });
});
