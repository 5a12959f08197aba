interface Entry {
  readonly dueMs: number;
  readonly id: string;
}

/**
 * Due times in a binary heap. Entries are not taken out when they stop to hold; the caller's check passes over them. Adding and taking
 * cost O(log n).
 */
export class DueTimes {
  readonly #heap: Entry[] = [];

  add(dueMs: number, id: string): void {
    const heap = this.#heap;
    let at = heap.push({ dueMs, id }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#less(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** The earliest due time that still holds. */
  next(holds: (id: string, dueMs: number) => boolean): number | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (holds(top.id, top.dueMs)) return top.dueMs;
      this.#pop();
    }
    return undefined;
  }

  /** Takes the earliest entry that still holds, if it is at or before an instant. */
  take(nowMs: number, holds: (id: string, dueMs: number) => boolean): string | undefined {
    const next = this.next(holds);
    return next === undefined || next > nowMs ? undefined : this.#pop()?.id;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < heap.length && this.#less(left, least)) least = left;
      if (right < heap.length && this.#less(right, least)) least = right;
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #less(a: number, b: number): boolean {
    return (this.#heap[a]?.dueMs ?? 0) < (this.#heap[b]?.dueMs ?? 0);
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    const entry = heap[a];
    const other = heap[b];
    if (entry === undefined || other === undefined) return;
    heap[a] = other;
    heap[b] = entry;
  }
}
