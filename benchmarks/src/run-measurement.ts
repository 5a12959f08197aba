import { spawnSync } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "./engines.ts";
import type { Figures } from "./measured/protocol.ts";
import { expectedCounts, measuredSteps, sizeOf, type Work } from "./measured/work.ts";
import { MeasuredProcess, nodeOf } from "./measured-process.ts";
import type { Measurement } from "./result.ts";
import { serverCounters, type ServerCounters, walSyncs } from "./server-counters.ts";
import type { Servers } from "./servers.ts";
import { storedCounts } from "./stored-counts.ts";

/** Measures one engine at one piece of work, in a process and at a place of its own, and looks into the store afterwards. */
export async function runMeasurement(servers: Servers, engine: Engine, work: Work, repetition: number): Promise<Measurement> {
  const { place, dispose } = await servers.freshPlace(engine.store);
  const isOnPostgres = engine.store.startsWith("postgres");
  try {
    const syncsBefore = isOnPostgres ? await walSyncs(servers) : 0;
    const measured = new MeasuredProcess(engine, { engine: engine.name, work, place });
    try {
      await measured.report("ready");
      const before = await serverCounters(servers, engine.store);
      measured.order("go");
      const { figures, counts } = await measured.report("measured");
      const after = await serverCounters(servers, engine.store);
      measured.order("end");
      await measured.end();
      const syncs: Figures = isOnPostgres ? { walSyncs: (await walSyncs(servers)) - syncsBefore } : {};
      const stored = counts ?? (await storedCounts(engine.name, place, work));
      const expected = expectedCounts(work);
      return {
        kind: "measured",
        workload: work.workload,
        size: sizeOf(work),
        engine: engine.name,
        repetition,
        node: versionOf(engine),
        steps: measuredSteps(work),
        figures: { ...figures, ...difference(before, after), ...syncs },
        stored,
        expected,
        isRight: isDeepStrictEqual(stored, expected),
      };
    } catch (error) {
      await measured.kill();
      throw error;
    }
  } finally {
    await dispose();
  }
}

function difference(before: ServerCounters, after: ServerCounters): Figures {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}

const VERSIONS = new Map<string, string>();

function versionOf(engine: Engine): string {
  const node = nodeOf(engine);
  const known = VERSIONS.get(node) ?? spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  VERSIONS.set(node, known);
  return known;
}
