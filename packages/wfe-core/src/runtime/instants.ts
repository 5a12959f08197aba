import { Heap } from "./heap.ts";

const PAGE_MS = 1_000;
const WORD_BITS = 32;
const WORDS = Math.ceil(PAGE_MS / WORD_BITS);

/**
 * A set of whole milliseconds, each one bit: all those of an hour take about a megabyte, and few of them take little. Adding and taking cost O(log n) of
 * the seconds it has some of.
 */
export class Instants {
  /** By second; none is empty. */
  readonly #pages = new Map<number, Uint32Array>();
  readonly #seconds = new Heap<number>((a, b) => a - b);

  /** @param ms - A whole number. */
  add(ms: number): void {
    const second = Math.floor(ms / PAGE_MS);
    let page = this.#pages.get(second);
    if (page === undefined) {
      page = new Uint32Array(WORDS);
      this.#pages.set(second, page);
      this.#seconds.push(second);
    }
    const place = ms - second * PAGE_MS;
    const word = Math.floor(place / WORD_BITS);
    page[word] = wordOf(page, word) | (1 << (place % WORD_BITS));
  }

  has(ms: number): boolean {
    const second = Math.floor(ms / PAGE_MS);
    const page = this.#pages.get(second);
    const place = ms - second * PAGE_MS;
    return page !== undefined && (wordOf(page, Math.floor(place / WORD_BITS)) & (1 << (place % WORD_BITS))) !== 0;
  }

  /** The earliest; `undefined` when there is none. */
  get first(): number | undefined {
    const second = this.#seconds.peek();
    const page = second === undefined ? undefined : this.#pages.get(second);
    if (second === undefined || page === undefined) return undefined;
    const word = page.findIndex((bits) => bits !== 0);
    return second * PAGE_MS + word * WORD_BITS + lowest(wordOf(page, word));
  }

  /** Takes those out that are at or before an instant. */
  takeUntil(ms: number): void {
    for (let first = this.first; first !== undefined && first <= ms; first = this.first) {
      const second = Math.floor(first / PAGE_MS);
      const page = this.#pages.get(second) as Uint32Array; // that of the first one
      if ((second + 1) * PAGE_MS > ms) {
        const word = Math.floor((first - second * PAGE_MS) / WORD_BITS);
        const bits = wordOf(page, word);
        page[word] = bits & (bits - 1);
        if (page.some((rest) => rest !== 0)) continue;
      }
      this.#pages.delete(second);
      this.#seconds.pop();
    }
  }

  clear(): void {
    this.#pages.clear();
    this.#seconds.clear();
  }
}

function wordOf(page: Uint32Array, word: number): number {
  return page[word] ?? 0;
}

/** Which is the lowest bit that is set, of at least one. */
function lowest(bits: number): number {
  return WORD_BITS - 1 - Math.clz32(bits & -bits);
}
