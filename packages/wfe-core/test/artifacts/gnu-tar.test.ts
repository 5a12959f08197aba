import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { extractArtifactToDir, packArtifact } from "../../src/index.ts";
import { temporaryDirectory, treeOf } from "./files.ts";
import { collected } from "./tar-bytes.ts";

const temporary = temporaryDirectory();
const isGnu = spawnSync("tar", ["--version"], { encoding: "utf8" }).stdout?.startsWith("tar (GNU tar)") === true;

function tar(...given: readonly string[]): void {
  const { status, stderr } = spawnSync("tar", given, { encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8" } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

async function writeTree(): Promise<void> {
  const deep = temporary.in("in", "d".repeat(90), "ü".repeat(90), "f".repeat(90));
  await mkdir(deep, { recursive: true });
  await mkdir(temporary.in("in/empty"));
  await writeFile(`${deep}/${"n".repeat(250)}`, "long");
  await writeFile(temporary.in("in/run"), "x".repeat(100_000), { mode: 0o755 });
  await writeFile(temporary.in("in/new\nline"), "");
  await symlink(`../${"t".repeat(150)}`, temporary.in("in/empty/link"));
}

describe.skipIf(!isGnu)("GNU tar", () => {
  it("reads what is packed here, without a warning", async () => {
    await writeTree();
    await writeFile(temporary.in("packed.tar.gz"), await collected(packArtifact(temporary.in("in"))));
    await mkdir(temporary.in("out"));

    tar("--extract", "--same-permissions", "--file", temporary.in("packed.tar.gz"), "--directory", temporary.in("out"));

    expect(await treeOf(temporary.in("out"))).toEqual(await treeOf(temporary.in("in")));
  });

  it.each(["gnu", "posix", "oldgnu"])("writes in its format %s what is extracted here", async (format) => {
    await writeTree();

    tar("--create", "--gzip", `--format=${format}`, "--file", temporary.in("packed"), "--directory", temporary.in("in"), ".");
    await extractArtifactToDir(packedBytes(), temporary.in("out"));

    expect(await treeOf(temporary.in("out"))).toEqual(await treeOf(temporary.in("in")));
  });

  it.each(["ustar", "v7"])("writes in its old format %s what is extracted here", async (format) => {
    await mkdir(temporary.in("in", "d".repeat(60)), { recursive: true });
    await writeFile(temporary.in("in", "d".repeat(60), "f".repeat(format === "v7" ? 10 : 90)), "content");

    tar("--create", `--format=${format}`, "--file", temporary.in("packed"), "--directory", temporary.in("in"), "d".repeat(60));
    await extractArtifactToDir(packedBytes(), temporary.in("out"));

    expect(await treeOf(temporary.in("out"))).toEqual(await treeOf(temporary.in("in")));
  });

  it("makes sparse files, which are refused", async () => {
    await mkdir(temporary.in("in"));
    await writeFile(temporary.in("in/sparse"), "");
    await truncate(temporary.in("in/sparse"), 10 * 1024 ** 2);
    for (const format of ["gnu", "posix"]) {
      tar("--create", "--sparse", `--format=${format}`, "--file", temporary.in("packed"), "--directory", temporary.in("in"), ".");

      await expect(extractArtifactToDir(packedBytes(), temporary.in("out"))).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });
    }
  });
});

async function* packedBytes(): AsyncGenerator<Uint8Array, void, undefined> {
  yield* createReadStream(temporary.in("packed")) as AsyncIterable<Buffer>;
}
