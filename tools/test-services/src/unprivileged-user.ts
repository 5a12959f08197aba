import { execFileSync } from "node:child_process";

/** Who a process runs as; nothing when it runs as who starts it. */
export interface ProcessUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** Servers that refuse to run as root run as `nobody`, whom every system knows. */
export function unprivilegedUser(): ProcessUser {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: "-u" | "-g"): number => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}
