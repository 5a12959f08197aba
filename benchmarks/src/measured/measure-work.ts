import type { MeasuredEngine } from "./measured-engine.ts";
import { percentile } from "./percentiles.ts";
import type { Figures } from "./protocol.ts";
import { CHAIN_STEPS, WARM_UP_BRANCHES, warmUpIterations, warmUps, type Work } from "./work.ts";

/** A thousand iterations, or a tenth of them when there are fewer than ten thousand. */
const HISTORY_PART = 1_000;

/** The work of an engine, in two parts. */
export interface PreparedWork {
  /** Everything before the clock starts. */
  warmUp(): Promise<void>;
  measure(): Promise<Figures>;
}

/** @throws Error when the engine has no answer to the workload. */
export function prepareWork(engine: MeasuredEngine, work: Work): PreparedWork {
  const warm = warmUps(work);
  switch (work.workload) {
    case "w1": {
      const chains = able(engine, "chains");
      return {
        warmUp: () => chains(warm),
        measure: async () => {
          const elapsedMs = await timed(() => chains(work.workflows));
          return { elapsedMs, stepsPerSecond: (work.workflows * CHAIN_STEPS * 1_000) / elapsedMs };
        },
      };
    }
    case "w2": {
      const single = able(engine, "single");
      return { warmUp: () => repeat(warm, single), measure: async () => latencies(await timedEach(work.rounds, single)) };
    }
    case "w3": {
      const branches = able(engine, "branches");
      return {
        warmUp: () => repeat(warm, () => branches(WARM_UP_BRANCHES)),
        measure: async () => ({ elapsedMs: await timed(() => branches(work.branches)) }),
      };
    }
    case "w4": {
      const event = able(engine, "event");
      const each = async (rounds: number): Promise<readonly number[]> => {
        const found: number[] = [];
        for (let round = 0; round < rounds; round += 1) found.push(await event());
        return found;
      };
      return { warmUp: async () => void (await each(warm)), measure: async () => latencies(await each(work.rounds)) };
    }
    case "w5":
      return besideSleepers(engine, work);
    case "history": {
      const iterations = able(engine, "iterations");
      return {
        warmUp: async () => void (await iterations(warmUpIterations(work))),
        measure: async () => historyFigures(await iterations(work.iterations)),
      };
    }
  }
}

function besideSleepers(engine: MeasuredEngine, work: Extract<Work, { readonly workload: "w5" }>): PreparedWork {
  const single = able(engine, "single");
  const sleepers = able(engine, "sleepers");
  let empty: Figures = {};
  return {
    warmUp: async () => {
      await repeat(warmUps(work), single);
      const { p50Ms, p99Ms } = latencies(await timedEach(work.rounds, single));
      empty = { emptyP50Ms: p50Ms, emptyP99Ms: p99Ms, ...memory("empty") };
      await sleepers(work.sleepers);
    },
    measure: async () => ({ ...latencies(await timedEach(work.rounds, single)), ...empty, ...memory("full") }),
  };
}

/** What this process holds after a garbage collection. */
function memory(prefix: "empty" | "full"): Figures {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { [`${prefix}HeapBytes`]: heapUsed, [`${prefix}ResidentBytes`]: rss };
}

function historyFigures(instants: readonly number[]): Figures {
  const part = Math.max(1, Math.min(HISTORY_PART, Math.floor(instants.length / 10)));
  const [first, second] = [instants[0] ?? 0, instants[part] ?? 0]; // there are more than `part`
  const [third, last] = [instants[instants.length - 1 - part] ?? 0, instants[instants.length - 1] ?? 0]; // as before
  return { firstMs: second - first, lastMs: last - third, partIterations: part, elapsedMs: last - first, ...memory("full") };
}

function latencies(values: readonly number[]): { readonly p50Ms: number; readonly p99Ms: number; readonly elapsedMs: number } {
  return { p50Ms: percentile(values, 0.5), p99Ms: percentile(values, 0.99), elapsedMs: values.reduce((sum, value) => sum + value, 0) };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

async function timedEach(rounds: number, run: () => Promise<unknown>): Promise<readonly number[]> {
  const found: number[] = [];
  for (let round = 0; round < rounds; round += 1) found.push(await timed(run));
  return found;
}

async function repeat(rounds: number, run: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await run();
}

function able<K extends Exclude<keyof MeasuredEngine, "stop" | "counts">>(engine: MeasuredEngine, ability: K): NonNullable<MeasuredEngine[K]> {
  const method = engine[ability];
  if (method === undefined) throw new Error(`the engine cannot: ${ability}`);
  return method.bind(engine) as NonNullable<MeasuredEngine[K]>; // the same, bound
}
