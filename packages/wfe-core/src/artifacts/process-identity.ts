import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** `<space>-<pid>-<start>`: where pids mean the same, the pid, and when the process began, as far as the system tells. */
const IDENTITY = /^([0-9a-f]{16})-([0-9]+)-([0-9]+)(?:-|$)/;

/** A name of this process that another one can judge by {@link isProcessGone}: letters, digits and dashes. */
export async function thisProcess(): Promise<string> {
  return `${await pidSpace()}-${process.pid}-${(await startOf(process.pid)) ?? "0"}`;
}

/**
 * Whether the process of a name, or of one that begins with it, is gone. A pid that another process has got since does not deceive, where the
 * system says when processes began.
 *
 * @returns `undefined` when that cannot be told from here: it ran on another machine, in another container, or before a restart of the machine.
 */
export async function isProcessGone(identity: string): Promise<boolean | undefined> {
  const [, space, pid, start] = IDENTITY.exec(identity) ?? [];
  if (space === undefined || space !== (await pidSpace())) return undefined;
  if (!isRunning(Number(pid))) return true;
  return start !== "0" && start !== (await startOf(Number(pid)));
}

/** Where a pid names one process: a start of a machine, and a namespace in it. */
async function pidSpace(): Promise<string> {
  const boot = await orNothing(readFile("/proc/sys/kernel/random/boot_id", "utf8"));
  const namespace = await orNothing(readlink("/proc/self/ns/pid"));
  return createHash("sha256").update(`${hostname()}\n${boot}\n${namespace}`).digest("hex").slice(0, 16);
}

/** Ticks since the start of the machine: field 22, counted behind the name, which may have spaces and parentheses. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await orNothing(readFile(`/proc/${pid}/stat`, "utf8"));
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user, but there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Systems without `/proc` say less. */
async function orNothing(reading: Promise<string>): Promise<string> {
  return reading.catch(() => "");
}
