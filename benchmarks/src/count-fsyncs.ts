import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "./engines.ts";
import { CHAIN_STEPS, type Work, warmUps } from "./measured/work.ts";
import { MeasuredProcess } from "./measured-process.ts";
import type { FsyncCount } from "./result.ts";
import type { Servers } from "./servers.ts";

/** Whether there is a program here that counts the system calls of another. */
export function canCountFsyncs(): boolean {
  return process.platform === "linux" && spawnSync("strace", ["--version"]).status === 0;
}

/**
 * Counts the fsyncs of an engine on SQLite, which syncs in its own process, by running W1 once more under `strace`. Nothing of this run is a
 * measurement of time. Start and warm-up are among the steps and the syncs.
 */
export async function countFsyncs(servers: Servers, engine: Engine, workflows: number): Promise<FsyncCount> {
  const { place, dispose } = await servers.freshPlace(engine.store);
  const folder = mkdtempSync(join(tmpdir(), "wfe-strace-"));
  const file = join(folder, "counts");
  const work: Work = { workload: "w1", workflows };
  try {
    const under = ["strace", "-f", "-c", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", file];
    const traced = new MeasuredProcess(engine, { engine: engine.name, work, place }, { under });
    try {
      await traced.report("ready");
      traced.order("go");
      await traced.report("measured");
      traced.order("end");
      await traced.end();
    } catch (error) {
      await traced.kill();
      throw error;
    }
    const steps = (workflows + warmUps(work)) * CHAIN_STEPS;
    return { kind: "fsyncs", workload: "w1", size: workflows, engine: engine.name, steps, fsyncs: callsIn(readFileSync(file, "utf8")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await dispose();
  }
}

/** Of a table whose rows end with the name of a call, and have its number in the fourth column. */
function callsIn(table: string): number {
  const rows = table.split("\n").filter((line) => /\b(fsync|fdatasync)$/.test(line.trim()));
  return rows.reduce((sum, row) => sum + Number(row.trim().split(/\s+/)[3]), 0);
}
