import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, mkdirSync, chownSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unprivilegedUser } from "wfe-test-services";

/** Something that this machine or this user does not allow. */
export class CannotRunHereError extends Error {
  override readonly name = "CannotRunHereError";
}

const CHUNKS = [1_048_576, 65_536, 4_096] as const;

// Its input ends when this process does, however it dies. Who still has a file open there keeps it until its own end.
const GUARD = `cat >/dev/null; umount "$1" 2>/dev/null || umount --lazy "$1"; rmdir "$1"`;

/** A file system of some megabytes in memory, which can be filled. Linux, as root. It is gone with this process at the latest, however that dies. */
export class SmallDisk {
  readonly #path: string;
  readonly #guard: ReturnType<typeof guarding>;
  /** Where the store is; it belongs to who runs the server. */
  readonly folder: string;

  private constructor(path: string) {
    this.#path = path;
    this.#guard = guarding(path);
    this.folder = join(path, "store");
    mkdirSync(this.folder);
    const { uid, gid } = unprivilegedUser();
    if (uid !== undefined && gid !== undefined) chownSync(this.folder, uid, gid);
  }

  /** @throws CannotRunHereError that says why, where none can be mounted. */
  static mount(megabytes: number): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), "wfe-disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "wfe-drill", path], { encoding: "utf8" });
    if (mounted.status === 0) return new SmallDisk(path);
    rmdirSync(path);
    const [why = ""] = (mounted.error?.message ?? mounted.stderr).trim().split("\n");
    throw new CannotRunHereError(
      `a disk that is full needs a small file system, and mounting one (tmpfs, ${megabytes} MB) has failed (${why}): run it as root on Linux, in a container with CAP_SYS_ADMIN (docker run --privileged)`,
    );
  }

  get #ballast(): string {
    return join(this.#path, "ballast");
  }

  /** Takes the room that is left. @param leaving - Bytes of it that stay. @default 0 */
  fill(leaving = 0): void {
    const file = openSync(this.#ballast, "a");
    try {
      for (const size of CHUNKS) while (this.#free >= leaving + size && writes(file, Buffer.alloc(size))) continue;
    } finally {
      closeSync(file);
    }
  }

  get #free(): number {
    const { bavail, bsize } = statfsSync(this.#path);
    return bavail * bsize;
  }

  /** Ends {@link fill}. */
  makeRoom(): void {
    rmSync(this.#ballast, { force: true });
  }

  async unmount(): Promise<void> {
    const ended = once(this.#guard, "exit");
    this.#guard.ref();
    this.#guard.stdin.end();
    await ended;
  }
}

function guarding(path: string) {
  const guard = spawn("/bin/sh", ["-c", GUARD, "wfe-drill-guard", path], { cwd: "/", detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.stdin.on("error", () => {}); // somebody has killed it, which is no error of the drill
  guard.unref();
  return guard;
}

function writes(file: number, bytes: Buffer): boolean {
  try {
    return writeSync(file, bytes) === bytes.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}
