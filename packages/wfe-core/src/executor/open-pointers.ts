import type { PointerRow } from "../models/pointer-row.ts";
import { isOpen } from "../models/workflow-status.ts";
import { DueTimes } from "./due-times.ts";
import { Fifo } from "./fifo.ts";

/** What has to be known about a definition to keep the open pointers apart. */
export interface StepKinds {
  runsBody(stepId: number): boolean;
  /** Whether a change of the data can end a pointer of this step. */
  watchesData(stepId: number): boolean;
}

/** A container in which nothing is open any more. */
export interface DrainedContainer {
  readonly pointer: PointerRow;
  readonly endedIndex: number | undefined;
}

const NONE: ReadonlyMap<number, ReadonlySet<string>> = new Map();

/** The open pointers of an instance, found by what the engine asks for. Every operation costs O(1), or O(log n) of them. */
export class OpenPointers {
  readonly #kinds: StepKinds;
  readonly #byId = new Map<string, PointerRow>();
  // Made when the first comes: most instances never have one.
  #inside: Map<string, Set<string>> | undefined;
  #watching: Map<number, Set<string>> | undefined;
  readonly #due = new DueTimes();
  readonly #bodies = new Fifo<string>();
  readonly #primitives = new Fifo<string>();
  readonly #drained = new Fifo<{ readonly id: string; readonly endedIndex: number | undefined }>();

  constructor(kinds: StepKinds, pointers: readonly PointerRow[]) {
    this.#kinds = kinds;
    for (const pointer of pointers) this.replace(undefined, pointer);
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): PointerRow | undefined {
    return this.#byId.get(id);
  }

  /** All; in order of creation as long as none was put back. */
  values(): IterableIterator<PointerRow> {
    return this.#byId.values();
  }

  /** How many stand directly in a container. */
  countIn(containerId: string): number {
    return this.#inside?.get(containerId)?.size ?? 0;
  }

  /** Those inside a container, at any depth, in order of creation. */
  within(containerId: string): readonly PointerRow[] {
    const found: PointerRow[] = [];
    const containers = [containerId];
    for (let container = containers.pop(); container !== undefined; container = containers.pop()) {
      for (const id of this.#inside?.get(container) ?? []) {
        const pointer = this.#byId.get(id);
        if (pointer !== undefined) found.push(pointer);
        containers.push(id);
      }
    }
    return found.sort((a, b) => a.seq - b.seq);
  }

  /** Ids of those that a change of the data may end, by step. */
  watching(): ReadonlyMap<number, ReadonlySet<string>> {
    return this.#watching ?? NONE;
  }

  /** Takes note that a pointer is no longer `before` but `after`. */
  replace(before: PointerRow | undefined, after: PointerRow): void {
    if (!isOpen(after.status)) {
      if (before !== undefined) this.remove(before);
      return;
    }
    this.#byId.set(after.id, after);
    if (before === undefined) this.#enter(after);
    if (after.status === "pending" && before?.status !== "pending") this.#queueOf(after).push(after.id);
    if (after.dueAt !== undefined && waits(after)) this.#due.add(after.dueAt.getTime(), after.id);
  }

  remove(pointer: PointerRow | undefined): void {
    if (pointer === undefined || !this.#byId.delete(pointer.id)) return;
    if (this.#kinds.watchesData(pointer.stepId)) this.#watching?.get(pointer.stepId)?.delete(pointer.id);
    const container = pointer.scope.at(-1);
    if (container === undefined) return;
    const inside = this.#inside?.get(container);
    inside?.delete(pointer.id);
    if (inside?.size !== 0) return;
    this.#inside?.delete(container);
    this.#drained.push({ id: container, endedIndex: pointer.index });
  }

  /** The queues anew, from what is open: ids that a refused decision has added would be there twice once it is made again. */
  requeue(): void {
    this.#drained.clear();
    this.#bodies.clear();
    this.#primitives.clear();
    for (const pointer of this.#byId.values()) if (pointer.status === "pending") this.#queueOf(pointer).push(pointer.id);
  }

  /** The earliest due time, in epoch milliseconds. */
  nextDueMs(): number | undefined {
    return this.#due.next((id, dueMs) => this.#isDueAt(id, dueMs));
  }

  /** Takes a pointer whose due time is at or before an instant. */
  takeDue(nowMs: number): PointerRow | undefined {
    const id = this.#due.take(nowMs, (candidate, dueMs) => this.#isDueAt(candidate, dueMs));
    return id === undefined ? undefined : this.#byId.get(id);
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

  /** Whether there is nothing to take. */
  isAtRest(nowMs: number): boolean {
    return !this.hasPending() && this.#drained.peek() === undefined && (this.nextDueMs() ?? Infinity) > nowMs;
  }

  /** Takes a container in which nothing is open any more. */
  takeDrained(): DrainedContainer | undefined {
    for (let next = this.#drained.shift(); next !== undefined; next = this.#drained.shift()) {
      const pointer = this.#byId.get(next.id);
      if (pointer?.status === "running" && this.countIn(next.id) === 0) return { pointer, endedIndex: next.endedIndex };
    }
    return undefined;
  }

  /** Says that a container may be finished, where no pointer of it has just closed. */
  markDrained(containerId: string, endedIndex?: number): void {
    this.#drained.push({ id: containerId, endedIndex });
  }

  #enter(pointer: PointerRow): void {
    if (this.#kinds.watchesData(pointer.stepId)) setOf((this.#watching ??= new Map()), pointer.stepId).add(pointer.id);
    const container = pointer.scope.at(-1);
    if (container !== undefined) setOf((this.#inside ??= new Map()), container).add(pointer.id);
  }

  #isDueAt(id: string, dueMs: number): boolean {
    const pointer = this.#byId.get(id);
    return pointer?.dueAt?.getTime() === dueMs && waits(pointer);
  }

  #queueOf(pointer: PointerRow): Fifo<string> {
    return this.#kinds.runsBody(pointer.stepId) ? this.#bodies : this.#primitives;
  }

  #takePending(queue: Fifo<string>): PointerRow | undefined {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const pointer = this.#byId.get(id);
      if (pointer?.status === "pending") return pointer;
    }
    return undefined;
  }

  #hasPending(queue: Fifo<string>): boolean {
    for (let id = queue.peek(); id !== undefined; id = queue.peek()) {
      if (this.#byId.get(id)?.status === "pending") return true;
      queue.shift();
    }
    return false;
  }
}

/** A due time means something for what sleeps, waits, or is a container whose bodies are awaited for so long. */
function waits({ status }: PointerRow): boolean {
  return status === "sleeping" || status === "waitingForEvent" || status === "running";
}

function setOf<K>(sets: Map<K, Set<string>>, key: K): Set<string> {
  let found = sets.get(key);
  if (found === undefined) {
    found = new Set();
    sets.set(key, found);
  }
  return found;
}
