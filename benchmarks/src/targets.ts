import { markdownTable, shown } from "./markdown.ts";
import type { Measurements } from "./measurements.ts";

/** What a run is held against. */
interface Target {
  readonly what: string;
  /** The measured number; `undefined` when the run did not measure it. */
  readonly measured: (all: Measurements) => number | undefined;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
  /** @default "×" */
  readonly unit?: string;
}

const STORES = { sqlite: "SQLite FULL", postgres: "Postgres", "postgres-redis": "Postgres + Redis" } as const;

const TARGETS: readonly Target[] = [
  throughput("postgres", "dbos-postgres", "DBOS", 12),
  throughput("postgres", "openworkflow-postgres", "OpenWorkflow", 12),
  throughput("postgres", "pg-boss-postgres", "pg-boss's chain", 1.5),
  throughput("postgres", "floor-postgres", "the commit floor", 0.6),
  throughput("sqlite", "openworkflow-sqlite", "OpenWorkflow", 25),
  throughput("sqlite", "floor-sqlite", "the commit floor", 0.5),
  { what: "W2 Postgres: p50 against DBOS's", measured: (all) => all.ratio("wfe-postgres", "dbos-postgres", "w2", "p50Ms"), bound: { atMost: 0.5 } },
  { what: "W2 SQLite FULL: p50", measured: (all) => all.median("wfe-sqlite", "w2", "p50Ms"), bound: { atMost: 1 }, unit: "ms" },
  ...Object.keys(STORES).flatMap((store) => [
    branches(store, 1_000, 100),
    branches(store, 10_000, 1_000),
    of(store, "W4: p50 against W2's", 1.5, (all, name) => quotient(all.median(name, "w4", "p50Ms"), all.median(name, "w2", "p50Ms"))),
    of(store, "W5: p50 beside sleepers against before", 1.2, (all, name) =>
      quotient(all.median(name, "w5", "p50Ms"), all.median(name, "w5", "emptyP50Ms")),
    ),
    of(store, "W5: heap with sleepers against before", 1.2, (all, name) =>
      quotient(all.median(name, "w5", "fullHeapBytes"), all.median(name, "w5", "emptyHeapBytes")),
    ),
    of(store, "history: last part against the first", 1.3, (all, name) =>
      quotient(all.median(name, "history", "lastMs"), all.median(name, "history", "firstMs")),
    ),
  ]),
];

/** Every target with what was measured. @param isConclusive - Whether the run was large enough, and alone on its machine, for a verdict. */
export function targetTable(all: Measurements, isConclusive: boolean): string {
  const rows = TARGETS.map(({ what, measured, bound, unit = "×" }) => {
    const value = measured(all);
    const wanted = "atLeast" in bound ? `≥ ${bound.atLeast} ${unit}` : `≤ ${bound.atMost} ${unit}`;
    if (value === undefined) return [what, wanted, "—", "not measured"];
    const isMet = "atLeast" in bound ? value >= bound.atLeast : value <= bound.atMost;
    return [what, wanted, `${shown(value)} ${unit}`, isConclusive ? (isMet ? "met" : "**missed**") : "no verdict"];
  });
  return markdownTable(["target", "wanted", "measured", ""], rows);
}

function throughput(store: keyof typeof STORES, other: string, title: string, atLeast: number): Target {
  return {
    what: `W1 ${STORES[store]}: steps/s against ${title}`,
    measured: (all) => all.ratio(`wfe-${store}`, other, "w1", "stepsPerSecond"),
    bound: { atLeast },
  };
}

function branches(store: string, many: number, few: number): Target {
  return of(store, `W3: ${many} branches against ${few}`, 12, (all, name) =>
    quotient(all.median(name, "w3", "elapsedMs", many), all.median(name, "w3", "elapsedMs", few)),
  );
}

function of(store: string, what: string, atMost: number, measured: (all: Measurements, engine: string) => number | undefined): Target {
  const [workload, rest] = [what.slice(0, what.indexOf(":")), what.slice(what.indexOf(":"))];
  const title = Object.entries(STORES).find(([name]) => name === store)?.[1] ?? store;
  return { what: `${workload} ${title}${rest}`, measured: (all) => measured(all, `wfe-${store}`), bound: { atMost } };
}

function quotient(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined ? undefined : value / by;
}
