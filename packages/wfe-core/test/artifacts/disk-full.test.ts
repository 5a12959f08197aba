import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, statfsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LocalArtifactStore } from "../../src/artifacts/store/local-artifact-store.ts";
import { all, bytesOf, read } from "../../src/test-support/suites/artifact-steps.ts";
import { brokenLayoutRules } from "./oci-layout-rules.ts";

const MEGABYTE = 1024 ** 2;

/** A small file system, where this user may mount one. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), "wfe-artifacts-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "wfe-artifacts", folder]);
  if (status === 0) return folder;
  rmdirSync(folder);
  return undefined;
}

const disk = process.platform === "linux" && process.getuid?.() === 0 ? mountSmallDisk() : undefined;
afterAll(() => {
  if (disk === undefined) return;
  spawnSync("umount", ["--lazy", disk]);
  rmdirSync(disk);
});

describe.skipIf(disk === undefined)(
  `a disk that is full${disk === undefined ? " (skipped: needs root on Linux, and the right to mount)" : ""}`,
  () => {
    it("refuses a put and leaves nothing of it, reads what is there, and can be swept", async () => {
      const root = path.join(disk ?? "", "store");
      const store = await LocalArtifactStore.open(root);
      const kept = await store.put(bytesOf("kept", MEGABYTE), { pinnedBy: "workflow" });
      const { digest } = await store.put(bytesOf("removed", 2 * MEGABYTE));
      const free = freeBytes(root);

      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) yield new Uint8Array(100_000);
      }
      await expect(store.put(endless())).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: true, cause: { code: "ENOSPC" } });
      expect(freeBytes(root)).toBe(free);
      expect(await brokenLayoutRules(root)).toEqual([]);

      // Not one block is left, for a state neither.
      const ballast = path.join(disk ?? "", "ballast");
      await writeFile(ballast, new Uint8Array(2 * free)).catch(() => {});
      expect(freeBytes(root)).toBe(0);
      await expect(store.put(bytesOf("no room", 10))).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: true });
      expect(Buffer.from(await read(store, kept.digest)).equals(bytesOf("kept", MEGABYTE))).toBe(true);
      await LocalArtifactStore.open(root).catch(() => {});
      // Old states make room for the next one; then the disk has some.
      expect(await store.delete(digest)).toBe(true);
      await rm(ballast);

      await LocalArtifactStore.open(root);
      expect((await all(store.list())).map((info) => info.digest)).toEqual([kept.digest]);
      expect(await brokenLayoutRules(root)).toEqual([]);
      await store.put(bytesOf("room again", MEGABYTE));
    });
  },
);

function freeBytes(root: string): number {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize;
}
