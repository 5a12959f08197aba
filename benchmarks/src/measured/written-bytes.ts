import { readFileSync } from "node:fs";

/** Bytes that this process has handed to `write` and its like so far, which for SQLite are those of its files; `undefined` where the system does not tell. */
export function writtenBytes(): number | undefined {
  if (process.platform !== "linux") return undefined;
  const line = /^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"));
  return line?.[1] === undefined ? undefined : Number(line[1]);
}
