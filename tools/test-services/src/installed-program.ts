import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";

/** Asked by packages before they start a service. */
const POLICY_FILE = "/usr/sbin/policy-rc.d";

/** A program that tests need, and where it comes from. */
export interface WantedProgram {
  /** Names on the `PATH`, or paths that are not on everybody's. */
  readonly programs: readonly string[];
  /** Of Debian. */
  readonly package: string;
  /** What to do when there is none. */
  readonly advice: string;
}

/**
 * The program of the machine; on Debian it is installed when there is none and this is root.
 *
 * @throws Error with the advice, when there is none.
 */
export function installedProgram({ programs, package: name, advice }: WantedProgram): string {
  const find = (): string | undefined => programs.find((program) => spawnSync(program, ["--version"]).status === 0);
  const found = find();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) throw new Error(advice);
  const failure = install(name);
  // Also when another process was faster.
  const installed = find();
  if (installed === undefined) throw new Error(`${advice}; apt-get has failed: ${failure}`);
  return installed;
}

/** @returns What apt-get said when it has failed. */
function install(name: string): string | undefined {
  const options = { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  // The service of the package, on its usual port, is not wanted.
  const hadPolicy = existsSync(POLICY_FILE);
  if (!hadPolicy) writeFileSync(POLICY_FILE, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    for (const args of [["update"], ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", name]]) {
      const { status, stderr } = spawnSync("apt-get", args, options);
      if (status !== 0) return stderr.trim();
    }
    return undefined;
  } finally {
    if (!hadPolicy) rmSync(POLICY_FILE, { force: true });
  }
}
