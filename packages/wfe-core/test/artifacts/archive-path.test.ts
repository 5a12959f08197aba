import { describe, expect, it } from "vitest";
import { archivePath, linkTarget } from "../../src/artifacts/archives/archive-path.ts";

describe("the path of an entry", () => {
  it.each([
    ["a", ["a"]],
    ["./a/b", ["a", "b"]],
    ["a/b/", ["a", "b"]],
    ["././a", ["a"]],
    [".", []],
    ["./", []],
    ["...", ["..."]],
    ["..a", ["..a"]],
    ["a/b:c", ["a", "b:c"]],
  ])("%s has its segments", (path, segments) => {
    expect(archivePath(path, 100, "linux")).toEqual(segments);
  });

  it.each(["a/CON", "nul.txt", "a/file:stream", "a.", "a /b", "com1", "LPT¹.x", "a*", "a<b", "PROGRA~1"])("%s is refused on Windows only", (path) => {
    expect(() => archivePath(path, 100, "win32")).toThrow("Windows");
    expect(archivePath(path, 100, "linux").join("/")).toBe(path);
  });

  it.each(["a/console", "null.txt", "a.b", "com10"])("%s is a name on Windows", (path) => {
    expect(archivePath(path, 100, "win32").join("/")).toBe(path);
  });

  it("is looked at in the target of a link, too", () => {
    for (const target of ["l./..", "LONGNA~1/..", "d/l /..", "nul"]) {
      expect(() => linkTarget("x", target, 100, "win32")).toThrow("Windows");
      expect(linkTarget("x", target, 100, "linux")).toEqual(target.split("/"));
    }
    expect(linkTarget("x", "../a/./b/", 100, "win32")).toEqual(["..", "a", "b"]);
  });
});
