import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { extractArtifactToDir } from "../../src/index.ts";
import { temporaryDirectory, treeOf } from "./files.ts";
import { archive, END, entry, type HandWritten, pax, streamed, zipped } from "./tar-bytes.ts";

const temporary = temporaryDirectory();
const directory = (path: string, mode = 0o755): Uint8Array => entry({ name: path, type: "5", mode });
const link = (name: string, target: string): Uint8Array => entry({ name, type: "2", target, mode: 0o777 });
const refused = { name: "ArtifactError", code: "WFE_ARCHIVE_REFUSED", retryable: false };
const invalid = { name: "ArtifactError", code: "WFE_ARCHIVE_INVALID", retryable: false };

async function extracted(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<Record<string, string>> {
  await extractArtifactToDir(source, temporary.in("out"));
  return treeOf(temporary.in("out"));
}

/** Fails as expected, and leaves nothing anywhere. */
async function expectFailure(source: Uint8Array | AsyncIterable<Uint8Array>, failure: object): Promise<void> {
  await writeFile(temporary.in("bystander"), "unharmed");

  await expect(extractArtifactToDir(source, temporary.in("out"))).rejects.toMatchObject(failure);

  expect(await treeOf(temporary.path)).toEqual({ bystander: expect.stringMatching(/^f\d+ unharmed$/) });
}

describe("extraction", () => {
  it("brings files, directories and links, compressed or not, in pieces of any size", async () => {
    const bytes = archive(
      directory("a/"),
      entry({ name: "a/run", mode: 0o755, content: "#!" }),
      link("a/l", "../b/f"),
      entry({ name: "b/f", content: "é" }),
    );
    const expected = { a: "d755", "a/l": "-> ../b/f", "a/run": "f755 #!", b: "d755", "b/f": "f644 é" };

    await extractArtifactToDir(bytes, temporary.in("plain"));
    await extractArtifactToDir(gzipSync(bytes), temporary.in("zipped"));
    await extractArtifactToDir(streamed(...Array.from(gzipSync(bytes), (byte) => Uint8Array.of(byte))), temporary.in("bytewise"));

    expect(await treeOf(temporary.in("plain"))).toEqual(expected);
    expect(await treeOf(temporary.in("zipped"))).toEqual(expected);
    expect(await treeOf(temporary.in("bytewise"))).toEqual(expected);
  });

  it("takes an archive with nothing in it, and one with the root in it", async () => {
    await extractArtifactToDir(archive(), temporary.in("empty"));
    await extractArtifactToDir(archive(directory("./", 0o750), directory("./d/")), temporary.in("root"));

    expect(await treeOf(temporary.path)).toEqual({ empty: "d755", root: "d750", "root/d": "d755" });
  });

  it("leaves out setuid, setgid and sticky, and lets the owner write (fault 73)", async () => {
    const tree = await extracted(
      archive(
        entry({ name: "suid", mode: 0o7755 }),
        entry({ name: "readonly", mode: 0o444 }),
        directory("closed/", 0o7000),
        entry({ name: "closed/f" }),
      ),
    );

    expect(tree).toEqual({ suid: "f755 ", readonly: "f644 ", closed: "d700", "closed/f": "f644 " });
  });

  it("lets a directory come after what is in it", async () => {
    expect(await extracted(archive(entry({ name: "d/f" }), directory("d/", 0o711)))).toEqual({ d: "d711", "d/f": "f644 " });
  });

  it("takes links to links, to nothing, and to the root", async () => {
    const tree = await extracted(
      archive(link("lib.so", "lib.so.1"), link("lib.so.1", "lib.so.1.2"), link("d/up", ".."), link("d/nothing", "./x//y"), link("self", ".")),
    );

    expect(tree).toEqual({
      "lib.so": "-> lib.so.1",
      "lib.so.1": "-> lib.so.1.2",
      d: "d755",
      "d/up": "-> ..",
      "d/nothing": "-> ./x//y",
      self: "-> .",
    });
  });

  it("takes long names of both formats, a prefix, and sizes in bytes", async () => {
    const long = `${"d".repeat(120)}/${"f".repeat(120)}`;
    const target = "t".repeat(150);

    const tree = await extracted(
      archive(
        pax({ path: long, mtime: "1.5", size: "3", comment: "a=b", "SCHILY.xattr.user.x": "\0" }),
        entry({ name: "short", content: "pax", sizeField: "00000000000\0" }),
        entry({ name: "././@LongLink", type: "L", content: `${long}2\0`, magic: "ustar  \0" }),
        entry({ name: "short", content: "gnu", magic: "ustar  \0" }),
        entry({ name: "././@LongLink", type: "K", content: `${target}\0`, magic: "ustar  \0" }),
        entry({ name: "link", type: "2", target: "short", magic: "ustar  \0" }),
        pax({ linkpath: target }),
        link("link2", "short"),
        entry({ name: "name", prefix: "prefix", content: "1" }),
        entry({ name: "not-gnu", prefix: "times", content: "2", magic: "ustar  \0" }),
        entry({ name: "old", content: "3", magic: "", type: "\0" }),
        entry({ name: "bytes", content: "4", sizeField: Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) }),
        pax({ comment: "of git" }, "g"),
      ),
    );

    expect(tree).toEqual({
      ["d".repeat(120)]: "d755",
      [long]: "f644 pax",
      [`${long}2`]: "f644 gnu",
      link: `-> ${target}`,
      link2: `-> ${target}`,
      prefix: "d755",
      "prefix/name": "f644 1",
      "not-gnu": "f644 2",
      old: "f644 3",
      bytes: "f644 4",
    });
  });

  it("takes contents and names of many bytes, wherever its pieces are divided", async () => {
    const path = ["\u{1f600}".repeat(60), "\u{1f600}".repeat(60), "\u{1f600}\n".repeat(50), "\ufffd"].join("/");
    const content = "0123456789".repeat(150);
    const bytes = archive(
      entry({ name: "f", content }),
      entry({ type: "L", content: `${path}\0` }),
      entry({ content: "1" }),
      entry({ name: "g", content }),
    );
    const directories = Object.fromEntries([1, 2, 3].map((depth) => [path.split("/").slice(0, depth).join("/"), "d755"]));

    for (const length of [1, 511, 513, 701, 1_027]) {
      const pieces = Array.from({ length: Math.ceil(bytes.byteLength / length) }, (_, index) => bytes.subarray(index * length, (index + 1) * length));

      await extractArtifactToDir(streamed(...pieces), temporary.in(`out${length}`));

      expect(await treeOf(temporary.in(`out${length}`))).toEqual({ ...directories, f: `f644 ${content}`, [path]: "f644 1", g: `f644 ${content}` });
    }
  });

  it("lets zeros follow the end, as tar writes them", async () => {
    expect(await extracted(Buffer.concat([archive(entry({ name: "f" })), new Uint8Array(10_001)]))).toEqual({ f: "f644 " });
  });
});

