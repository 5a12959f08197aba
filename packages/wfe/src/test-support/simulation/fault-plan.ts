import type { SeededChoices } from "./seeded-choices.ts";

/** Faults that befall a call to a port. */
export const CALL_FAULTS = [
  "crashBefore",
  "crashAfter",
  "errorBefore",
  "errorAfter",
  "slowRequest",
  "slowAnswer",
  "lostHint",
  "duplicatedHint",
  "delayedHint",
  "refusedExtension",
] as const;
/** Faults that befall a host, a lease or an instance at any time. */
export const WORLD_FAULTS = ["crash", "restart", "pause", "takenLease", "suspendAndResume", "eventStorm", "repeatedStimulus", "clockSkew"] as const;
/** A kind of fault. */
export type FaultKind = (typeof CALL_FAULTS)[number] | (typeof WORLD_FAULTS)[number];
/** Every fault that a simulation knows. */
export const FAULT_KINDS: readonly FaultKind[] = [...CALL_FAULTS, ...WORLD_FAULTS];
/** How often each kind comes, beside the others; 0 = never. */
export type FaultWeights = Readonly<Record<FaultKind, number>>;

/** What a simulation does unless it is told otherwise. */
export const DEFAULT_FAULT_WEIGHTS: FaultWeights = {
  crashBefore: 2,
  crashAfter: 2,
  errorBefore: 4,
  errorAfter: 4,
  slowRequest: 4,
  slowAnswer: 3,
  lostHint: 8,
  duplicatedHint: 8,
  delayedHint: 8,
  refusedExtension: 20,
  crash: 2,
  restart: 2,
  pause: 4,
  takenLease: 4,
  suspendAndResume: 2,
  eventStorm: 3,
  repeatedStimulus: 3,
  clockSkew: 2,
};

/** A fault that has happened. */
export interface Fault {
  /** The number of the occasion: names the fault in a replay. */
  readonly index: number;
  readonly kind: FaultKind;
  readonly atMs: number;
  /** What it has befallen. */
  readonly where: string;
}

const RARE_FACTOR = 6;

/** What a {@link FaultPlan} goes by. */
export interface FaultPlanOptions {
  readonly choices: SeededChoices;
  readonly weights: FaultWeights;
  /** How likely an occasion is to be used, 0 to 1. */
  readonly callRate: number;
  readonly worldRate: number;
  /** Occasions that may be used. @default all */
  readonly only?: ReadonlySet<number> | undefined;
}

/**
 * Says at each occasion whether a fault comes, and which. Each seed goes without some kinds, and has the others more or less often: a schedule with a
 * few kinds of fault goes farther than one with all.
 */
export class FaultPlan {
  readonly #options: FaultPlanOptions;
  readonly #weights: Readonly<Record<FaultKind, number>>;
  readonly #intensity: number;
  readonly happened: Fault[] = [];
  #occasions = 0;
  #isOver = false;

  constructor(options: FaultPlanOptions) {
    this.#options = options;
    const { choices, weights } = options;
    const isIn = (index: number): boolean => choices.share("setting", 100 + index) < 0.6;
    this.#weights = Object.fromEntries(FAULT_KINDS.map((kind, index) => [kind, isIn(index) ? weights[kind] : 0])) as Record<FaultKind, number>; // a key for each
    this.#intensity = [0, 0.5, 1.5, 3, 6][choices.below(5, "setting", 99)] as number; // one of five
  }

  /** Whether no more faults come. */
  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /**
   * The fault of this occasion, one of these kinds, if there is one.
   *
   * @param isRare - Occasions of this sort are few: they are used more often.
   */
  draw(kinds: readonly FaultKind[], rate: "callRate" | "worldRate", atMs: number, where: string, isRare = false): Fault | undefined {
    const index = this.#occasions;
    this.#occasions += 1;
    const { choices, only } = this.#options;
    if (this.#isOver || choices.share("fault", index) >= this.#options[rate] * this.#intensity * (isRare ? RARE_FACTOR : 1)) return undefined;
    if (only !== undefined && !only.has(index)) return undefined;
    const kind = this.#kind(kinds, index);
    if (kind === undefined) return undefined;
    const fault: Fault = { index, kind, atMs, where };
    this.happened.push(fault);
    return fault;
  }

  /** A whole number below a limit that belongs to a fault. @param part - Which of its details. */
  detail(fault: Fault, limit: number, part = 0): number {
    return this.#options.choices.below(limit, "detail", 8 * fault.index + part);
  }

  /** A fault that found nothing to befall. */
  withdraw(fault: Fault): void {
    this.happened.splice(this.happened.indexOf(fault), 1);
  }

  #kind(kinds: readonly FaultKind[], index: number): FaultKind | undefined {
    const sum = kinds.reduce((total, kind) => total + this.#weights[kind], 0);
    let rest = this.#options.choices.share("kind", index) * sum;
    return kinds.find((kind) => {
      rest -= this.#weights[kind];
      return rest < 0;
    });
  }
}
