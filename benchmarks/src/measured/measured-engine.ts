import type { Counts, Workload } from "./work.ts";

/** Where an engine keeps its state: new and empty for each measurement. */
export interface Place {
  readonly postgresUrl?: string;
  readonly redisUrl?: string;
  readonly sqlitePath?: string;
}

/** An engine that runs in this process, and the workloads it has an answer to. */
export interface MeasuredEngine {
  /** W1: runs so many workflows of ten steps, as fast as it can. Resolves when all are complete in the store. */
  chains?(workflows: number): Promise<void>;
  /** W2: starts a workflow of one step. Resolves with its result. */
  single?(): Promise<void>;
  /** W3: runs one workflow of so many parallel branches. Resolves when it is complete. */
  branches?(count: number): Promise<void>;
  /** W4: has one workflow wait for an event, publishes it, and answers how many milliseconds later the step behind it ran. */
  event?(): Promise<number>;
  /** W5: starts so many workflows that sleep for a day. Resolves when all sleep. */
  sleepers?(count: number): Promise<void>;
  /** History: runs one workflow with a loop. Resolves, when it is complete, with the instant of each iteration in milliseconds. */
  iterations?(count: number): Promise<readonly number[]>;
  /** Of an engine whose state nobody else can look at. */
  counts?(): Promise<Counts>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** Starts an engine. @param workload - For an engine whose best settings for throughput are not those for latency. */
export type EngineStarter = (place: Place, workload: Workload) => Promise<MeasuredEngine>;

/** The url that an engine needs. @throws Error when there is none. */
export function needed(place: Place, part: keyof Place): string {
  const value = place[part];
  if (value === undefined) throw new Error(`the engine needs ${part}`);
  return value;
}
