import { createGzip, gzipSync } from "node:zlib";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { ArchiveTree } from "../../src/artifacts/archives/archive-tree.ts";
import { type ArchiveLimits, extractArtifactToDir } from "../../src/index.ts";
import { temporaryDirectory, treeOf } from "./files.ts";
import { archive, END, entry, pax, streamed, zipped } from "./tar-bytes.ts";

const MEBIBYTE = 1024 ** 2;
const temporary = temporaryDirectory();

interface Measured {
  readonly error: unknown;
  readonly read: number;
  readonly grown: number;
}

/** Extracts, and says how much was read of the source until it failed, and by how much memory grew at most. */
async function measured(source: AsyncIterable<Uint8Array>, limits?: Partial<ArchiveLimits>): Promise<Measured> {
  const before = process.memoryUsage.rss();
  let read = 0;
  let pieces = 0;
  let peak = 0;
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of source) {
      read += piece.byteLength;
      pieces += 1;
      if (pieces % 20 === 0) peak = Math.max(peak, process.memoryUsage.rss());
      yield piece;
    }
  }
  const error: unknown = await extractArtifactToDir(counted(), temporary.in("out"), limits === undefined ? {} : { limits }).catch(
    (thrown: unknown) => thrown,
  );
  return { error, read, grown: Math.max(0, peak - before) };
}

async function* zeros(bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  const piece = new Uint8Array(MEBIBYTE);
  for (let left = bytes; left > 0; left -= piece.byteLength) yield piece;
}

async function* joined(...sources: readonly AsyncIterable<Uint8Array>[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const source of sources) yield* source;
}

const TEN_GIB = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0, 0);
const hugeFile = (): Uint8Array => entry({ name: "zeros", sizeField: TEN_GIB });

