import type { CpuProfile } from "./cpu-profile.ts";

/** A function and the time in it, without what it calls. */
export interface SelfTime {
  readonly name: string;
  /** File and line, `node:…` for what comes with Node.js; empty for what is no JavaScript. */
  readonly place: string;
  readonly microseconds: number;
}

const NOT_WORK = new Set(["(root)", "(idle)", "(program)"]);

/** The functions of a profile, the one with most time in itself first; idle time is left out. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const found = new Map<string, { readonly name: string; readonly place: string; microseconds: number }>();
  for (const [index, sample] of samples.entries()) {
    const frame = frames.get(sample);
    if (frame === undefined || NOT_WORK.has(frame.functionName)) continue;
    const name = frame.functionName === "" ? "(anonymous)" : frame.functionName;
    const place = frame.url === "" ? "" : `${shortened(frame.url)}:${frame.lineNumber + 1}`;
    const key = `${name} ${place}`;
    const entry = found.get(key) ?? { name, place, microseconds: 0 };
    entry.microseconds += Math.max(0, timeDeltas[index] ?? 0);
    found.set(key, entry);
  }
  return [...found.values()].toSorted((a, b) => b.microseconds - a.microseconds);
}

/** From the package on. */
function shortened(url: string): string {
  const parts = /(?:.*\/node_modules\/|.*\/packages\/|.*\/benchmarks\/)(.*)$/.exec(url);
  return parts?.[1] ?? url.replace(/^file:\/\//, "");
}
