import type { FinalState } from "../../../src/test-support/index.ts";

/** What most programs write: a line for each thing that has been done. */
export interface Log {
  readonly key: string;
  log: string[];
}

/** The data that an instance of a program is started with. */
export function data(key: string): Log {
  return { key, log: [] };
}

/** What is wrong with the status of an instance, or with its log as `logOf` shows it. */
export function ended(
  final: FinalState,
  id: string,
  status: string,
  logOf: (log: readonly string[]) => unknown,
  expected: unknown,
): readonly string[] {
  const record = final.records.get(id);
  const log = record === undefined ? [] : (JSON.parse(record.data) as Log).log;
  const [is, should] = [JSON.stringify([record?.status, logOf(log)]), JSON.stringify([status, expected])];
  return is === should ? [] : [`${id} is ${is}, and should be ${should}`];
}

/** The lines of a log in whatever order. */
export function sorted(log: readonly string[]): readonly string[] {
  return log.toSorted((a, b) => (a < b ? -1 : 1));
}

/** The lines of a log in their order. */
export function asIs(log: readonly string[]): readonly string[] {
  return log;
}
