import type { EventRow } from "../models/event.ts";
import type { NewSubscription } from "../models/event-subscription.ts";
import type { ExecutionErrorRow, InstanceError } from "../models/execution-error.ts";
import type { LifecycleEvent } from "../models/lifecycle-event.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { Consumption } from "../models/workflow-change.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import { isOpen, type WorkflowStatus } from "../models/workflow-status.ts";
import { DueTimes } from "./due-times.ts";
import { Fifo } from "./fifo.ts";

/** What a commit takes along besides the row and its pointers. */
export interface Effects {
  readonly openSubscriptions: NewSubscription[];
  readonly consume: Consumption[];
  readonly closeSubscriptions: string[];
  readonly events: EventRow[];
  readonly errors: ExecutionErrorRow[];
  readonly lifecycle: LifecycleEvent[];
}

/** The part of the row that passes change. */
interface Head {
  readonly status: WorkflowStatus;
  readonly data: unknown;
  readonly sequence: number;
  readonly error: InstanceError | undefined;
  readonly completedAt: Date | undefined;
}

/** What has to be known about a definition to keep the queues of runnable pointers apart. */
export interface StepKinds {
  runsBody(stepId: number): boolean;
}

/**
 * An instance in memory: its open pointers and data, and a journal of what changed since the last acknowledged commit, so that a refused
 * commit can be decided anew. Every operation costs O(1) or O(log n) of the open pointers.
 */
export class InstanceState {
  /** The row as it was last seen in the store; its counters are what the next commit expects. */
  row: WorkflowRow;
  status: WorkflowStatus;
  /** Frozen. */
  data: unknown;
  sequence: number;
  error: InstanceError | undefined;
  completedAt: Date | undefined;
  effects: Effects = noEffects();

  readonly #kinds: StepKinds;
  readonly #open = new Map<string, PointerRow>();
  readonly #openChildren = new Map<string, number>();
  readonly #due = new DueTimes();
  readonly #changed = new Map<string, PointerRow>();
  readonly #before = new Map<string, PointerRow | undefined>();
  readonly #bodies = new Fifo<string>();
  readonly #primitives = new Fifo<string>();
  readonly #drained = new Fifo<{ readonly id: string; readonly endedIndex: number | undefined }>();
  #saved: Head;

