type Chain = any; // what is built is random: its types say nothing

/** Its log is all that a random workflow writes. */
export interface Data {
  log: string[];
}
/** What a part of a workflow leaves in the log, and in which order. */
export type Trace = string | { readonly ordered: boolean; readonly of: readonly Trace[] };
/** A part of a workflow, run once for each item of the containers around it; `events` are the keys it waits for. */
export interface Part {
  add(to: Chain): Chain;
  trace(item: string): Trace;
  events(item: string): readonly string[];
  /** What is left in the log when it is undone, by the sagas that have finished in it. @default nothing */
  undo?(item: string): Trace;
  /** Whether what follows runs beside it. */
  readonly forks?: true;
}

/** One after the other. */
export const inOrder = (of: readonly Trace[]): Trace => ({ ordered: true, of });

/** In any order. */
export const inAnyOrder = (of: readonly Trace[]): Trace => ({ ordered: false, of });

/** All that a part leaves in the log. */
export const entries = (trace: Trace): readonly string[] => (typeof trace === "string" ? [trace] : trace.of.flatMap(entries));

/** What is left in the log when a part is undone. */
export const undoOf = (part: Part, item: string): Trace => part.undo?.(item) ?? inOrder([]);

/** What stands in the log before its time. */
export function misplaced(trace: Trace, log: readonly string[]): readonly string[] {
  if (typeof trace === "string") return [];
  const found = trace.of.flatMap((part) => misplaced(part, log));
  if (!trace.ordered) return found;
  const places = trace.of.map((part) => entries(part).map((entry) => log.indexOf(entry)));
  const late = places.map((_, at) => Math.max(-1, ...places.slice(0, at).flat()));
  return [...found, ...places.flatMap((of, at) => of.filter((place) => place < (late[at] ?? -1)).map((place) => log[place] ?? ""))];
}