describe("extraction refuses (fault 73)", () => {
  it.each<readonly [what: string, entry: HandWritten]>([
    ["a path that leads out", { name: "../evil" }],
    ["a path that leads out from below", { name: "a/../../evil" }],
    ["a path that leads back", { name: "a/../b" }],
    ["two dots alone", { name: ".." }],
    ["two dots behind a dot", { name: "./../evil" }],
    ["an absolute path", { name: "/tmp/evil" }],
    ["an absolute path behind a dot", { name: ".//etc/evil" }],
    ["an absolute directory", { name: "/", type: "5" }],
    ["a dot within", { name: "a/./b" }],
    ["a segment of nothing", { name: "a//b" }],
    ["a backslash", { name: "a\\..\\..\\evil" }],
    ["a drive", { name: "C:evil" }],
    ["a drive with a slash", { name: "c:/evil" }],
    ["a file that is called like a directory", { name: "f/" }],
    ["a link that is called like a directory", { name: "l/", type: "2", target: "x" }],
    ["a root that is a file", { name: "." }],
    ["a hard link", { name: "hard", type: "1", target: "file" }],
    ["a hard link out", { name: "hard", type: "1", target: "/etc/passwd" }],
    ["a character device", { name: "dev", type: "3" }],
    ["a block device", { name: "dev", type: "4" }],
    ["a FIFO", { name: "fifo", type: "6" }],
    ["a contiguous file", { name: "f", type: "7" }],
    ["a sparse file", { name: "f", type: "S", magic: "ustar  \0" }],
    ["a volume header", { name: "v", type: "V", magic: "ustar  \0" }],
    ["a file of many volumes", { name: "m", type: "M", magic: "ustar  \0" }],
    ["an unknown type", { name: "f", type: "Z" }],
    ["a file of directories of GNU", { name: "d", type: "D", magic: "ustar  \0" }],
    ["attributes of Solaris", { name: "f", type: "X", content: "9 path=f\n" }],
    ["a long name of old GNU", { name: "f", type: "N", content: "g\0", magic: "ustar  \0" }],
    ["a name behind the end of a name", { name: `good\0\n${"x".repeat(94)}` }],
    ["a name behind the end of a prefix", { name: "f", prefix: `good\0\n${"x".repeat(149)}` }],
    ["a target behind the end of a target", { name: "l", type: "2", target: `good\0\n${"x".repeat(94)}` }],
    ["an absolute link", { name: "l", type: "2", target: "/etc/passwd" }],
    ["a link out", { name: "l", type: "2", target: "../x" }],
    ["a link out from below", { name: "a/b/l", type: "2", target: "../../../x" }],
    ["a link out and back in", { name: "l", type: "2", target: "../out/x" }],
    ["a link out through what is not there", { name: "l", type: "2", target: "a/b/../../../x" }],
    ["a link with a backslash", { name: "l", type: "2", target: "..\\x" }],
    ["a link to a drive", { name: "l", type: "2", target: "c:x" }],
  ])("%s", async (_, given) => {
    await expectFailure(zipped(entry({ name: "file" }), entry(given)), refused);
  });

  it("a name that is not UTF-8", async () => {
    await expectFailure(archive(withBytes(entry({ name: "ab" }), [0x61, 0xe9])), refused);
  });

  it.each<readonly [what: string, entries: readonly Uint8Array[]]>([
    ["a path twice", [entry({ name: "f", content: "1" }), entry({ name: "f", content: "2" })]],
    ["a path twice, once with a dot", [entry({ name: "f" }), entry({ name: "./f" })]],
    ["a directory twice", [directory("d/"), directory("d")]],
    ["the root twice", [directory("./"), directory(".")]],
    ["a file in place of a directory", [directory("d/"), entry({ name: "d" })]],
    ["a file in place of an implied directory", [entry({ name: "d/f" }), entry({ name: "d" })]],
    ["a directory in place of a file", [entry({ name: "f" }), directory("f/")]],
    ["a file below a file", [entry({ name: "f" }), entry({ name: "f/g" })]],
    ["a file through a link", [link("l", "."), entry({ name: "l/f" })]],
    ["a file through a link that comes later", [entry({ name: "l/f" }), link("l", "/tmp")]],
    ["a file in place of a link", [link("l", "x"), entry({ name: "l" })]],
    ["a link in place of a file", [entry({ name: "l" }), link("l", "x")]],
    ["a link through a link", [directory("sub/"), link("sub/l1", "."), link("sub/l2", "l1/../..")]],
    ["a link through a link that comes later", [directory("sub/"), link("sub/l2", "l1/../x"), link("sub/l1", "..")]],
    ["a link through itself", [link("l", "l/..")]],
    ["a link through a link, behind a slash", [link("a", "d"), link("b", "a/")]],
    ["a link through a link, behind a dot", [link("a", "d"), link("b", "a/.")]],
    ["a link through a link of another case", [link("A\u030a", "."), link("x", "\u00e5/../..")]],
    ["a link through a link of other letters", [link("stra\u00dfe", "."), link("x", "STRASSE/../x")]],
    ["a link through a link with a character that is not seen", [link("a\u200cb", "."), link("x", "ab/../..")]],
    ["a link through a link, below", [link("d/e/l", ".."), link("d/x", "e/l/../../..")]],
    ["a link through a link, after a way out and in", [link("d/e/l", ".."), link("d/x", "./e/../e/l/../f")]],
    ["a long name that leads out", [pax({ path: "../evil" }), entry({})]],
    ["a long name that is absolute", [pax({ path: "/evil" }), entry({})]],
    ["a long name with a NUL", [pax({ path: "good\0/../../evil" }), entry({})]],
    ["a long name of GNU that leads out", [entry({ type: "L", content: "../evil\0" }), entry({})]],
    ["a long target that leads out", [pax({ linkpath: "../evil" }), link("l", "x")]],
    ["a long target of GNU that leads out", [entry({ type: "K", content: "../evil\0" }), link("l", "x")]],
    ["a long name of GNU with a NUL", [entry({ type: "L", content: "good\0\n/evil\0" }), entry({})]],
    ["a long name that is not UTF-8", [entry({ type: "L", content: Uint8Array.of(0x61, 0xe9, 0) }), entry({})]],
    ["a file that is called like a directory by PAX", [pax({ path: "f/" }), entry({ content: entry({ name: "smuggled" }) })]],
    ["a long name with a backslash", [pax({ path: "a\\b" }), entry({})]],
    ["a target with a NUL", [pax({ linkpath: "a\0/../.." }), link("l", "x")]],
    ["a sparse file of PAX", [pax({ "GNU.sparse.major": "1", "GNU.sparse.name": "f" }), entry({})]],
    ["a sparse file of star", [pax({ "SCHILY.realsize": "10" }), entry({})]],
    ["one path for all", [pax({ path: "x" }, "g"), entry({})]],
    ["a prefix that leads out", [entry({ name: "evil", prefix: ".." })]],
  ])("%s", async (_, entries) => {
    await expectFailure(zipped(...entries), refused);
  });

  it("zeros without end behind gzip", async () => {
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      yield zipped(entry({ name: "f" }));
      for (;;) yield new Uint8Array(1_000);
    }

    await expectFailure(endless(), invalid);
  });

  it("to put itself in place of a file", async () => {
    await writeFile(temporary.in("out"), "");

    await expect(extractArtifactToDir(archive(entry({ name: "f" })), temporary.in("out"))).rejects.toMatchObject(refused);
  });
});

