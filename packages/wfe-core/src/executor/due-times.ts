import { Heap } from "../runtime/heap.ts";

interface DueTime {
  readonly dueMs: number;
  readonly id: string;
}

const earlier = (a: DueTime, b: DueTime): number => a.dueMs - b.dueMs;

/**
 * Due times of pointers. Entries that stop to hold are not taken out; the caller's check passes over them. Adding and taking cost
 * O(log n).
 */
export class DueTimes {
  readonly #heap = new Heap<DueTime>(earlier);

  add(dueMs: number, id: string): void {
    this.#heap.push({ dueMs, id });
  }

  /** The earliest due time that still holds. */
  next(holds: (id: string, dueMs: number) => boolean): number | undefined {
    for (let least = this.#heap.peek(); least !== undefined; least = this.#heap.peek()) {
      if (holds(least.id, least.dueMs)) return least.dueMs;
      this.#heap.pop();
    }
    return undefined;
  }

  /** Takes the earliest entry that still holds, if it is at or before an instant. */
  take(nowMs: number, holds: (id: string, dueMs: number) => boolean): string | undefined {
    const next = this.next(holds);
    return next === undefined || next > nowMs ? undefined : this.#heap.pop()?.id;
  }
}
