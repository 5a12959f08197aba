import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import type { Entropy } from "../traits/entropy.ts";

/** A file of a writer whom this process cannot see is left by a crash when nobody has written to it for so long: 24 hours. */
export const ABANDONED_MS: number = 24 * 60 * 60 * 1000;

/** Whether the writer of a file is there; `unknown` for one of another machine or container, which this process cannot look for. */
export type WriterPresence = "self" | "present" | "gone" | "unknown";

const DOMAIN_DIGITS = 16;
const INSTANCE_DIGITS = 12;
/** Of a process whose start cannot be told. */
const NO_START = "0";
/** In the line of /proc/<pid>/stat, after the name of the program: the state of the process, and when it started. */
const STATE_FIELD = 0;
const START_FIELD = 19;

/**
 * Names files after who writes them, so that others can tell what a crash has left: processes that see the same process ids, process, its
 * start (a process id is used again), and the store within it.
 */
export class Writer {
  readonly #entropy: Entropy;
  readonly #domain: string;
  readonly #self: string;

  private constructor(entropy: Entropy, domain: string, start: string) {
    this.#entropy = entropy;
    this.#domain = domain;
    this.#self = `${domain}.${process.pid}.${start}.${digits(entropy.id(), INSTANCE_DIGITS)}`;
  }

  /** The writer of one store in this process. */
  static async create(entropy: Entropy): Promise<Writer> {
    // Only Linux has these. Elsewhere processes of one host see each other.
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
    const processes = await readlink("/proc/self/ns/pid").catch(() => "");
    const domain = digits(JSON.stringify([hostname(), boot.trim(), processes]), DOMAIN_DIGITS);
    return new Writer(entropy, domain, (await lookAt(process.pid))?.start ?? NO_START);
  }

  /** A name for a new file; never the same twice. */
  name(): string {
    return `${this.#self}.${this.#entropy.id()}`;
  }

  /** Whether the writer of a file of this name is there. */
  async presence(name: string): Promise<WriterPresence> {
    const [domain = "", pid = "", start = NO_START] = name.split(".");
    if (domain !== this.#domain || !/^[1-9]\d*$/.test(pid)) return "unknown";
    if (name.startsWith(`${this.#self}.`)) return "self";
    if (!isThere(Number(pid))) return "gone";
    const found = await lookAt(Number(pid));
    if (found === undefined) return "present";
    return found.isOver || (start !== NO_START && start !== found.start) ? "gone" : "present";
  }
}

function digits(text: string, count: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, count);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // of another user
  }
}

/** What Linux tells of a process; `undefined` where it tells nothing. */
async function lookAt(pid: number): Promise<{ readonly start: string; readonly isOver: boolean } | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name of the program is in parentheses, and may have any characters itself.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const start = fields[START_FIELD];
  if (start === undefined) return undefined;
  return { start, isOver: fields[STATE_FIELD] === "Z" || fields[STATE_FIELD] === "X" };
}
