/** One thing that was looked at after a drill. */
export interface Finding {
  readonly what: string;
  readonly seen: string;
  readonly expected: string;
  readonly isGood: boolean;
  /** What exactly is wrong, for people. @default nothing */
  readonly details?: readonly unknown[];
}

/** Something that has to be exactly so. */
export function same(what: string, seen: number | string, expected: number | string): Finding {
  return { what, seen: String(seen), expected: String(expected), isGood: seen === expected };
}

/** Something that there has to be at least so much of. */
export function atLeast(what: string, seen: number, least: number, unit = ""): Finding {
  return { what, seen: `${seen}${unit}`, expected: `${least}${unit} or more`, isGood: seen >= least };
}

/** Something that there may be at most so much of. */
export function atMost(what: string, seen: number, most: number, unit = ""): Finding {
  return { what, seen: `${seen}${unit}`, expected: `${most}${unit} or less`, isGood: seen <= most };
}

/** Things of which there must be none. */
export function none(what: string, details: readonly unknown[]): Finding {
  return { what, seen: String(details.length), expected: "0", isGood: details.length === 0, details };
}
