import { mkdir, readdir, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ArtifactVolume, type ArtifactRef, artifactRef, extractArtifactToDir, packArtifact } from "../../src/index.ts";
import { temporaryDirectory, treeOf } from "./files.ts";
import { MapStore } from "./map-store.ts";
import { archive, collected, entry, pax, zipped } from "./tar-bytes.ts";

const temporary = temporaryDirectory();
const missing = artifactRef(`sha256:${"0".repeat(64)}`);
const invalid = { name: "ArtifactError", code: "WFE_ARTIFACT_REF_INVALID" };
const notFound = { name: "ArtifactError", code: "WFE_ARTIFACT_NOT_FOUND" };

async function storeWith(contents: Record<string, string>): Promise<{ readonly store: MapStore; readonly data: Record<string, ArtifactRef> }> {
  const store = new MapStore();
  const data: Record<string, ArtifactRef> = {};
  for (const [name, content] of Object.entries(contents))
    data[name] = await store.add(await collected(packArtifact([{ kind: "file", path: "f", content }])));
  return { store, data };
}

describe("a volume", () => {
  it("has the artifacts of the keys it is given, in order, and reads none before it is asked to (fault 76)", async () => {
    const { store, data } = await storeWith({ b: "2", a: "1", c: "3" });

    const volume = await ArtifactVolume.resolve(["b", "a"], { ...data, other: 1 }, store);
    const stream = volume.get("b");
    volume.package();
    volume.repackageWithPrefix("a", "p");

    expect(volume.names).toEqual(["a", "b"]);
    expect(volume.size).toBe(2);
    expect([...volume]).toEqual([
      ["a", data["a"]],
      ["b", data["b"]],
    ]);
    expect(store.reads).toEqual([]);
    expect((await collected(stream)).byteLength).toBeGreaterThan(0);
    expect(store.reads).toEqual([data["b"]?.__wfe_artifact]);
  });

  it.each<readonly [what: string, names: readonly string[], data: unknown, failure: object]>([
    ["a key that is not there", ["a", "b"], { a: missing }, { ...invalid, message: expect.stringContaining('"b"') }],
    ["a key of the prototype", ["constructor"], {}, invalid],
    ["a value that is no reference", ["a"], { a: "sha256:" }, { ...invalid, message: expect.stringContaining('"a"') }],
    ["a reference with something else", ["a"], { a: { ...missing, more: 1 } }, invalid],
    ["a reference that is not in the store", ["a"], { a: missing }, { ...notFound, message: expect.stringContaining('"a"') }],
    ["data that is a list", ["a"], [missing], invalid],
    ["data that is null", ["a"], null, invalid],
    ["data that is text", [], "a", invalid],
  ])("is not resolved with %s (fault 81)", async (_, names, data, failure) => {
    await expect(ArtifactVolume.resolve(names, data, new MapStore())).rejects.toMatchObject(failure);
  });

  it("has all references of top-level keys, and nothing else", async () => {
    const { store, data } = await storeWith({ a: "1", b: "2" });

    const volume = await ArtifactVolume.resolveAll({ ...data, text: "a", nested: { ref: data["a"] }, nothing: null, list: [data["b"]] }, store);

    expect(volume.names).toEqual(["a", "b"]);
    expect((await ArtifactVolume.resolveAll({}, store)).size).toBe(0);
  });

  it("is not resolved without one of its references, or with one that is damaged (fault 81)", async () => {
    const { store, data } = await storeWith({ a: "1" });

    await expect(ArtifactVolume.resolveAll({ ...data, gone: missing }, store)).rejects.toMatchObject(notFound);
    await expect(ArtifactVolume.resolveAll({ ...data, bad: { __wfe_artifact: "sha256:../../x" } }, store)).rejects.toMatchObject(invalid);
    await expect(ArtifactVolume.resolveAll({ "not/a name": data["a"] }, store)).rejects.toMatchObject(invalid);
    await expect(ArtifactVolume.resolveAll(undefined, store)).rejects.toMatchObject(invalid);
  });

  it.each([
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "a\\b",
    "/a",
    ".hidden",
    "-a",
    "a.",
    "a b",
    "a\0b",
    "ä",
    "C:",
    "nul",
    "COM1.txt",
    "a".repeat(129),
    "__proto__",
  ])("has no artifact called %j (fault 72)", async (name) => {
    const data = Object.fromEntries([[name, missing]]);

    await expect(ArtifactVolume.resolve([name], data, new MapStore())).rejects.toMatchObject(invalid);
    expect(() => ArtifactVolume.of(new Map([[name, missing]]), new MapStore())).toThrow(expect.objectContaining(invalid));
  });

  it("is made of references without a look at the store", async () => {
    const store = new MapStore();

    expect(ArtifactVolume.of({ b: missing, "A-1_x.tar.gz": missing }, store).names).toEqual(["A-1_x.tar.gz", "b"]);
    expect(ArtifactVolume.of(new Map([["a", missing]]), store).names).toEqual(["a"]);
    expect(() => ArtifactVolume.of({ a: { __wfe_artifact: "sha256:1" } }, store)).toThrow(expect.objectContaining(invalid));
    expect(() => ArtifactVolume.of({ a: missing }, store).get("b")).toThrow(expect.objectContaining(notFound));
  });

  it("extracts one, or each to a directory of its name", async () => {
    const { store, data } = await storeWith({ a: "1", b: "2" });
    const volume = await ArtifactVolume.resolveAll(data, store);

    await volume.extractOne("a", temporary.in("one"));
    const paths = await volume.extractAll(temporary.in("all"));

    expect(await treeOf(temporary.path)).toEqual({
      one: "d755",
      "one/f": "f644 1",
      all: "d755",
      "all/a": "d755",
      "all/a/f": "f644 1",
      "all/b": "d755",
      "all/b/f": "f644 2",
    });
    expect(paths).toEqual(
      new Map([
        ["a", temporary.in("all/a")],
        ["b", temporary.in("all/b")],
      ]),
    );
  });

  it("extracts all of them or none, and passes limits on", async () => {
    const { store, data } = await storeWith({ a: "1" });
    const bad = await store.add(zipped(entry({ name: "../evil" })));
    const volume = ArtifactVolume.of({ ...data, bad }, store);

    await expect(volume.extractAll(temporary.in("all"))).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });
    await expect(volume.extractOne("a", temporary.in("one"), { limits: { maxBytes: 100 } })).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });
    expect(await readdir(temporary.path)).toEqual([]);

    await mkdir(temporary.in("full"));
    await writeFile(temporary.in("full/f"), "");
    await expect(volume.extractAll(temporary.in("full"))).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });
  });
});

