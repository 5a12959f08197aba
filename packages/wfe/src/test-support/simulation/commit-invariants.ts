import { type CommitResult, isFinal, type PointerRow, WORKFLOW_COMPLETED_EVENT, type WorkflowChange, type WorkflowRow } from "wfe-core";
import type { InMemoryStore, KeptWorkflow } from "wfe-core/test-support";
import type { Violations } from "./violations.ts";

/** An instance as it was before a commit. */
export interface CommitBefore {
  readonly row: WorkflowRow | undefined;
  readonly pointers: ReadonlyMap<string, PointerRow>;
  /** Its subscriptions, and what the inbox counter was when they were given an event. */
  readonly given: ReadonlyMap<string, number | undefined>;
}

/** How the store has answered a commit. */
export type CommitAnswer = { readonly result: CommitResult } | { readonly error: unknown };

/** Compares what the store holds after a commit with what it held before: I1, I2, I3 and I5. */
export class CommitInvariants {
  readonly #violations: Violations;
  readonly #store: InMemoryStore;
  /** Latest due time of an instance at work, after now. */
  readonly #netMs: number;
  readonly #latestNowMs: () => number;

  /**
   * @param netMs - A lease, and how wrong clocks may be.
   * @param latestNowMs - The latest that any wall clock has shown so far.
   */
  constructor(violations: Violations, store: InMemoryStore, netMs: number, latestNowMs: () => number) {
    this.#violations = violations;
    this.#store = store;
    this.#netMs = netMs;
    this.#latestNowMs = latestNowMs;
  }

  /** @returns Whether the commit was accepted, and not as a repeat of the last one. */
  check(change: WorkflowChange, before: CommitBefore, answer: CommitAnswer): boolean {
    const kept = this.#store.workflows.get(change.workflowId);
    const isRepeat = before.row?.commitId === change.commitId;
    if ("error" in answer || isRepeat || before.row === undefined || kept === undefined) {
      const what = isRepeat ? "a commit that was accepted before" : "a commit that was refused";
      this.#violations.expect(isUntouched(before, kept), "I2", () => `${what} has changed ${change.workflowId}`);
      return false;
    }
    this.#expected(change, before.row);
    this.#moved(change, before.row, kept, answer.result);
    this.#closed(change, before);
    this.#written(change, kept);
    this.#untouched(change, before, kept);
    if (isFinal(change.status)) this.#ended(change, kept);
    else if (change.status === "runnable") this.#isLookedAt(change, kept);
    return true;
  }

