import { randomUUID } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { PersistenceError } from "wfe-core";

/** Who has a lock; written into its file. */
interface Owner {
  readonly pid: number;
  /** When that process began, where the system says so: numbers of processes are used again. */
  readonly began: string | undefined;
  /** Tells this lock from every other one. */
  readonly token: string;
}

const LONGEST_PAUSE_MS = 10;

/**
 * Waits for the lock that a file is, and takes it. The lock of a process that is gone counts for nothing.
 *
 * @param path - Exists while somebody has the lock.
 * @param deadline - Until when it is waited for, epoch milliseconds.
 * @returns Gives it back.
 * @throws PersistenceError `WFE_STORE_BUSY` when it could not be had by then.
 */
export async function lockFile(path: string, deadline: number): Promise<() => Promise<void>> {
  const owner: Owner = { pid: process.pid, began: await beginOf(process.pid), token: randomUUID().slice(0, 8) };
  // A link appears with all that its file holds, or not at all: no lock is ever seen without its owner.
  const own = `${path}.${owner.token}`;
  await writeFile(own, JSON.stringify(owner));
  try {
    while (!(await linked(own, path))) {
      const holder = await ownerOf(path);
      if (holder !== undefined && (await isGone(holder))) await removeLeft(path, holder, deadline);
      else if (Date.now() > deadline) throw new PersistenceError("WFE_STORE_BUSY", `another process has the lock ${path}`, { retryable: true });
      else await sleep(Math.random() * LONGEST_PAUSE_MS);
    }
  } finally {
    await rm(own, { force: true });
  }
  return () => rm(path, { force: true });
}

/**
 * Removes the lock of a process that is gone. Under a lock of its own, named after that very lock: of two who have seen it, the slower one
 * would otherwise remove the lock that the quicker one has taken since.
 */
async function removeLeft(path: string, left: Owner, deadline: number): Promise<void> {
  const release = await lockFile(`${path}.left-${left.token}`, deadline);
  try {
    const holder = await ownerOf(path);
    if (holder?.token === left.token) await rm(path);
  } finally {
    await release();
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  const text = await textOrNone(path);
  return text === undefined ? undefined : (JSON.parse(text) as Owner); // whole, as it was linked
}

async function isGone({ pid, began }: Owner): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return true;
    if (!hasCode(error, "EPERM")) throw error; // it is there, and somebody else's
  }
  const now = await beginOf(pid);
  return began !== undefined && now !== undefined && began !== now;
}

/** When a process began, in ticks since the system did; known on Linux alone. */
async function beginOf(pid: number): Promise<string | undefined> {
  const stat = await textOrNone(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19]; // the name before it may hold anything
}

/** What a file holds; `undefined` when there is none. */
export async function textOrNone(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ESRCH")) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
