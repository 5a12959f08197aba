import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFile, chmod, mkdir, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArchiveEntry, extractArtifactToDir, packArtifact } from "../../src/index.ts";
import { temporaryDirectory, treeOf } from "./files.ts";
import { collected, streamed } from "./tar-bytes.ts";

const temporary = temporaryDirectory();
const refused = { name: "ArtifactError", code: "WFE_ARCHIVE_REFUSED", retryable: false };

const packed = (source: string | Iterable<ArchiveEntry> | AsyncIterable<ArchiveEntry>, gzip = true): Promise<Buffer> =>
  collected(packArtifact(source, { gzip }));

const segment = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 8, unit: "binary" }),
    fc.string({ minLength: 40, maxLength: 80, unit: "grapheme-ascii" }),
    fc.constantFrom("a", "a.b", "a-", "ä"),
  )
  // What fast-check composes is well formed; on file systems that fold names two could be one.
  .map((name) => name.replaceAll(/[/\\\0:]/g, "_").normalize("NFC"))
  .filter((name) => name !== "." && name !== ".." && Buffer.byteLength(name) <= 255);
const file = fc.record({
  kind: fc.constant("file" as const),
  content: fc.oneof(fc.string(), fc.uint8Array({ maxLength: 2_000 })),
  mode: fc.constantFrom(0o600, 0o644, 0o755, 0o4711),
});
const leaf = fc.oneof(
  file,
  fc.record({ kind: fc.constant("directory" as const) }),
  fc.record({ kind: fc.constant("symlink" as const), target: fc.constantFrom(".", "nothing") }),
);
const entries = fc.uniqueArray(fc.tuple(fc.array(segment, { minLength: 1, maxLength: 6 }), leaf), {
  maxLength: 12,
  selector: ([path]) => path.join("/").toLowerCase(),
});

type Leaf = typeof leaf extends fc.Arbitrary<infer Value> ? Value : never;

/** Those that can stand beside each other. */
function compatible(given: readonly (readonly [readonly string[], Leaf])[]): ArchiveEntry[] {
  const taken = new Map<string, "leaf" | "directory">();
  return given.flatMap(([segments, what]) => {
    const above = segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
    const path = segments.join("/");
    const before = taken.get(path);
    if (above.some((directory) => taken.get(directory) === "leaf") || before !== undefined) return [];
    for (const directory of above) taken.set(directory, "directory");
    taken.set(path, what.kind === "directory" ? "directory" : "leaf");
    return [{ ...what, path }];
  });
}