describe("limits of extraction (faults 73 and 76)", () => {
  it("stop 10 GiB of zeros at the header that announces them", async () => {
    const { error, read } = await measured(joined(streamed(hugeFile()), zeros(10 * 1024 ** 3)));

    expect(error).toMatchObject({ code: "WFE_ARCHIVE_REFUSED", message: expect.stringContaining("maxBytes") });
    expect(read).toBeLessThanOrEqual(2 * MEBIBYTE);
    expect(await treeOf(temporary.path)).toEqual({});
  });

  it("stop 10 GiB of zeros in gzip by what comes out of what goes in, in constant memory", async () => {
    const gzip = Readable.from(joined(streamed(hugeFile()), zeros(10 * 1024 ** 3))).pipe(createGzip());

    const { error, read, grown } = await measured(gzip, { maxBytes: 20 * 1024 ** 3 });
    gzip.destroy();

    expect(error).toMatchObject({ code: "WFE_ARCHIVE_REFUSED", message: expect.stringContaining("maxRatio") });
    expect(read).toBeLessThan(MEBIBYTE);
    expect(grown).toBeLessThan(150 * MEBIBYTE);
    expect(await treeOf(temporary.path)).toEqual({});
  });

  it("stop zeros after the end of an archive", async () => {
    const { error, read } = await measured(joined(streamed(archive()), zeros(10 * 1024 ** 3)), { maxBytes: 5 * MEBIBYTE });

    expect(error).toMatchObject({ code: "WFE_ARCHIVE_REFUSED", message: expect.stringContaining("maxBytes") });
    expect(read).toBeLessThan(8 * MEBIBYTE);
  });

  it("stop a million entries after those that are allowed, in constant memory", async () => {
    let made = 0;
    async function* million(): AsyncGenerator<Uint8Array, void, undefined> {
      for (; made < 1_000_000; made += 1) yield entry({ name: `d${made}/`, type: "5" });
    }

    const { error, grown } = await measured(million(), { maxEntries: 2_000 });

    expect(error).toMatchObject({ code: "WFE_ARCHIVE_REFUSED", message: expect.stringContaining("maxEntries") });
    expect(made).toBeLessThan(2_010);
    expect(grown).toBeLessThan(150 * MEBIBYTE);
    expect(await treeOf(temporary.path)).toEqual({});
  });

  it("stop a million entries at 100,000 by default", async () => {
    let made = 0;
    const link = entry({ name: "link00000000", type: "2", target: "x" });
    async function* million(): AsyncGenerator<Uint8Array, void, undefined> {
      // Links are made last, so that none of these is.
      for (; made < 1_000_000; made += 1) yield renumbered(link, made);
    }

    const { error } = await measured(million());

    expect(error).toMatchObject({ code: "WFE_ARCHIVE_REFUSED", message: expect.stringContaining("100000 entries") });
    expect(made).toBe(100_000);
  });

  it("let others work while many links are checked", async () => {
    const tree = new ArchiveTree({ maxEntries: 1_000, maxPathLength: 100 });
    for (let index = 0; index < 900; index += 1) tree.add("symlink", [`l${index}`], "d/x");
    let turns = 0;
    setImmediate(() => {
      turns += 1;
    });

    await tree.checkLinks();

    expect(turns).toBe(1);
  });

  it("count directories that only paths imply", async () => {
    const path = (name: string): string => `${name}/`.repeat(30) + name;
    const bytes = archive(entry({ name: path("a") }), entry({ name: path("b") }), entry({ name: path("c") }));

    await expect(extractArtifactToDir(bytes, temporary.in("out"), { limits: { maxEntries: 92 } })).rejects.toMatchObject({
      code: "WFE_ARCHIVE_REFUSED",
    });
    await extractArtifactToDir(bytes, temporary.in("out"), { limits: { maxEntries: 93 } });
  });

  it("stop a header of absurd size for a name or for attributes before it is read", async () => {
    for (const type of ["x", "g", "L", "K"]) {
      const { error, read } = await measured(joined(streamed(entry({ type, size: 2 ** 31 })), zeros(2 ** 31)));

      expect(error).toMatchObject({ code: "WFE_ARCHIVE_REFUSED", message: expect.stringContaining("2147483648 bytes") });
      expect(read).toBeLessThanOrEqual(2 * MEBIBYTE);
    }
  });

  it("stop global headers without end", async () => {
    let made = 0;
    async function* globals(): AsyncGenerator<Uint8Array, void, undefined> {
      for (;;) {
        made += 1;
        yield pax({ comment: "x" }, "g");
      }
    }

    const { error } = await measured(globals(), { maxEntries: 100 });

    expect(error).toMatchObject({ code: "WFE_ARCHIVE_REFUSED", message: expect.stringContaining("global headers") });
    expect(made).toBeLessThan(110);
  });

  it("stop a size by PAX that its header hides", async () => {
    await expect(extractArtifactToDir(zipped(pax({ size: String(2 ** 40) }), entry({})), temporary.in("out"))).rejects.toMatchObject({
      code: "WFE_ARCHIVE_REFUSED",
      message: expect.stringContaining("maxBytes"),
    });
  });

  it("are for bytes of names, of segments, and of targets", async () => {
    const long = ["s".repeat(200), "s".repeat(200), "s".repeat(200), "s".repeat(200), "s".repeat(200), "s".repeat(19)].join("/");
    const refused = { code: "WFE_ARCHIVE_REFUSED" };

    await extractArtifactToDir(archive(pax({ path: long }), entry({})), temporary.in("longest"));
    await expect(extractArtifactToDir(archive(pax({ path: `${long}s` }), entry({})), temporary.in("out"))).rejects.toMatchObject(refused);
    await extractArtifactToDir(archive(pax({ path: `${long}s` }), entry({})), temporary.in("raised"), { limits: { maxPathLength: 1_025 } });
    await expect(extractArtifactToDir(archive(pax({ path: "é".repeat(128) }), entry({})), temporary.in("out"))).rejects.toMatchObject(refused);
    await expect(
      extractArtifactToDir(archive(pax({ linkpath: "x/".repeat(513) }), entry({ type: "2", target: "x" })), temporary.in("out")),
    ).rejects.toMatchObject(refused);
  });

  it("leave small archives alone, however uniform", async () => {
    await extractArtifactToDir(gzipSync(archive(entry({ name: "zeros", content: new Uint8Array(8 * MEBIBYTE) }))), temporary.in("out"));
  });

  it("are numbers above 0", async () => {
    for (const limits of [{ maxBytes: 0 }, { maxEntries: -1 }, { maxRatio: Number.NaN }]) {
      await expect(extractArtifactToDir(archive(), temporary.in("out"), { limits })).rejects.toBeInstanceOf(RangeError);
    }
    await expect(extractArtifactToDir(Buffer.concat([entry({}), END]), temporary.in("out"), { limits: { maxBytes: 1_535 } })).rejects.toMatchObject({
      code: "WFE_ARCHIVE_REFUSED",
    });
    await extractArtifactToDir(Buffer.concat([entry({}), END]), temporary.in("out"), { limits: { maxBytes: 1_536 } });
  });
});

/** The same header with another number in its name, its checksum anew: a million of them are made quickly. */
function renumbered(header: Uint8Array, index: number): Uint8Array {
  const copy = Buffer.from(header);
  const digits = String(index).padStart(8, "0");
  copy.write(digits, 4, "latin1");
  const before = Number.parseInt(copy.toString("latin1", 148, 154), 8);
  const added = Array.from(digits).reduce((sum, digit) => sum + Number(digit), 0);
  copy.write((before + added).toString(8).padStart(6, "0"), 148, "latin1");
  return copy;
}