describe("repackaging with a prefix (fault 82)", () => {
  async function repackaged(bytes: Uint8Array, prefix: string): Promise<Buffer> {
    const store = new MapStore();
    return collected(ArtifactVolume.of({ a: await store.add(bytes) }, store).repackageWithPrefix("a", prefix));
  }

  it("moves everything below it, with right checksums and long paths", async () => {
    const long = `${"d".repeat(99)}/${"f".repeat(99)}`;
    const bytes = archive(
      entry({ name: "./", type: "5", mode: 0o750 }),
      entry({ name: "run", mode: 0o4711, content: "#!" }),
      pax({ path: long, mtime: "1" }),
      entry({ content: "long" }),
      entry({ name: "d/l", type: "2", target: "../run" }),
    );

    await extractArtifactToDir(await repackaged(bytes, "opt/app/"), temporary.in("out"));

    expect(await treeOf(temporary.in("out"))).toEqual({
      opt: "d755",
      "opt/app": "d750",
      "opt/app/d": "d755",
      "opt/app/d/l": "-> ../run",
      "opt/app/run": "f711 #!",
      [`opt/app/${"d".repeat(99)}`]: "d755",
      [`opt/app/${long}`]: "f644 long",
    });
  });

  it("moves the targets of hard links, short and long ones", async () => {
    const name = "n".repeat(98);
    const tar = gunzipSync(await repackaged(archive(entry({ name }), entry({ name: "hard", type: "1", target: `./${name}`.slice(0, 100) })), "p"));

    const hard = tar.subarray(tar.indexOf("p/hard"));
    expect(hard.toString("latin1", 156, 157 + 100)).toBe(`1p/${name}`);
    const longer = gunzipSync(await repackaged(archive(entry({ name }), entry({ name: "hard", type: "1", target: name })), "prefix"));
    expect(longer.includes(` linkpath=prefix/${name}\n`)).toBe(true);
  });

  it("brings the directory alone for an archive with nothing in it, or with the root in it twice over", async () => {
    await extractArtifactToDir(await repackaged(archive(), "a/b"), temporary.in("empty"));
    await extractArtifactToDir(
      await repackaged(archive(entry({ name: "f" }), entry({ name: "./", type: "5", mode: 0o700 })), "a"),
      temporary.in("late"),
    );

    expect(await treeOf(temporary.path)).toEqual({
      empty: "d755",
      "empty/a": "d755",
      "empty/a/b": "d755",
      late: "d755",
      "late/a": "d755",
      "late/a/f": "f644 ",
    });
  });

  it.each(["", ".", "../a", "/a", "a/../b", "a\\b", "c:a", "\ud800"])("is refused with the prefix %j", (prefix) => {
    expect(() => ArtifactVolume.of({ a: missing }, new MapStore()).repackageWithPrefix("a", prefix)).toThrow(
      expect.objectContaining({ code: "WFE_ARCHIVE_REFUSED" }),
    );
  });

  it.each<readonly [what: string, entries: readonly Uint8Array[]]>([
    ["a path that leads out", [entry({ name: "../f" })]],
    ["a hard link to what is not there", [entry({ name: "hard", type: "1", target: "f" })]],
    ["a hard link out", [entry({ name: "hard", type: "1", target: "../../etc/passwd" })]],
    ["a hard link to itself", [entry({ name: "hard", type: "1", target: "hard" })]],
    ["a hard link to a directory", [entry({ name: "d", type: "5" }), entry({ name: "hard", type: "1", target: "d" })]],
    ["a symbolic link out", [entry({ name: "l", type: "2", target: "../f" })]],
  ])("is refused for %s", async (_, entries) => {
    await expect(repackaged(archive(...entries), "p")).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });
  });
});
