import { expect } from "vitest";
import type { WorkflowRecord } from "../../src/index.ts";
import type { Cluster, JournalLine } from "./cluster.ts";
import { expectedPointers, expectedRuns, failures, isUndone, notesOf, type Trip } from "./trip-workflow.ts";
import { idOf } from "./trips.ts";

/** What a run of trips has come to. */
export interface Figures {
  /** Pointers that have ended. */
  readonly steps: number;
  /** Starts of bodies. */
  readonly bodies: number;
  /** Those that the engine has started again because a host was lost. */
  readonly again: number;
  /** Of a trip, from its creation to its end. */
  readonly longestMs: number;
}

/** How many starts of bodies a trip has when no host is lost. */
const startsOf = (n: number): number => 6 + failures(n) + (isUndone(n) ? 2 : 0);

/** Every trip has ended as it must, by what is in the store and by what the bodies have noted. */
export async function expectTripsAsTheyMust(cluster: Cluster, count: number): Promise<Figures> {
  const numbers = Array.from({ length: count }, (_, n) => n);
  const records = await cluster.providers.persistence.getWorkflowInstances(numbers.map(idOf));
  const journal = cluster.journal();
  const starts = startsByKey(journal);

  const byId = new Map(records.map((record) => [record.id, record]));
  expect(numbers.flatMap((n) => faultsOf(n, byId.get(idOf(n)), starts))).toEqual([]);
  await expectNothingLeft(cluster, count);
  const least = numbers.reduce((sum, n) => sum + startsOf(n), 0);
  const steps = records.reduce((sum, { pointers }) => sum + pointers.length, 0);
  return { steps, bodies: journal.length, again: journal.length - least, longestMs: Math.max(...records.map(lastedMs)) };
}

const lastedMs = ({ createdAt, completedAt }: WorkflowRecord): number => (completedAt?.getTime() ?? 0) - createdAt.getTime();

function startsByKey(journal: readonly JournalLine[]): ReadonlyMap<string, readonly JournalLine[]> {
  const starts = new Map<string, JournalLine[]>();
  for (const line of journal) {
    const others = starts.get(line.key);
    if (others === undefined) starts.set(line.key, [line]);
    else others.push(line);
  }
  return starts;
}

function faultsOf(n: number, record: WorkflowRecord | undefined, starts: ReadonlyMap<string, readonly JournalLine[]>): readonly object[] {
  if (record === undefined) return [{ n, missing: true }];
  const faults: object[] = [];
  const check = (what: string, seen: unknown, expected: unknown): void => {
    if (JSON.stringify(seen) !== JSON.stringify(expected)) faults.push({ id: record.id, what, seen, expected });
  };
  const { notes, runs } = JSON.parse(record.data) as Trip; // as the test has started it
  const { pointers } = record;
  check("status", record.status, "complete");
  check(
    "pointers",
    pointers.map(({ stepName, status }) => `${stepName} ${status}`),
    expectedPointers(n),
  );
  check("notes", notes, notesOf(n));
  check("order", orderOfEnds(record), expectedOrder(n));

  // A result was taken of one run of each step, and of the last one that there was.
  const lastRuns = expectedRuns(n).map((step) => {
    const pointer = pointers.find(({ stepName }) => stepName === step);
    return `${record.id}/${pointer?.id}/0 ${pointer?.attempt}`;
  });
  check("results", runs, lastRuns);

  for (const pointer of pointers) {
    const attempts = (starts.get(`${record.id}/${pointer.id}/0`) ?? []).map(({ attempt }) => attempt);
    check(
      `attempts of ${pointer.stepName}`,
      attempts,
      [...new Set(attempts)].sort((a, b) => a - b),
    );
    const last = attempts.at(-1);
    if (last !== undefined) check(`last attempt of ${pointer.stepName}`, last, pointer.attempt);
  }
  const started = pointers.reduce((sum, { attempt }) => sum + attempt, 0);
  // No commit but for a start, an end, or an event.
  if (record.revision > 2 * started) faults.push({ id: record.id, what: "revision", seen: record.revision, started });
  return faults;
}

/** The bodies in the order in which their results were taken. */
function orderOfEnds({ pointers }: WorkflowRecord): readonly string[] {
  const ended = pointers.filter(({ stepName = "", endSeq }) => endSeq !== undefined && !["saga", "ship"].includes(stepName));
  return ended.toSorted((a, b) => (a.endSeq ?? 0) - (b.endSeq ?? 0)).map(({ stepName = "" }) => stepName);
}

function expectedOrder(n: number): readonly string[] {
  const undone = isUndone(n) ? ["refund", "release"] : [];
  return ["begin", "flaky", "first note", "pause", "reserve", "charge", "second note", ...undone, "close"];
}

/** All events are consumed, each once; nobody waits, nothing is owed, no failure is recorded twice. */
async function expectNothingLeft(cluster: Cluster, count: number): Promise<void> {
  const [left] = await cluster.ask(`SELECT
    (SELECT count(*)::int FROM wfe.workflows) AS workflows,
    (SELECT count(*)::int FROM wfe.events WHERE name = 'note') AS notes,
    (SELECT count(*)::int FROM wfe.events WHERE NOT delivered) AS undelivered,
    (SELECT count(*)::int FROM wfe.consumed_events) AS consumed,
    (SELECT count(DISTINCT event)::int FROM wfe.consumed_events) AS distinct_consumed,
    (SELECT count(*)::int FROM wfe.subscriptions) AS subscriptions,
    (SELECT count(*)::int FROM wfe.commands) AS commands,
    (SELECT count(*)::int FROM (SELECT 1 FROM wfe.errors GROUP BY workflow, pointer_id, attempt HAVING count(*) > 1) x) AS errors_twice`);
  expect(left).toEqual({
    workflows: count,
    notes: 2 * count,
    undelivered: 0,
    consumed: 2 * count,
    distinct_consumed: 2 * count,
    subscriptions: 0,
    commands: 0,
    errors_twice: 0,
  });
}
