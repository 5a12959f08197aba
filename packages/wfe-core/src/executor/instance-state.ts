import type { EventRow } from "../models/event.ts";
import type { NewSubscription } from "../models/event-subscription.ts";
import type { ExecutionErrorRow, InstanceError } from "../models/execution-error.ts";
import type { LifecycleEvent } from "../models/lifecycle-event.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { Consumption } from "../models/workflow-change.ts";
import type { NewWorkflow, WorkflowRow } from "../models/workflow-row.ts";
import type { ScheduledCommand } from "../models/scheduled-command.ts";
import { isOpen, type WorkflowStatus } from "../models/workflow-status.ts";
import { type DrainedContainer, OpenPointers, type StepKinds } from "./open-pointers.ts";
import { uniform } from "./pointer-factory.ts";

/** What a commit takes along besides the row and its pointers. */
export interface Effects {
  readonly openSubscriptions: NewSubscription[];
  readonly consume: Consumption[];
  readonly closeSubscriptions: string[];
  readonly events: EventRow[];
  readonly children: NewWorkflow[];
  readonly commands: ScheduledCommand[];
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

/** A pointer that was changed. */
interface ChangedPointer {
  /** As it was after the last acknowledged commit; `undefined` for a new one. */
  readonly before: PointerRow | undefined;
  now: PointerRow;
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
  /** Closed pointers that open ones undo. */
  #undone: Map<string, PointerRow> | undefined;
  /** By id: what was changed since the last acknowledged commit. */
  readonly #changed = new Map<string, ChangedPointer>();
  #open: OpenPointers;
  #saved: Head;

