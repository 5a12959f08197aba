/** Streams of chance, so that one kind of question does not move the answers to another. */
const STREAMS = { pick: 1, time: 2, fault: 3, kind: 4, detail: 5, setting: 6, client: 7, loss: 8 } as const;
/** What chance is asked for. */
export type ChoiceStream = keyof typeof STREAMS;

/**
 * Chance that has no state: what comes of the question number `n` of a stream depends on the seed, the stream and `n` alone. A schedule from which a
 * fault was taken goes on with the same faults at the same numbers, which is what makes failures shrink.
 */
export class SeededChoices {
  readonly #seed: number;

  /** @param seed - Any whole number. */
  constructor(seed: number) {
    this.#seed = mixed(seed ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1));
  }

  /** Uniform, 0 (included) to 1 (excluded). */
  share(stream: ChoiceStream, n: number): number {
    return this.#bits(stream, n) / 2 ** 32;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number, stream: ChoiceStream, n: number): number {
    return Math.floor(this.share(stream, n) * limit);
  }

  #bits(stream: ChoiceStream, n: number): number {
    return mixed((mixed(this.#seed + Math.imul(STREAMS[stream], 0x9e3779b1)) + Math.imul(n + 1, 0x85ebca6b)) | 0);
  }
}

/** The end of murmur3: each bit of the input moves half of those of the output. */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
