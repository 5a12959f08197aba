import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { extractArtifactToDir } from "../../src/index.ts";
import { temporaryDirectory, treeOf } from "./files.ts";
import { archive, entry } from "./tar-bytes.ts";

const temporary = temporaryDirectory();
const one = archive(entry({ name: "f", content: "new" }));
const DAY_MS = 24 * 60 * 60 * 1000;
const isRoot = process.getuid?.() === 0;

async function extracting(directory: string): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("process/hanging-extraction.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=wfe-source", "--import", "tsx", file, directory], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  expect(String(line)).toBe("extracting\n");
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

describe("the directory of an extraction", () => {
  it("is not there before it is complete; what a killed process has left is removed by the next one", async () => {
    const child = await extracting(temporary.in("out"));
    const [during] = await readdir(temporary.path);
    await extractArtifactToDir(one, temporary.in("other"));
    await killed(child);
    expect(during).toMatch(/^\.wfe-extract-/);
    expect((await readdir(temporary.path)).toSorted()).toEqual([during, "other"]);

    await extractArtifactToDir(one, temporary.in("out"));

    expect(await treeOf(temporary.path)).toEqual({ other: "d755", "other/f": "f644 new", out: "d755", "out/f": "f644 new" });
  });

  it("is left alone by another process that fills the same one", async () => {
    await extracting(temporary.in("out"));
    const [during] = await readdir(temporary.path);

    await extractArtifactToDir(one, temporary.in("out"));

    expect((await readdir(temporary.path)).toSorted()).toEqual([during, "out"]);
  });

  it("is cleared of what an unknown process has left once it is a day old", async () => {
    const child = await extracting(temporary.in("out"));
    const [during = ""] = await readdir(temporary.path);
    await killed(child);
    const elsewhere = during.replace(/^(\.wfe-extract-[0-9a-f]{16}-)[0-9a-f]{16}/, "$10123456789abcdef");
    const strange = during.replace(/^(\.wfe-extract-[0-9a-f]{16}-).*/, "$1by-nobody");
    await rename(temporary.in(during), temporary.in(elsewhere));
    await mkdir(temporary.in(strange));

    await extractArtifactToDir(one, temporary.in("out"));
    const before = await readdir(temporary.path);
    for (const name of [elsewhere, strange]) await utimes(temporary.in(name), new Date(), new Date(Date.now() - DAY_MS - 60_000));
    await expect(extractArtifactToDir(Buffer.alloc(0), temporary.in("out2"))).rejects.toMatchObject({ code: "WFE_ARCHIVE_INVALID" });
    const others = await readdir(temporary.path);
    await rename(temporary.in("out"), temporary.in("old"));
    await extractArtifactToDir(one, temporary.in("out"));

    expect(before).toEqual(expect.arrayContaining([elsewhere, strange, "out"]));
    expect(others).toEqual(expect.arrayContaining([elsewhere, strange]));
    expect((await readdir(temporary.path)).toSorted()).toEqual(["old", "out"]);
  });

  it("may be there when it is empty, and is refused when something is in it", async () => {
    await mkdir(temporary.in("empty"));
    await mkdir(temporary.in("full"));
    await writeFile(temporary.in("full/f"), "old");
    await symlink("empty2", temporary.in("link"));
    await mkdir(temporary.in("empty2"));

    await extractArtifactToDir(one, temporary.in("empty"));

    for (const name of ["full", "link", "empty"]) {
      await expect(extractArtifactToDir(one, temporary.in(name))).rejects.toMatchObject({
        code: "WFE_ARCHIVE_REFUSED",
        message: expect.stringContaining(name),
      });
    }
    expect(await treeOf(temporary.path)).toEqual({
      empty: "d755",
      "empty/f": "f644 new",
      empty2: "d755",
      full: "d755",
      "full/f": expect.stringMatching(/ old$/),
      link: "-> empty2",
    });
  });

  it("is refused when something has come into it meanwhile", async () => {
    async function* meddling(): AsyncGenerator<Uint8Array, void, undefined> {
      yield one;
      await mkdir(temporary.in("out"));
      await writeFile(temporary.in("out/theirs"), "");
    }

    await expect(extractArtifactToDir(meddling(), temporary.in("out"))).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });

    expect(await readdir(temporary.path)).toEqual(["out"]);
    expect(await readdir(temporary.in("out"))).toEqual(["theirs"]);
  });

  it("is made with those above it, which are removed again when it fails, unless somebody uses them", async () => {
    await extractArtifactToDir(one, temporary.in("a/b/c"));
    await expect(extractArtifactToDir(Buffer.alloc(0), temporary.in("x/y/z"))).rejects.toMatchObject({ code: "WFE_ARCHIVE_INVALID" });
    async function* used(): AsyncGenerator<Uint8Array, void, undefined> {
      await writeFile(temporary.in("u/theirs"), "");
      yield Buffer.alloc(3);
    }
    await expect(extractArtifactToDir(used(), temporary.in("u/v/w"))).rejects.toMatchObject({ code: "WFE_ARCHIVE_INVALID" });

    expect((await readdir(temporary.path)).toSorted()).toEqual(["a", "u"]);
    expect(await readdir(temporary.in("u"))).toEqual(["theirs"]);
  });

  it("cannot be made below a file, or with a name too long for the disk", async () => {
    await writeFile(temporary.in("file"), "");

    await expect(extractArtifactToDir(one, temporary.in("file/out"))).rejects.toMatchObject({
      code: "WFE_ARTIFACT_BACKEND",
      retryable: false,
      cause: { code: "ENOTDIR" },
    });
    await expect(extractArtifactToDir(one, temporary.in("n".repeat(300)))).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });
  });

  it.skipIf(isRoot)("cannot be made where nobody may write", async () => {
    await mkdir(temporary.in("closed"));
    await chmod(temporary.in("closed"), 0o500);

    await expect(extractArtifactToDir(one, temporary.in("closed/out"))).rejects.toMatchObject({
      code: "WFE_ARTIFACT_BACKEND",
      cause: { code: "EACCES" },
    });
  });
});

