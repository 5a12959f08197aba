import { type CommitResult, ConflictError, type ConflictReason, type WorkflowChange, type WorkflowStatus } from "wfe-core";
import { Batches, type Outcome, sizeOfPayloads } from "./batches.ts";
import type { SqlValue } from "./connection.ts";
import { mayBeOnes } from "./error-mapping.ts";
import { type PointerColumns, pointerValues } from "./pointer-rows.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { commandList, type DeliveryList, delivery, errorList, newEventList, toInstantOrNull } from "./rows.ts";
import { fromText, toText, toTextOrNull } from "./text.ts";
import { activityTopic, topicOf } from "./topic.ts";
import { newWorkflowObject, takenNameError } from "./workflow-creation.ts";

/** Instances of one call at most. */
const LARGEST_BATCH = 200;
/** Topics of waits that one call locks at most, and of events; the server has room for few locks of a transaction. */
const MOST_TOPICS = 64;
const POINTER_COLUMN_COUNT = 24;

interface Commit {
  readonly change: WorkflowChange;
  readonly now: number;
}

interface CommitColumns {
  /** Of each commit; `null` where it is refused. */
  readonly inbox_seqs: readonly (number | null)[];
  readonly not_accepted: readonly VerdictList[] | null;
  readonly deliveries: readonly (readonly [number: number, deliveries: readonly DeliveryList[] | null])[] | null;
  /** Ids; `null` for none. */
  readonly delivered_events: readonly string[] | null;
}

/**
 * What is said of the commit with this number, counted from 1: that it was committed before, or why it is refused. The columns of the instance are `null` when
 * there is none.
 */
type VerdictList = readonly [
  number: number,
  verdict: "committed" | ConflictReason,
  status: WorkflowStatus,
  revision: number,
  controlSeq: number,
  inboxSeq: number,
];

/** What a list has an entry of. */
type ColumnValue = PointerColumns[number];

/** Commits instances; those that are wanted at the same moment in one call, which is one transaction. */
export class WorkflowCommits {
  readonly #database: PostgresDatabase;
  readonly #batches: Batches<Commit, CommitResult>;

  constructor(database: PostgresDatabase) {
    this.#database = database;
    this.#batches = new Batches({
      clock: database.clock,
      limit: LARGEST_BATCH,
      concurrency: 2,
      keyOf: ({ change }) => change.workflowId,
      sizeOf: ({ change }) =>
        Math.max(1, (change.openSubscriptions.length * LARGEST_BATCH) / MOST_TOPICS, sizeOfPayloads(LARGEST_BATCH, charactersOf(change))),
      send: (commits) => this.#send(commits),
      mayBeOnes,
    });
  }

  /** @throws ConflictError, WorkflowNameTakenError */
  async commit(change: WorkflowChange, now: Date): Promise<CommitResult> {
    try {
      return await this.#batches.request({ change, now: now.getTime() });
    } catch (error) {
      throw takenNameError(error);
    }
  }

  async #send(commits: readonly Commit[]): Promise<readonly Outcome<CommitResult>[]> {
    const [answer] = await this.#database.call<CommitColumns>("commit_v1", commitValues(commits));
    this.#database.metrics.record({ kind: "batchWritten", store: "postgres", size: commits.length });
    const { inbox_seqs: inboxSeqs, not_accepted: notAccepted, deliveries, delivered_events: ids } = answer as CommitColumns; // the function gives one row
    const verdicts = new Map(notAccepted?.map((list) => [list[0], list]));
    const pending = new Map(deliveries);
    const deliveredEvents = new Set(ids?.map(fromText));
    return commits.map(({ change }, index) => {
      const verdict = verdicts.get(index + 1);
      if (verdict !== undefined && verdict[1] !== "committed") return { error: conflictOf(change, verdict[1], verdict) };
      const pendingDeliveries = (pending.get(index + 1) ?? []).map(delivery);
      const inboxSeq = inboxSeqs[index] as number; // there is one for each that is committed
      const result = { revision: verdict?.[3] ?? change.expected.revision + 1, inboxSeq, pendingDeliveries };
      const delivered = change.events.flatMap(({ id }) => (deliveredEvents.has(id) ? [id] : []));
      return { value: delivered.length === 0 ? result : { ...result, delivered } };
    });
  }
}

function conflictOf(
  { workflowId }: WorkflowChange,
  reason: ConflictReason,
  [, , status, revision, controlSeq, inboxSeq]: VerdictList,
): ConflictError {
  return new ConflictError(workflowId, reason, reason === "missing" ? undefined : { revision, controlSeq, inboxSeq, status });
}

/** Of the texts of a change that may be long. */
function charactersOf({ data, pointers, events, children }: WorkflowChange): number {
  let characters = data?.length ?? 0;
  for (const { item, persistenceData, outcome, eventData } of pointers) {
    characters += (item?.length ?? 0) + (persistenceData?.length ?? 0) + (outcome?.length ?? 0) + (eventData?.length ?? 0);
  }
  for (const event of events) characters += event.data?.length ?? 0;
  for (const child of children) characters += child.data.length;
  return characters;
}

