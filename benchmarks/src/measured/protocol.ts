import type { Place } from "./measured-engine.ts";
import type { Counts, Work } from "./work.ts";

/** What a measured process is asked to do. */
export interface Task {
  readonly engine: string;
  readonly work: Work;
  readonly place: Place;
}

/** What was measured, by name; the unit is the end of the name. */
export type Figures = Readonly<Record<string, number>>;

/** What a measured process says, in this order. */
export type Report =
  /** It is warm; the parent looks at the servers' counters and says "go". */
  | { readonly kind: "ready" }
  /** The work is done; the parent looks at the counters again and says "end". */
  | { readonly kind: "measured"; readonly figures: Figures; readonly counts?: Counts };

/** What the parent says. */
export type Order = "go" | "end";
