import { readdirSync, readFileSync } from "node:fs";

/** Of Linux on every machine that Node.js runs on. */
const TICKS_PER_SECOND = 100;

interface ProcessTimes {
  readonly parent: number;
  /** Of itself and of the children it has seen the end of. */
  readonly ticks: number;
}

/** Milliseconds of CPU that a process and all below it have used so far, also those that have ended; `undefined` where the system does not tell. */
export function processTreeCpuMs(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const all = new Map<number, ProcessTimes>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const times = timesOf(entry);
    if (times !== undefined) all.set(Number(entry), times);
  }
  const ticks = (root: number): number => {
    let sum = all.get(root)?.ticks ?? 0;
    for (const [child, { parent }] of all) if (parent === root) sum += ticks(child);
    return sum;
  };
  return (ticks(pid) * 1_000) / TICKS_PER_SECOND;
}

function timesOf(pid: string): ProcessTimes | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // it has ended meanwhile
  }
  // The name stands in parentheses and may have any characters; fields behind it begin with the third.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}
