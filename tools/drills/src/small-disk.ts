import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, mkdirSync, chmodSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Something that this machine or this user does not allow. */
export class CannotRunHereError extends Error {
  override readonly name = "CannotRunHereError";
}

const CHUNKS = [1_048_576, 65_536, 4_096, 512] as const;

/** A file system of some megabytes in memory, which can be filled. Linux, as root. */
export class SmallDisk {
  readonly #path: string;
  /** Where the store is; anybody may write there. */
  readonly folder: string;

  private constructor(path: string) {
    this.#path = path;
    this.folder = join(path, "store");
    mkdirSync(this.folder);
    chmodSync(this.folder, 0o777);
  }

  /** @throws CannotRunHereError that says why, where none can be mounted. */
  static mount(megabytes: number): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), "wfe-disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "wfe-drill", path], { encoding: "utf8" });
    if (mounted.status === 0) return new SmallDisk(path);
    rmdirSync(path);
    const why = (mounted.error?.message ?? mounted.stderr).trim();
    throw new CannotRunHereError(
      `a disk that is full needs a small file system, and mounting one (tmpfs, ${megabytes} MB) has failed: ${why}. Run it as root on Linux, in a container with CAP_SYS_ADMIN (docker run --privileged)`,
    );
  }

  get #ballast(): string {
    return join(this.#path, "ballast");
  }

  /** Takes all room that is left. */
  fill(): void {
    const file = openSync(this.#ballast, "a");
    try {
      for (const size of CHUNKS) while (writes(file, Buffer.alloc(size))) continue;
    } finally {
      closeSync(file);
    }
  }

  /** Ends {@link fill}. */
  makeRoom(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    // What still has a file open there ends with this process.
    if (spawnSync("umount", [this.#path]).status !== 0) spawnSync("umount", ["--lazy", this.#path]);
    rmdirSync(this.#path);
  }
}

function writes(file: number, bytes: Buffer): boolean {
  try {
    return writeSync(file, bytes) === bytes.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}