describe("an extraction that is called off", () => {
  it("ends at once, also while its source keeps it waiting, and leaves nothing", async () => {
    const end = new AbortController();
    let waiting: (() => void) | undefined;
    const reached = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    async function* hanging(): AsyncGenerator<Uint8Array, void, undefined> {
      yield entry({ name: "f", content: "x" });
      waiting?.();
      await new Promise(() => undefined);
    }

    const extraction = extractArtifactToDir(hanging(), temporary.in("out"), { signal: end.signal });
    await reached;
    end.abort(new Error("no longer wanted"));

    await expect(extraction).rejects.toThrow("no longer wanted");
    expect(await readdir(temporary.path)).toEqual([]);
  });

  it("does not begin when it is called off before", async () => {
    await expect(extractArtifactToDir(one, temporary.in("out"), { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
    expect(await readdir(temporary.path)).toEqual([]);
  });

  it("lets its source go, at the end and after a failure", async () => {
    let ended = 0;
    async function* source(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        yield* pieces;
      } finally {
        ended += 1;
      }
    }
    const { signal } = new AbortController();

    await extractArtifactToDir(source(one), temporary.in("good"), { signal });
    await expect(extractArtifactToDir(source(Buffer.alloc(512, "x"), one), temporary.in("bad"), { signal })).rejects.toMatchObject({
      code: "WFE_ARCHIVE_INVALID",
    });
    await expect(extractArtifactToDir(source(Buffer.alloc(512, "x"), one), temporary.in("bad"))).rejects.toMatchObject({
      code: "WFE_ARCHIVE_INVALID",
    });

    expect(ended).toBe(3);
  });
});