describe("packing (fault 85)", () => {
  it("gives the same bytes of the same tree, in any order, from entries and from the disk; and it survives", async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(entries, async (given) => {
        const tree = compatible(given);
        const [first, second] = [temporary.in(`first${++round}`), temporary.in(`second${round}`)];

        const bytes = await packed(tree);
        await extractArtifactToDir(bytes, first);
        const again = await packed(first);
        await extractArtifactToDir(packArtifact(first, { gzip: false }), second);

        expect(await packed(tree.toReversed())).toEqual(bytes);
        expect(again).toEqual(bytes);
        expect(gunzipSync(bytes)).toEqual(await packed(tree, false));
        expect(await treeOf(second)).toEqual(await treeOf(first));
        const files = tree.filter((one) => one.kind === "file");
        const extracted = await treeOf(first);
        for (const { path, content, mode } of files) {
          expect(extracted[path]).toBe(`f${((mode ?? 0) & 0o100) === 0 ? "644" : "755"} ${Buffer.from(content as Uint8Array).toString()}`);
        }
      }),
      { numRuns: Number(process.env["WFE_ARTIFACT_TREES"] ?? 20) },
    );
  });

  it("writes entries in the order of their paths, with everything fixed that is not their content", async () => {
    const bytes = await packed(
      [
        { kind: "file", path: "b", content: "2", mode: 0o7777 },
        { kind: "file", path: "a/x", content: "1" },
        { kind: "file", path: "a.txt", content: "" },
      ],
      false,
    );

    const headers = [0, 512, 1024, 2048].map((start) => bytes.subarray(start, start + 512));
    expect(headers.map((header) => header.subarray(0, 100).toString().replaceAll("\0", ""))).toEqual(["a/", "a.txt", "a/x", "b"]);
    const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")} \0`;
    expect(headers.map((header) => header.subarray(100, 148).toString())).toEqual(
      [
        [0o755, 0],
        [0o644, 0],
        [0o644, 1],
        [0o755, 1],
      ].map(([mode = 0, size = 0]) => [octal(mode, 6), octal(0, 6), octal(0, 6), octal(size, 10), octal(0, 10)].join("")),
    );
    expect(headers.every((header) => header.subarray(265, 329).every((byte) => byte === 0))).toBe(true);
    expect(bytes.byteLength).toBe(2048 + 1024 + 1024);
    expect((await packed([])).subarray(0, 10)).toEqual(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]));
  });

  it("gives bytes that no version of the library has changed", async () => {
    const bytes = await packed(
      [
        { kind: "file", path: "bin/run", content: "#!/bin/sh\n", mode: 0o755 },
        { kind: "file", path: `${"long/".repeat(60)}ä`, content: "1" },
        { kind: "file", path: `${"b".repeat(150)}\n`, content: "2" },
        { kind: "symlink", path: "link", target: "bin/run" },
        { kind: "symlink", path: "far", target: "t".repeat(120) },
        { kind: "directory", path: "empty" },
      ],
      false,
    );

    // Another digest means other digests of all artifacts: not to be changed without saying so.
    expect(createHash("sha256").update(bytes).digest("hex")).toBe("a601e9039e1ec7ff458223b0613c9ac7c3c28de7d9ff2dbe0b39b6851b69c4aa");
  });

  it("does not depend on times and permissions on the disk", async () => {
    await mkdir(temporary.in("in/d"), { recursive: true });
    await writeFile(temporary.in("in/d/f"), "content");
    const before = await packed(temporary.in("in"));

    await utimes(temporary.in("in/d/f"), 1, 1);
    await chmod(temporary.in("in/d/f"), 0o600);
    await chmod(temporary.in("in/d"), 0o700);

    expect(await packed(temporary.in("in"))).toEqual(before);
  });

  it("keeps long paths, long targets, and directories with nothing in them", async () => {
    const long = `${"ö".repeat(100)}/${"f".repeat(250)}`;
    const source: ArchiveEntry[] = [
      { kind: "file", path: long, content: streamed(Buffer.from("on"), Buffer.from("e")), size: 3 },
      { kind: "symlink", path: "l", target: `${"t".repeat(200)}/x` },
      { kind: "symlink", path: `${"n".repeat(200)}\n`, target: `ü\n${"t".repeat(200)}` },
      { kind: "directory", path: "empty/" },
      { kind: "file", path: "./dotted", content: "2" },
    ];

    await extractArtifactToDir(packArtifact(source), temporary.in("out"));

    expect(await treeOf(temporary.in("out"))).toEqual({
      ["ö".repeat(100)]: "d755",
      [long]: "f644 one",
      l: `-> ${"t".repeat(200)}/x`,
      [`${"n".repeat(200)}\n`]: `-> ü\n${"t".repeat(200)}`,
      empty: "d755",
      dotted: "f644 2",
    });
  });

  it("can be read twice over a directory", async () => {
    await mkdir(temporary.in("in"));
    const archive = packArtifact(temporary.in("in"));

    expect(await collected(archive)).toEqual(await collected(archive));
  });

  it("writes a size that octal digits do not hold as a record", async () => {
    const size = 2 ** 33;
    const archive = packArtifact([{ kind: "file", path: "huge", content: streamed(new Uint8Array(8)), size }], { gzip: false });

    let start = "";
    await expect(
      (async () => {
        for await (const piece of archive) start += Buffer.from(piece).toString("latin1");
      })(),
    ).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });

    expect(start).toBe(""); // less than a piece was made
    const pieces = packArtifact([{ kind: "file", path: "huge", content: streamed(new Uint8Array(200_000), new Uint8Array(200_000)), size }], {
      gzip: false,
    });
    for await (const piece of pieces) {
      start = Buffer.from(piece).toString("latin1");
      break;
    }
    expect(start.slice(512).split("\0")[0]).toBe(`13 path=huge\n19 size=${size}\n`);
  });
});