  #expected({ workflowId, expected, status }: WorkflowChange, row: WorkflowRow): void {
    const isCurrent =
      row.revision === expected.revision &&
      row.controlSeq === expected.controlSeq &&
      (expected.inboxSeq === undefined || row.inboxSeq === expected.inboxSeq);
    this.#violations.expect(
      isCurrent,
      "I2",
      () => `a stale commit of ${workflowId} was accepted: it expects ${JSON.stringify(expected)}, the row has ${row.revision}, ${row.controlSeq}`,
    );
    this.#violations.expect(!isFinal(row.status), "I5", () => `a commit has moved ${workflowId}, which is ${row.status}`);
    this.#violations.expect(
      row.status !== "suspended" || status === "suspended",
      "I5",
      () => `a commit has made ${workflowId}, which is suspended, ${status}`,
    );
  }

  #moved(change: WorkflowChange, before: WorkflowRow, { row }: KeptWorkflow, result: CommitResult): void {
    const { workflowId } = change;
    this.#violations.expect(
      row.revision === before.revision + 1 && result.revision === row.revision,
      "I2",
      () => `a commit of ${workflowId} has moved its revision from ${before.revision} to ${row.revision}, and answers ${result.revision}`,
    );
    this.#violations.expect(row.controlSeq === before.controlSeq, "I5", () => `a commit of ${workflowId} has moved controlSeq`);
    this.#violations.expect(row.inboxSeq >= before.inboxSeq, "I3", () => `a commit of ${workflowId} has moved inboxSeq back`);
    this.#violations.expect(row.status === change.status, "I2", () => `a commit of ${workflowId} says ${change.status}, the row ${row.status}`);
    this.#violations.expect(
      row.sequence >= before.sequence && change.pointers.every(({ seq }) => seq <= row.sequence),
      "I2",
      () => `a commit of ${workflowId} has numbers beyond the sequence ${row.sequence}`,
    );
  }

  /** Nobody closes a wait without having seen what it was given. */
  #closed({ workflowId, closeSubscriptions, seenInboxSeq }: WorkflowChange, { given }: CommitBefore): void {
    for (const id of closeSubscriptions)
      this.#violations.expect(
        (given.get(id) ?? 0) <= seenInboxSeq,
        "I3",
        () => `a commit of ${workflowId} closes the subscription ${id}, which was given an event that it has not seen`,
      );
  }

  /** Nothing but what the commit says. */
  #untouched({ workflowId, pointers }: WorkflowChange, before: CommitBefore, kept: KeptWorkflow): void {
    const written = new Set(pointers.map(({ id }) => id));
    for (const [id, pointer] of before.pointers)
      this.#violations.expect(
        written.has(id) || kept.pointers.get(id) === pointer,
        "I2",
        () => `a commit of ${workflowId} has changed the pointer ${id}, of which it says nothing`,
      );
  }

  /** All of a commit, or nothing. */
  #written(change: WorkflowChange, kept: KeptWorkflow): void {
    const { workflowId, pointers, openSubscriptions, closeSubscriptions, consume, children, events } = change;
    const opened = new Set(openSubscriptions.map(({ id }) => id));
    const missing = [
      ...pointers.filter((pointer) => JSON.stringify(kept.pointers.get(pointer.id)) !== JSON.stringify(pointer)).map(({ id }) => `pointer ${id}`),
      ...[...opened].filter((id) => !kept.subscriptions.has(id)).map((id) => `subscription ${id}`),
      ...[...closeSubscriptions, ...consume.map(({ subscriptionId }) => subscriptionId)]
        .filter((id) => kept.subscriptions.has(id) && !opened.has(id))
        .map((id) => `the end of the subscription ${id}`),
      ...children.filter(({ id }) => !this.#store.workflows.has(id)).map(({ id }) => `child ${id}`),
      ...events.filter(({ id }) => !this.#store.events.has(id)).map(({ id }) => `event ${id}`),
    ];
    this.#violations.expect(missing.length === 0, "I2", () => `a commit of ${workflowId} was accepted without ${missing.join(", ")}`);
  }

  #ended({ workflowId, status, events }: WorkflowChange, { open, subscriptions }: KeptWorkflow): void {
    // What has ended the instance stays to be seen, and to be retried.
    const pointers = [...open.values()].filter((pointer) => status === "complete" || pointer.status !== "failed");
    const left = [...pointers.map(({ id }) => `pointer ${id}`), ...[...subscriptions.keys()].map((id) => `subscription ${id}`)];
    this.#violations.expect(left.length === 0, "I2", () => `${workflowId} is ${status} and has open: ${left.join(", ")}`);
    const tellsIt = events.some(({ name, key }) => name === WORKFLOW_COMPLETED_EVENT && key === workflowId);
    this.#violations.expect(tellsIt, "I2", () => `${workflowId} becomes ${status} and tells nobody`);
  }

  /** Without any hint, the sweep must find it. */
  #isLookedAt(change: WorkflowChange, { row, open, subscriptions }: KeptWorkflow): void {
    const { workflowId } = change;
    const dueMs = row.dueAt?.getTime();
    // What a pass has seen it has used, or closed.
    const isUnseen = [...subscriptions.values()].some(({ given }) => given !== undefined);
    this.#violations.expect(
      !isUnseen || (dueMs !== undefined && dueMs <= this.#latestNowMs()),
      "I3",
      () => `${workflowId} was given an event that its pass has not seen, and is not due`,
    );
    let ownDueMs = Infinity;
    let isWaiting = false;
    for (const { status, dueAt } of open.values()) {
      if (status === "pending") ownDueMs = -Infinity;
      if (dueAt !== undefined) ownDueMs = Math.min(ownDueMs, dueAt.getTime());
      isWaiting ||= status === "waitingForEvent" || status === "failed";
    }
    if (ownDueMs === Infinity) {
      this.#violations.expect(isWaiting || dueMs !== undefined, "I3", () => `${workflowId} waits for nothing, and is not due`);
      return;
    }
    const latestMs = Math.max(ownDueMs, this.#latestNowMs() + this.#netMs);
    this.#violations.expect(
      dueMs !== undefined && dueMs <= latestMs,
      "I1",
      () => `${workflowId} has work to do, and is due ${row.dueAt === undefined ? "never" : `at ${row.dueAt.toISOString()}`}`,
    );
  }
}

function isUntouched({ row, pointers, given }: CommitBefore, kept: KeptWorkflow | undefined): boolean {
  if (row === undefined || kept === undefined) return row === undefined && kept === undefined;
  const isSame = kept.row === row && kept.pointers.size === pointers.size && kept.subscriptions.size === given.size;
  return isSame && [...pointers].every(([id, pointer]) => kept.pointers.get(id) === pointer);
}
