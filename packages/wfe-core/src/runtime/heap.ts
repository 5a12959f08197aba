/** An entry of a {@link Heap}; keep it to remove the entry. */
export interface HeapEntry<T> {
  readonly value: T;
  /** Where the entry stands; -1 when it is in no heap any more. Kept by the heap. */
  index: number;
}

/**
 * Binary min-heap with removal by entry. `push`, `pop` and `remove` cost O(log n), `peek` and `size` O(1). Not stable: where equal values
 * must keep an order, the comparison has to say so.
 */
export class Heap<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #entries: HeapEntry<T>[] = [];

  /** @param compare - Negative when `a` comes before `b`; must not change for values that are in the heap. */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** How many values it holds. */
  get size(): number {
    return this.#entries.length;
  }

  /** The least value, which stays; `undefined` when empty. */
  peek(): T | undefined {
    return this.#entries[0]?.value;
  }

  /** Adds a value. @returns Its entry, good for one `remove`. */
  push(value: T): HeapEntry<T> {
    const entry: HeapEntry<T> = { value, index: this.#entries.length };
    this.#entries.push(entry);
    this.#rise(entry);
    return entry;
  }

  /** Takes the least value out; `undefined` when empty. */
  pop(): T | undefined {
    const least = this.#entries[0];
    if (least !== undefined) this.remove(least);
    return least?.value;
  }

  /** Takes an entry of this heap out. @returns Whether it was still in. */
  remove(entry: HeapEntry<T>): boolean {
    const hole = entry.index;
    if (hole < 0 || this.#entries[hole] !== entry) return false;
    const last = this.#entries.pop() as HeapEntry<T>; // not empty: the entry is in
    entry.index = -1;
    if (last === entry) return true;
    this.#put(last, hole);
    this.#rise(last);
    this.#sink(last);
    return true;
  }

  /** Takes everything out. */
  clear(): void {
    for (const entry of this.#entries) entry.index = -1;
    this.#entries.length = 0;
  }

  #put(entry: HeapEntry<T>, index: number): void {
    this.#entries[index] = entry;
    entry.index = index;
  }

  #rise(entry: HeapEntry<T>): void {
    while (entry.index > 0) {
      const index = entry.index;
      const parent = this.#entries[(index - 1) >> 1] as HeapEntry<T>; // within bounds: index > 0
      if (this.#compare(parent.value, entry.value) <= 0) return;
      this.#put(entry, parent.index);
      this.#put(parent, index);
    }
  }

  #sink(entry: HeapEntry<T>): void {
    for (;;) {
      const index = entry.index;
      const left = this.#entries[2 * index + 1];
      const right = this.#entries[2 * index + 2];
      const child = left !== undefined && right !== undefined && this.#compare(right.value, left.value) < 0 ? right : left;
      if (child === undefined || this.#compare(entry.value, child.value) <= 0) return;
      this.#put(entry, child.index);
      this.#put(child, index);
    }
  }
}