describe("packing refuses", () => {
  it("a file that grows, shrinks or is replaced while it is packed", async () => {
    const changes: ((path: string) => Promise<void>)[] = [
      (path) => appendFile(path, "more"),
      (path) => truncate(path, 10),
      (path) => writeFile(path, "x".repeat(2_000_000)),
    ];
    for (const [index, change] of changes.entries()) {
      const path = temporary.in(`in${index}`, "f");
      await mkdir(temporary.in(`in${index}`));
      await writeFile(path, Buffer.alloc(2_000_000));
      await utimes(path, 1, 1);

      const archive = packArtifact(temporary.in(`in${index}`), { gzip: false })[Symbol.asyncIterator]();
      await archive.next();
      await change(path);

      await expect(
        (async () => {
          while ((await archive.next()).done !== true);
        })(),
      ).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED", retryable: true, message: expect.stringContaining("was changed") });
    }
  });

  it("a file that a link has taken the place of", async () => {
    await mkdir(temporary.in("in"));
    await writeFile(temporary.in("in/a"), Buffer.alloc(2_000_000));
    await writeFile(temporary.in("in/b"), "harmless");
    await writeFile(temporary.in("secret"), "harmless");
    const archive = packArtifact(temporary.in("in"), { gzip: false })[Symbol.asyncIterator]();
    await archive.next();

    await rm(temporary.in("in/b"));
    await symlink("../secret", temporary.in("in/b"));

    await expect(
      (async () => {
        while ((await archive.next()).done !== true);
      })(),
    ).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", cause: { code: "ELOOP" } });
  });

  it("content that is not as long as it says", async () => {
    for (const size of [2, 4]) {
      await expect(packed([{ kind: "file", path: "f", content: streamed(Buffer.from("abc")), size }])).rejects.toMatchObject({
        code: "WFE_ARCHIVE_REFUSED",
      });
    }
    await expect(packed([{ kind: "file", path: "f", content: streamed(), size: -1 }])).rejects.toBeInstanceOf(RangeError);
  });

  it.each<readonly [what: string, source: ArchiveEntry[]]>([
    ["a path that leads out", [{ kind: "file", path: "../f", content: "" }]],
    ["the root", [{ kind: "directory", path: "." }]],
    ["a file called like a directory", [{ kind: "file", path: "f/", content: "" }]],
    ["half a character", [{ kind: "file", path: "\ud800", content: "" }]],
    ["half a character in a target", [{ kind: "symlink", path: "l", target: "\ud800" }]],
    [
      "a path twice",
      [
        { kind: "file", path: "f", content: "" },
        { kind: "directory", path: "f" },
      ],
    ],
    [
      "a file below a link",
      [
        { kind: "symlink", path: "l", target: "." },
        { kind: "file", path: "l/f", content: "" },
      ],
    ],
    ["a link out", [{ kind: "symlink", path: "l", target: ".." }]],
    ["an absolute link", [{ kind: "symlink", path: "l", target: "/etc" }]],
  ])("%s", async (_, source) => {
    await expect(packed(source)).rejects.toMatchObject(refused);
  });

  it("what is on a disk and no file, by its path", async () => {
    const server = createServer();
    await mkdir(temporary.in("sockets"));
    await new Promise<void>((resolve) => void server.listen(temporary.in("sockets/socket"), resolve));
    await mkdir(temporary.in("links"));
    await symlink("../../secret", temporary.in("links/out"));
    await mkdir(temporary.in("names"));
    await writeFile(Buffer.concat([Buffer.from(`${temporary.path}/names/`), Buffer.from([0xe9])]), "");
    await mkdir(temporary.in("fifos"));
    spawnSync("mkfifo", [temporary.in("fifos/fifo")]);

    await expect(packed(temporary.in("sockets"))).rejects.toMatchObject({ ...refused, message: expect.stringContaining("sockets/socket") });
    await expect(packed(temporary.in("fifos"))).rejects.toMatchObject({ ...refused, message: expect.stringContaining("fifos/fifo") });
    await expect(packed(temporary.in("links"))).rejects.toMatchObject({ ...refused, message: expect.stringContaining('"out"') });
    await expect(packed(temporary.in("names"))).rejects.toMatchObject({ ...refused, message: expect.stringContaining("UTF-8") });
    await expect(packed(temporary.in("links/out"))).rejects.toMatchObject({ ...refused, message: expect.stringContaining("no directory") });
    await expect(packed(temporary.in("nothing"))).rejects.toMatchObject({
      code: "WFE_ARTIFACT_BACKEND",
      message: expect.stringContaining("ENOENT"),
      retryable: false,
    });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("packing is called off", () => {
  it("between pieces, and between entries", async () => {
    const end = new AbortController();
    const source = packArtifact([{ kind: "file", path: "f", content: endless(), size: 2 ** 40 }], { signal: end.signal });
    let pieces = 0;

    const reading = (async () => {
      for await (const _ of source) {
        pieces += 1;
        end.abort(new Error("enough"));
      }
    })();

    await expect(reading).rejects.toThrow("enough");
    expect(pieces).toBeLessThan(10);
    await expect(collected(packArtifact([{ kind: "directory", path: "d" }], { signal: AbortSignal.abort(new Error("before")) }))).rejects.toThrow(
      "before",
    );
  });
});

async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
  for (let index = 0; ; index += 1) yield Buffer.from(Array.from({ length: 10_000 }, (_, byte) => (byte * index * 2_654_435_761) % 256));
}
