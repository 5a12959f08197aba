/** What V8 writes of a profile, as far as it is read here; other fields are kept. Instants are microseconds of the machine's monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  /** The node that each sample was taken in. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly hitCount?: number;
}

/** The part of a profile between two instants: without the loading of modules, the start of the engine and its warm-up. */
export function between(profile: CpuProfile, from: number, to: number): CpuProfile {
  const samples: number[] = [];
  const timeDeltas: number[] = [];
  const hits = new Map<number, number>();
  let instant = profile.startTime;
  for (const [index, sample] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0;
    instant += delta;
    if (instant < from || instant > to) continue;
    samples.push(sample);
    timeDeltas.push(samples.length === 1 ? instant - from : delta);
    hits.set(sample, (hits.get(sample) ?? 0) + 1);
  }
  const nodes = profile.nodes.map((node) => ({ ...node, hitCount: hits.get(node.id) ?? 0 }));
  return { ...profile, nodes, startTime: from, endTime: to, samples, timeDeltas };
}
