import type { Entropy } from "../traits/entropy.ts";

/** Randomness that is the same every time for the same seed; its ids look like UUIDs of version 4 and do not repeat within one object. */
export class VirtualEntropy implements Entropy {
  #state: number;
  #ids = 0;

  /** @param seed - Any whole number. */
  constructor(seed = 1) {
    this.#state = seed >>> 0;
  }

  random(): number {
    return this.#next() / 2 ** 32;
  }

  id(): string {
    // A counter in the last group: 96 random bits of a 32-bit generator would repeat sooner than chance says.
    this.#ids += 1;
    const [a, b, c] = [this.#hex(), this.#hex(), this.#hex()];
    const variant = ((this.#next() & 0x3) | 0x8).toString(16);
    return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(0, 3)}-${c.slice(4)}${this.#ids.toString(16).padStart(8, "0")}`;
  }

  #hex(): string {
    return this.#next().toString(16).padStart(8, "0");
  }

  /** splitmix32: passes through every 32-bit state once, also from a seed of 0. */
  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