  constructor(row: WorkflowRow, data: unknown, error: InstanceError | undefined, pointers: readonly PointerRow[], kinds: StepKinds) {
    this.row = row;
    this.#kinds = kinds;
    this.status = row.status;
    this.data = data;
    this.sequence = row.sequence;
    this.error = error;
    this.completedAt = row.completedAt;
    this.#saved = this.#head();
    for (const pointer of pointers) this.#index(undefined, pointer);
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** The open pointers; in order of creation as long as none was put back by a rollback. */
  open(): IterableIterator<PointerRow> {
    return this.#open.values();
  }

  /** An open pointer. */
  pointer(id: string): PointerRow | undefined {
    return this.#open.get(id);
  }

  /** Open pointers directly in a container. */
  openChildren(containerId: string): number {
    return this.#openChildren.get(containerId) ?? 0;
  }

  /** Adds or replaces a pointer. */
  put(pointer: PointerRow): void {
    const before = this.#open.get(pointer.id);
    if (!this.#before.has(pointer.id)) this.#before.set(pointer.id, before);
    this.#changed.set(pointer.id, pointer);
    this.#index(before, pointer);
  }

  /** The next number of the instance, for the creation or the end of a pointer. */
  nextSequence(): number {
    this.sequence += 1;
    return this.sequence;
  }

  /** The earliest due time of a sleeping or waiting pointer, in epoch milliseconds. */
  nextDueMs(): number | undefined {
    return this.#due.next((id, dueMs) => this.#isDueAt(id, dueMs));
  }

  /** Takes a pointer whose due time is at or before an instant. */
  takeDue(nowMs: number): PointerRow | undefined {
    const id = this.#due.take(nowMs, (candidate, dueMs) => this.#isDueAt(candidate, dueMs));
    return id === undefined ? undefined : this.#open.get(id);
  }

  /** Takes a pending pointer of a primitive, the first that became pending. */
  takePrimitive(): PointerRow | undefined {
    return this.#takePending(this.#primitives);
  }

  /** Takes a pending pointer that runs a body, the first that became pending. */
  takeBody(): PointerRow | undefined {
    return this.#takePending(this.#bodies);
  }

  /** Takes back that bodies were taken; they are still pending. */
  giveBackBodies(pointers: readonly PointerRow[]): void {
    this.#bodies.unshift(pointers.map(({ id }) => id));
  }

  /** Whether a pointer could start if there were room. */
  hasPending(): boolean {
    return this.#hasPending(this.#bodies) || this.#hasPending(this.#primitives);
  }

  /** Takes a container in which nothing is open any more. */
  takeDrained(): { readonly pointer: PointerRow; readonly endedIndex: number | undefined } | undefined {
    for (let next = this.#drained.shift(); next !== undefined; next = this.#drained.shift()) {
      const pointer = this.#open.get(next.id);
      if (pointer?.status === "running" && this.openChildren(next.id) === 0) return { pointer, endedIndex: next.endedIndex };
    }
    return undefined;
  }

  /** Says that a container may be finished, where no pointer of it has just closed. */
  markDrained(containerId: string): void {
    this.#drained.push({ id: containerId, endedIndex: undefined });
  }

  /** Pointers to be written, in order of creation. */
  changedPointers(): readonly PointerRow[] {
    return [...this.#changed.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Whether there is anything to commit. */
  get isDirty(): boolean {
    const saved = this.#saved;
    return (
      this.#changed.size > 0 ||
      this.status !== saved.status ||
      this.data !== saved.data ||
      this.error !== saved.error ||
      this.effects.consume.length > 0 ||
      this.effects.errors.length > 0 ||
      this.effects.closeSubscriptions.length > 0
    );
  }

  get dataChanged(): boolean {
    return this.data !== this.#saved.data;
  }

  /** The change was committed: what was changed is the truth now. */
  accept(row: WorkflowRow): void {
    this.row = row;
    this.#saved = this.#head();
    this.#changed.clear();
    this.#before.clear();
    this.effects = noEffects();
  }

  /** The change was refused: everything is as it was after the last acknowledged commit. */
  rollback(): void {
    for (const [id, before] of this.#before) {
      const now = this.#open.get(id);
      if (before === undefined) this.#remove(now);
      else this.#index(now, before);
    }
    ({ status: this.status, data: this.data, sequence: this.sequence, error: this.error, completedAt: this.completedAt } = this.#saved);
    this.#changed.clear();
    this.#before.clear();
    this.#drained.clear();
    this.effects = noEffects();
    // Anew: ids that the refused decision has added would be there twice once it is made again.
    this.#bodies.clear();
    this.#primitives.clear();
    for (const pointer of this.#open.values()) if (pointer.status === "pending") this.#queueOf(pointer).push(pointer.id);
  }

  /** A command was seen in the store: it moved the status, outside of any commit. */
  acceptControl(row: WorkflowRow, error: InstanceError | undefined): void {
    this.row = row;
    this.status = row.status;
    this.error = error;
    this.completedAt = row.completedAt;
    this.#saved = {
      ...this.#saved,
      status: this.status,
      error,
      completedAt: row.completedAt,
    };
  }

  #head(): Head {
    return {
      status: this.status,
      data: this.data,
      sequence: this.sequence,
      error: this.error,
      completedAt: this.completedAt,
    };
  }

  #isDueAt(id: string, dueMs: number): boolean {
    const pointer = this.#open.get(id);
    return pointer?.dueAt?.getTime() === dueMs && (pointer.status === "sleeping" || pointer.status === "waitingForEvent");
  }

  #queueOf(pointer: PointerRow): Fifo<string> {
    return this.#kinds.runsBody(pointer.stepId) ? this.#bodies : this.#primitives;
  }

  #takePending(queue: Fifo<string>): PointerRow | undefined {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const pointer = this.#open.get(id);
      if (pointer?.status === "pending") return pointer;
    }
    return undefined;
  }

  #hasPending(queue: Fifo<string>): boolean {
    for (let id = queue.peek(); id !== undefined; id = queue.peek()) {
      if (this.#open.get(id)?.status === "pending") return true;
      queue.shift();
    }
    return false;
  }

  #index(before: PointerRow | undefined, after: PointerRow): void {
    if (!isOpen(after.status)) {
      if (before !== undefined) this.#remove(before);
      return;
    }
    this.#open.set(after.id, after);
    if (before === undefined) this.#count(after, 1);
    if (after.status === "pending" && before?.status !== "pending") {
      this.#queueOf(after).push(after.id);
    }
    if (after.dueAt !== undefined && (after.status === "sleeping" || after.status === "waitingForEvent"))
      this.#due.add(after.dueAt.getTime(), after.id);
  }

  #remove(pointer: PointerRow | undefined): void {
    if (pointer === undefined || !this.#open.delete(pointer.id)) return;
    this.#count(pointer, -1);
  }

  #count(pointer: PointerRow, by: 1 | -1): void {
    const container = pointer.scope.at(-1);
    if (container === undefined) return;
    const count = this.openChildren(container) + by;
    if (count > 0) this.#openChildren.set(container, count);
    else {
      this.#openChildren.delete(container);
      this.#drained.push({ id: container, endedIndex: pointer.index });
    }
  }
}

function noEffects(): Effects {
  return {
    openSubscriptions: [],
    consume: [],
    closeSubscriptions: [],
    events: [],
    errors: [],
    lifecycle: [],
  };
}