describe("extraction cannot read", () => {
  const good = archive(entry({ name: "f", content: "content" }));

  it.each<readonly [what: string, bytes: Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["text", Buffer.from("this is no archive, and longer than a header ".repeat(20))],
    ["less than a header", good.subarray(0, 511)],
    ["a header without its content", good.subarray(0, 512)],
    ["half a content", good.subarray(0, 515)],
    ["a content without its padding", good.subarray(0, 520)],
    ["an archive without an end", good.subarray(0, 1024)],
    ["an archive with half an end", good.subarray(0, 1536)],
    ["an archive with three quarters of an end", good.subarray(0, 1800)],
    ["a wrong checksum", archive(entry({ checksumError: 1 }))],
    ["a checksum that was right before the name was changed", renamed(good)],
    ["an entry behind a block of zeros", Buffer.concat([entry({}), new Uint8Array(512), entry({ name: "smuggled" }), END])],
    ["an archive behind the end", Buffer.concat([good, good])],
    ["a byte behind the end", Buffer.concat([good, Uint8Array.of(1)])],
    ["an empty path", archive(entry({ name: "" }))],
    ["a long name of nothing", archive(pax({ path: "" }), entry({}))],
    ["a link to nothing", archive(entry({ name: "l", type: "2", target: "" }))],
    ["a long name of GNU of nothing", archive(entry({ type: "L" }), entry({}))],
    ["a link whose target only a record has", archive(pax({ linkpath: "ü" }), entry({ name: "l", type: "2", target: "" }))],
    ["a file with a target", archive(entry({ target: "x" }))],
    ["gzip within gzip", gzipSync(gzipSync(good))],
    ["gzip that is damaged", damaged(gzipSync(good))],
    ["gzip that is truncated", gzipSync(good).subarray(0, -1)],
    ["gzip of nothing but its mark", Uint8Array.of(0x1f, 0x8b)],
    ["a byte behind gzip", Buffer.concat([gzipSync(good), Uint8Array.of(1)])],
    ["zeros behind gzip", Buffer.concat([gzipSync(good), new Uint8Array(100)])],
    ["an archive behind another in gzip", Buffer.concat([gzipSync(good), gzipSync(good)])],
    ["an unknown format", archive(entry({ magic: "ustar\x0099" }))],
    ["a size that is no number", archive(entry({ sizeField: "0000000009x\0" }))],
    ["a size with a sign", archive(entry({ sizeField: "-0000000001\0" }))],
    ["a size below zero", archive(entry({ sizeField: Buffer.alloc(12, 0xff) }))],
    ["a size beyond all measure", archive(entry({ sizeField: Uint8Array.of(0x80, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0) }))],
    ["a mode that is no number", archive(entry({ modeField: "rwxr-xr\0" }))],
    ["a directory with content", archive(entry({ name: "d", type: "5", content: "x" }))],
    ["a directory with content that is a header", archive(entry({ name: "d", type: "5", content: entry({ name: "smuggled" }) }))],
    ["a directory with content by PAX", archive(pax({ size: "512" }), directory("d"), entry({ name: "smuggled" }))],
    ["a link with content", archive(entry({ name: "l", type: "2", target: "t", content: "x" }))],
    ["a link with content by PAX", archive(pax({ size: "1" }), link("l", "t"))],
    ["two PAX headers", archive(pax({ path: "a" }), pax({ path: "b" }), entry({}))],
    ["a record twice", archive(entry({ type: "x", content: "8 path=a\n8 path=b\n".replaceAll("8", "9") }), entry({}))],
    ["two long names of GNU", archive(entry({ type: "L", content: "a" }), entry({ type: "L", content: "b" }), entry({}))],
    ["long names of two formats", archive(entry({ type: "L", content: "a" }), pax({ path: "b" }), entry({}))],
    ["long targets of two formats", archive(entry({ type: "K", content: "a" }), pax({ linkpath: "b" }), link("l", "c"))],
    ["a PAX header before nothing", archive(pax({ path: "a" }))],
    ["a record without a length", archive(entry({ type: "x", content: "path=a\n" }), entry({}))],
    ["a record that is longer than all", archive(entry({ type: "x", content: "90 path=a\n" }), entry({}))],
    ["a record that is shorter than it says", archive(entry({ type: "x", content: "8 path=a\n" }), entry({}))],
    ["a record without an end", archive(entry({ type: "x", content: "9 path=ab" }), entry({}))],
    ["a record within a record", archive(pax({ comment: "a\n10 path=b" }), entry({}))],
    ["a path with a line break by PAX", archive(pax({ path: "a\nb" }), entry({}))],
    ["a record without a value", archive(entry({ type: "x", content: "7 path\n" }), entry({}))],
    ["a record with a negative length", archive(entry({ type: "x", content: "-9 path=a\n" }), entry({}))],
    ["a size by PAX that is none", archive(pax({ size: "0x10" }), entry({}))],
    ["a size by PAX that is too large", archive(pax({ size: "99999999999999999999" }), entry({}))],
    ["a PAX header without its content", entry({ type: "x", size: 100 })],
    ["half a PAX header", entry({ type: "x", content: "x".repeat(600), size: 600 }).subarray(0, 700)],
  ])("%s", async (_, bytes) => {
    await expectFailure(bytes, invalid);
  });

  it("a header that the library would take for gzip", async () => {
    const header = withBytes(entry({ type: "x", name: "x".repeat(20), content: "9 path=f\n" }), [0x1f, 0x8b, 8, 0]);

    await expectFailure(gzipSync(archive(header, entry({}))), { ...invalid, message: expect.stringContaining("compressed twice") });
  });

  it("a source that fails, and throws what that has thrown", async () => {
    async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
      yield zipped(entry({ name: "f", content: "x".repeat(10_000) })).subarray(0, 100);
      throw new Error("the disk is gone");
    }

    await expectFailure(failing(), { message: "the disk is gone" });
  });
});

/** An entry with other bytes at its beginning, and the right checksum. */
function withBytes(given: Uint8Array, start: readonly number[]): Uint8Array {
  const bytes = Buffer.from(given);
  bytes.set(start);
  const sum = bytes.subarray(0, 512).reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return bytes;
}

function renamed(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.write("g", 0);
  return copy;
}

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy[30] = (copy[30] ?? 0) ^ 0xff;
  return copy;
}
