/** The invariants that a simulation looks at. `end`: what the program says of its end; `rest`: what is left behind by hosts that were stopped. */
export type InvariantName = "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "I8" | "I9" | "end" | "rest";

/** Something that must not be. */
export interface Violation {
  readonly invariant: InvariantName;
  readonly message: string;
  readonly atMs: number;
  /** After so many picks. */
  readonly atPick: number;
}

/** What was found so far. A schedule ends with the first. */
export class Violations {
  readonly found: Violation[] = [];
  readonly #now: () => { readonly nowMs: number; readonly picks: number };

  /** @param now - Time and picks of the scheduler. */
  constructor(now: () => { readonly nowMs: number; readonly picks: number }) {
    this.#now = now;
  }

  add(invariant: InvariantName, message: string): void {
    const { nowMs, picks } = this.#now();
    this.found.push({ invariant, message, atMs: nowMs, atPick: picks });
  }

  /** Adds the message unless the claim holds. */
  expect(holds: boolean, invariant: InvariantName, message: () => string): void {
    if (!holds) this.add(invariant, message());
  }
}