/** Parameters of the function, in their order. */
function commitValues(commits: readonly Commit[]): readonly SqlValue[] {
  const changes = commits.map(({ change }) => change);
  const pointerChanges: number[] = [];
  const pointers: PointerColumns[] = [];
  changes.forEach((change, index) => {
    for (const columns of distinctPointers(change)) {
      pointerChanges.push(index + 1);
      pointers.push(columns);
    }
  });
  const pointerColumns = Array.from({ length: POINTER_COLUMN_COUNT }, (_, column) =>
    listOrNull(pointers.map((columns) => columns[column] as ColumnValue)),
  );
  return [
    commits.map(({ now }) => now),
    changes.map(({ workflowId }) => toText(workflowId)),
    changes.map(({ commitId }) => toText(commitId)),
    changes.map(({ expected }) => expected.revision),
    changes.map(({ expected }) => expected.controlSeq),
    listOrNull(changes.map(({ expected }) => expected.inboxSeq ?? null)),
    changes.map(({ seenInboxSeq }) => seenInboxSeq),
    changes.map(({ status }) => status),
    listOrNull(changes.map(({ data }) => toTextOrNull(data))),
    changes.map(({ sequence }) => sequence),
    listOrNull(changes.map(({ dueAt }) => toInstantOrNull(dueAt))),
    listOrNull(changes.map(({ error }) => toTextOrNull(error))),
    listOrNull(changes.map(({ completedAt }) => toInstantOrNull(completedAt))),
    pointerChanges,
    ...pointerColumns,
    restOf(commits),
  ];
}

/** A list of nothing but `null` need not be sent. */
function listOrNull(values: readonly ColumnValue[]): readonly ColumnValue[] | null {
  return values.every((value) => value === null) ? null : values;
}

/** What few changes have, each with the number of its change: a list of a kind that none has is not there. `null` when none has any. */
function restOf(commits: readonly Commit[]): string | null {
  const rest: { [kind in "definitions" | "topics" | "consume" | "close" | "open" | "events" | "commands" | "errors" | "children"]?: unknown[] } = {};
  let lockedEvents = 0;
  const add = (kind: keyof typeof rest, entry: unknown): void => void (rest[kind] ??= []).push(entry);
  commits.forEach(({ change, now }, index) => {
    const number = index + 1;
    if (change.definition !== undefined) add("definitions", [number, change.definition.version, toText(change.definition.fingerprint)]);
    for (const { subscriptionId, eventId } of change.consume) {
      add("consume", [number, toText(subscriptionId), toText(eventId)]);
      add("close", [number, toText(subscriptionId)]);
    }
    for (const id of change.closeSubscriptions) add("close", [number, toText(id)]);
    for (const subscription of change.openSubscriptions) {
      const topic = topicOf(subscription.name, subscription.key);
      add("topics", topic);
      add("open", {
        change: number,
        place: rest.open?.length ?? 0,
        id: toText(subscription.id),
        pointer_id: toText(subscription.pointerId),
        name: toText(subscription.name),
        key: toText(subscription.key),
        topic,
        effective_date: "effectiveDate" in subscription.bound ? subscription.bound.effectiveDate.getTime() : null,
        activity: toTextOrNull(subscription.activity),
        activity_topic: subscription.activity === undefined ? null : activityTopic(subscription.activity),
        input: toTextOrNull(subscription.input),
      });
    }
    for (const event of change.events) {
      // Beyond so many locks it is delivered as any other event.
      const isLocked = lockedEvents < MOST_TOPICS && (event.eligibleAt === undefined || event.eligibleAt.getTime() <= now);
      if (isLocked) {
        lockedEvents += 1;
        add("topics", topicOf(event.name, event.key));
      }
      add("events", [number, newEventList(event, now), isLocked]);
    }
    for (const command of change.commands) add("commands", [number, commandList(command)]);
    for (const error of change.errors) add("errors", [number, ...errorList(error)]);
    // One that exists is left as it is, so nobody asks who has made it.
    for (const child of change.children) add("children", [number, newWorkflowObject(child, "")]);
  });
  return Object.keys(rest).length === 0 ? null : JSON.stringify(rest);
}

/** The pointers of a change; of one that stands in it twice the last, as one write after the other would leave it. */
function distinctPointers({ pointers }: WorkflowChange): readonly PointerColumns[] {
  const [first, second] = pointers;
  // Of most: what ends, and what opens behind it.
  const areDistinct = pointers.length < 2 || (pointers.length === 2 && first?.id !== second?.id);
  return (areDistinct ? pointers : [...new Map(pointers.map((pointer) => [pointer.id, pointer])).values()]).map(pointerValues);
}
