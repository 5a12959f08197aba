import { describe, expect, it } from "vitest";
import { Heap } from "../../src/runtime/heap.ts";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";

describe("Heap", () => {
  it("gives values out in order, whatever order they came in", () => {
    const entropy = new VirtualEntropy(3);
    const values = Array.from({ length: 500 }, () => Math.floor(entropy.random() * 200));
    const heap = new Heap<number>((a, b) => a - b);

    for (const value of values) heap.push(value);
    const drained = Array.from({ length: 500 }, () => heap.pop());

    expect(drained).toEqual(values.toSorted((a, b) => a - b));
    expect(heap.pop()).toBeUndefined();
  });

  it("takes any entry out, once, and keeps the order of the rest", () => {
    const entropy = new VirtualEntropy(4);
    const heap = new Heap<number>((a, b) => a - b);
    const entries = Array.from({ length: 300 }, () => heap.push(Math.floor(entropy.random() * 1000)));
    const removed = entries.filter((_, index) => index % 3 === 0);

    const firstTime = removed.map((entry) => heap.remove(entry));
    const secondTime = removed.map((entry) => heap.remove(entry));
    const drained: number[] = [];
    for (let next = heap.pop(); next !== undefined; next = heap.pop()) drained.push(next);

    expect(firstTime.every(Boolean)).toBe(true);
    expect(secondTime.some(Boolean)).toBe(false);
    expect(drained).toEqual(
      entries
        .filter((_, index) => index % 3 !== 0)
        .map((entry) => entry.value)
        .toSorted((a, b) => a - b),
    );
  });

  it("refuses an entry of another heap, or of before it was cleared", () => {
    const heap = new Heap<number>((a, b) => a - b);
    const other = new Heap<number>((a, b) => a - b);
    const entry = heap.push(1);
    other.push(2);

    expect(other.remove(entry)).toBe(false);
    heap.clear();
    expect(heap.remove(entry)).toBe(false);
    expect([heap.size, heap.peek(), other.size]).toEqual([0, undefined, 1]);
  });
});