  /** @param pointers - The open ones, and those that they undo. */
  constructor(row: WorkflowRow, data: unknown, error: InstanceError | undefined, pointers: readonly PointerRow[], kinds: StepKinds) {
    this.row = row;
    this.#kinds = kinds;
    this.status = row.status;
    this.data = data;
    this.sequence = row.sequence;
    this.error = error;
    this.completedAt = row.completedAt;
    this.#saved = this.#head();
    this.#open = this.#opened(pointers);
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

  /** A pointer that is being undone, open or closed. */
  undone(id: string): PointerRow | undefined {
    return this.#open.get(id) ?? this.#undone?.get(id);
  }

  /** Takes note of a closed pointer that is about to be undone. */
  remember(pointer: PointerRow): void {
    (this.#undone ??= new Map()).set(pointer.id, uniform(pointer));
  }

  /** Open pointers directly in a container. */
  openChildren(containerId: string): number {
    return this.#open.countIn(containerId);
  }

  /** Open pointers inside a container, at any depth, in order of creation. */
  openWithin(containerId: string): readonly PointerRow[] {
    return this.#open.within(containerId);
  }

  /** Ids of the open pointers that a change of the data may end, by step. */
  watching(): ReadonlyMap<number, ReadonlySet<string>> {
    return this.#open.watching();
  }

  /** Adds or replaces a pointer. */
  put(pointer: PointerRow): void {
    const before = this.#open.get(pointer.id);
    const changed = this.#changed.get(pointer.id);
    if (changed === undefined) this.#changed.set(pointer.id, { before: before ?? this.#undone?.get(pointer.id), now: pointer });
    else changed.now = pointer;
    if (this.#undone?.has(pointer.id) === true) this.#undone.set(pointer.id, pointer);
    this.#open.replace(before, pointer);
  }

  /** The next number of the instance, for the creation or the end of a pointer. */
  nextSequence(): number {
    this.sequence += 1;
    return this.sequence;
  }

  /** The earliest due time of a pointer, in epoch milliseconds. */
  nextDueMs(): number | undefined {
    return this.#open.nextDueMs();
  }

  /** Takes a pointer whose due time is at or before an instant. */
  takeDue(nowMs: number): PointerRow | undefined {
    return this.#open.takeDue(nowMs);
  }

  /** Takes a pending pointer of a primitive, the first that became pending. */
  takePrimitive(): PointerRow | undefined {
    return this.#open.takePrimitive();
  }

  /** Takes a pending pointer that runs a body, the first that became pending. */
  takeBody(): PointerRow | undefined {
    return this.#open.takeBody();
  }

  /** Takes back that bodies were taken; they are still pending. */
  giveBackBodies(pointers: readonly PointerRow[]): void {
    this.#open.giveBackBodies(pointers);
  }

  /** Whether a pointer could start if there were room. */
  hasPending(): boolean {
    return this.#open.hasPending();
  }

  /** Takes a container in which nothing is open any more. */
  takeDrained(): DrainedContainer | undefined {
    return this.#open.takeDrained();
  }

  /** Says that a container may be finished, where no pointer of it has just closed. @param endedIndex - Of the iteration that has ended. */
  markDrained(containerId: string, endedIndex?: number): void {
    this.#open.markDrained(containerId, endedIndex);
  }

  /** Whether nothing follows from what is in memory before something comes. */
  isAtRest(nowMs: number): boolean {
    return !this.isDirty && this.#open.isAtRest(nowMs);
  }

  /** Pointers to be written, in order of creation. */
  changedPointers(): readonly PointerRow[] {
    const changed: PointerRow[] = [];
    for (const { now } of this.#changed.values()) changed.push(now);
    const [first, second] = changed;
    // Nearly always the one that opens, and then the one that ends: a sort costs more than all the rest of it.
    if (changed.length === 2 && first !== undefined && second !== undefined) return first.seq < second.seq ? changed : [second, first];
    return changed.sort((a, b) => a.seq - b.seq);
  }

  /** Whether there is anything to commit. */
  get isDirty(): boolean {
    const { effects } = this;
    const saved = this.#saved;
    return (
      this.#changed.size > 0 ||
      this.status !== saved.status ||
      this.data !== saved.data ||
      this.error !== saved.error ||
      effects.consume.length > 0 ||
      effects.errors.length > 0 ||
      effects.closeSubscriptions.length > 0 ||
      effects.commands.length > 0
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
    this.effects = noEffects();
  }

  /** The change was refused: everything is as it was after the last acknowledged commit. */
  rollback(): void {
    for (const [id, { before }] of this.#changed) {
      const now = this.#open.get(id);
      if (before === undefined) this.#open.remove(now);
      else if (isOpen(before.status)) this.#open.replace(now, before);
      else {
        this.#open.remove(now);
        (this.#undone ??= new Map()).set(id, before);
      }
    }
    ({ status: this.status, data: this.data, sequence: this.sequence, error: this.error, completedAt: this.completedAt } = this.#saved);
    this.#changed.clear();
    this.effects = noEffects();
    this.#open.requeue();
  }

  /**
   * A command was seen in the store: it moved the status, outside of any commit.
   *
   * @param pointers - What the store has now, where the command may have changed pointers too. Nothing may be uncommitted then.
   */
  acceptControl(row: WorkflowRow, error: InstanceError | undefined, pointers?: readonly PointerRow[]): void {
    this.row = row;
    this.status = row.status;
    this.error = error;
    this.completedAt = row.completedAt;
    this.#saved = { ...this.#saved, status: this.status, error, completedAt: row.completedAt };
    if (pointers !== undefined) this.#open = this.#opened(pointers);
  }

  #opened(pointers: readonly PointerRow[]): OpenPointers {
    const uniforms = pointers.map(uniform);
    for (const pointer of uniforms) if (!isOpen(pointer.status)) (this.#undone ??= new Map()).set(pointer.id, pointer);
    return new OpenPointers(this.#kinds, uniforms);
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
}

function noEffects(): Effects {
  return {
    openSubscriptions: [],
    consume: [],
    closeSubscriptions: [],
    events: [],
    children: [],
    commands: [],
    errors: [],
    lifecycle: [],
  };
}
