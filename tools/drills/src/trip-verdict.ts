import type { WorkflowRecord } from "wfe";
import type { Cluster, JournalLine } from "./cluster.ts";
import { type Finding, none, same } from "./finding.ts";
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

/** Whether every trip has ended as it must, by what is in the store and by what the bodies have noted. */
export interface TripVerdict {
  readonly findings: readonly Finding[];
  readonly figures: Figures;
}

/** What may be wrong with a trip, and the words for it. */
const KINDS = {
  pointers: "trips with a step that is missing, is there twice, or has ended in a wrong way",
  notes: "trips with an event that is lost or was used twice",
  order: "trips whose steps have ended in a wrong order",
  results: "trips with a step whose result was taken twice, or not from its last run",
  attempts: "trips with an attempt that was given twice, or to nobody",
  revision: "trips with a commit too many",
} as const;

interface Fault {
  readonly kind: keyof typeof KINDS;
  readonly id: string;
  readonly what: string;
  readonly seen?: unknown;
  readonly expected?: unknown;
}

const IS_OF_TRIP = /^t\d+\//;

/** How many starts of bodies a trip has when no host is lost. */
const startsOf = (n: number): number => 6 + failures(n) + (isUndone(n) ? 2 : 0);

export async function tripVerdict(cluster: Cluster, count: number): Promise<TripVerdict> {
  const numbers = Array.from({ length: count }, (_, n) => n);
  const records = await cluster.providers.persistence.getWorkflowInstances(numbers.map(idOf));
  const journal = cluster.journal().filter(({ key }) => IS_OF_TRIP.test(key));
  const starts = startsByKey(journal);

  const byId = new Map(records.map((record) => [record.id, record]));
  const faults = numbers.flatMap((n) => faultsOf(n, byId.get(idOf(n)), starts));
  const ended = records.filter(({ status }) => status === "complete").length;
  const least = numbers.reduce((sum, n) => sum + startsOf(n), 0);
  const steps = records.reduce((sum, { pointers }) => sum + pointers.length, 0);
  return {
    findings: [same("trips that have ended", ended, count), ...findingsOf(faults), ...(await whatIsLeft(cluster, count))],
    figures: { steps, bodies: journal.length, again: Math.max(0, journal.length - least), longestMs: Math.max(0, ...records.map(lastedMs)) },
  };
}

/** One for each kind, by the number of trips that have it. */
function findingsOf(faults: readonly Fault[]): readonly Finding[] {
  const kinds = Object.entries(KINDS) as readonly (readonly [keyof typeof KINDS, string])[]; // of exactly these keys
  return kinds.map(([kind, words]) => {
    const ofKind = faults.filter((fault) => fault.kind === kind);
    return { ...none(words, ofKind), seen: String(new Set(ofKind.map(({ id }) => id)).size) };
  });
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

function faultsOf(n: number, record: WorkflowRecord | undefined, starts: ReadonlyMap<string, readonly JournalLine[]>): readonly Fault[] {
  if (record === undefined) return [{ kind: "pointers", id: idOf(n), what: "is missing" }];
  const faults: Fault[] = [];
  const check = (kind: Fault["kind"], what: string, seen: unknown, expected: unknown): void => {
    if (JSON.stringify(seen) !== JSON.stringify(expected)) faults.push({ kind, id: record.id, what, seen, expected });
  };
  const { notes, runs } = JSON.parse(record.data) as Trip; // as it was started with
  const { pointers } = record;
  check("pointers", "status", record.status, "complete");
  check(
    "pointers",
    "pointers",
    pointers.map(({ stepName, status }) => `${stepName} ${status}`),
    expectedPointers(n),
  );
  check("notes", "notes", notes, notesOf(n));
  check("order", "order", orderOfEnds(record), expectedOrder(n));

  // A result was taken of one run of each step, and of the last one that there was.
  const lastRuns = expectedRuns(n).map((step) => {
    const pointer = pointers.find(({ stepName }) => stepName === step);
    return `${record.id}/${pointer?.id}/0 ${pointer?.attempt}`;
  });
  check("results", "results", runs, lastRuns);

  for (const pointer of pointers) {
    // In the order of their numbers: a host that has lost its lease between the commit and the start of the body may start it after the next owner has.
    const attempts = (starts.get(`${record.id}/${pointer.id}/0`) ?? []).map(({ attempt }) => attempt).toSorted((a, b) => a - b);
    check("attempts", `attempts of ${pointer.stepName}`, attempts, [...new Set(attempts)]);
    const last = attempts.at(-1);
    if (last !== undefined) check("attempts", `last attempt of ${pointer.stepName}`, last, pointer.attempt);
  }
  const started = pointers.reduce((sum, { attempt }) => sum + attempt, 0);
  // No commit but for a start, an end, or an event.
  if (record.revision > 2 * started) {
    faults.push({ kind: "revision", id: record.id, what: "revision", seen: record.revision, expected: `${2 * started} or less` });
  }
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
async function whatIsLeft(cluster: Cluster, count: number): Promise<readonly Finding[]> {
  const left = await cluster.store.census();
  return [
    same("trips that are stored", left.workflows, count),
    same("events that are stored", left.notes, 2 * count),
    same("events that are used", left.distinctConsumed, 2 * count),
    same("uses of events", left.consumed, 2 * count),
    same("events that are not delivered", left.undelivered, 0),
    same("waits that are left", left.subscriptions, 0),
    same("commands to others that are left", left.commands, 0),
    same("failures that are recorded twice", left.errorsTwice, 0),
  ];
}

/** Trips, in whatever state, whose data and pointers do not say the same: a commit of which a part is missing. */
export async function halfWritten(cluster: Cluster, count: number): Promise<readonly object[]> {
  const ids = Array.from({ length: count }, (_, n) => idOf(n));
  const records = await cluster.providers.persistence.getWorkflowInstances(ids);
  return records.flatMap(({ id, data, pointers }) => {
    const { runs } = JSON.parse(data) as Trip; // as it was started with
    const ended = pointers.filter(({ stepName = "", status }) => STORES_ITS_RUN[stepName]?.includes(status));
    const expected = ended.map((pointer) => `${id}/${pointer.id}/0 ${pointer.attempt}`);
    return JSON.stringify(runs) === JSON.stringify(expected) ? [] : [{ id, runs, expected }];
  });
}

/** Steps whose results go to the data, and the statuses that say so; the last of the saga has no result when it is undone. */
const STORES_ITS_RUN: Readonly<Record<string, readonly string[]>> = {
  begin: ["complete"],
  flaky: ["complete"],
  reserve: ["complete", "compensated"],
  charge: ["complete", "compensated"],
  ship: ["complete"],
  close: ["complete"],
};
