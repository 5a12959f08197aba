import { type Engine, ENGINES } from "./engines.ts";
import { markdownTable, shown, whole } from "./markdown.ts";
import type { Workload } from "./measured/work.ts";
import type { Measurements } from "./measurements.ts";

/** The engine of wfe that another is compared with: the one on its store, with its durability. */
function counterpart(engine: Engine): string | undefined {
  if (engine.name.startsWith("wfe-")) return undefined;
  if (engine.name.startsWith("floor-")) return engine.name.replace("floor-", "wfe-");
  return {
    postgres: "wfe-postgres",
    sqlite: "wfe-sqlite",
    redis: "wfe-postgres-redis",
    "postgres+redis": "wfe-postgres-redis",
    memory: "wfe-sqlite-normal",
  }[engine.store];
}

/** One workload's results in Markdown. @returns `undefined` when nothing was measured. */
export function workloadTable(all: Measurements, workload: Workload): string | undefined {
  const engines = ENGINES.filter(({ name }) => all.of(name, workload).length > 0);
  if (engines.length === 0) return undefined;
  switch (workload) {
    case "w1":
      return throughputTable(all, engines);
    case "w2":
    case "w4":
      return latencyTable(all, engines, workload);
    case "w3":
      return branchesTable(all, engines);
    case "w5":
      return sleepersTable(all, engines);
    case "history":
      return historyTable(all, engines);
  }
}

function throughputTable(all: Measurements, engines: readonly Engine[]): string {
  const head = ["engine", "steps/s", "lowest–highest", "wfe is", ...COST_HEAD, "Node.js", "durability"];
  const rows = engines.map((engine) => {
    const { name } = engine;
    const rates = all.of(name, "w1").map(({ figures }) => figures["stepsPerSecond"] ?? 0);
    const range = `${shown(Math.min(...rates))}–${shown(Math.max(...rates))}`;
    return [
      engine.title,
      shown(all.median(name, "w1", "stepsPerSecond")),
      range,
      times(all, engine, "w1", "stepsPerSecond"),
      ...costs(all, engine, "w1"),
      nodes(all, name, "w1"),
      engine.durability,
    ];
  });
  return markdownTable(head, rows);
}

function latencyTable(all: Measurements, engines: readonly Engine[], workload: "w2" | "w4"): string {
  // What W4 does before it publishes is among its costs: they would not be those of an event.
  const hasCosts = workload === "w2";
  const head = ["engine", "p50, ms", "p99, ms", "wfe's p50 is", ...(hasCosts ? COST_HEAD : []), "Node.js"];
  const rows = engines.map((engine) => [
    engine.title,
    shown(all.median(engine.name, workload, "p50Ms")),
    shown(all.median(engine.name, workload, "p99Ms")),
    times(all, engine, workload, "p50Ms"),
    ...(hasCosts ? costs(all, engine, workload) : []),
    nodes(all, engine.name, workload),
  ]);
  return markdownTable(head, rows);
}

function branchesTable(all: Measurements, engines: readonly Engine[]): string {
  const sizes = all.sizes("w3");
  const head = [
    "engine",
    ...sizes.map((size) => `${whole(size)} branches, ms`),
    ...sizes.slice(1).map((size, index) => `${whole(size)} ÷ ${whole(sizes[index])}`),
  ];
  const rows = engines.map(({ name, title }) => {
    const elapsed = sizes.map((size) => all.median(name, "w3", "elapsedMs", size));
    const growth = elapsed.slice(1).map((each, index) => divided(each, elapsed[index]));
    return [title, ...elapsed.map(shown), ...growth.map((each) => `${shown(each)} ×`)];
  });
  return markdownTable(head, rows);
}

function sleepersTable(all: Measurements, engines: readonly Engine[]): string {
  const head = [
    "engine",
    "sleepers",
    "p50 before, ms",
    "p50 beside them, ms",
    "ratio",
    "p99 beside them, ms",
    "heap before, MiB",
    "heap with them, MiB",
  ];
  const rows = engines.map(({ name, title }) => {
    const figure = (of: string): number | undefined => all.median(name, "w5", of);
    return [
      title,
      whole(all.of(name, "w5")[0]?.size),
      shown(figure("emptyP50Ms")),
      shown(figure("p50Ms")),
      `${shown(divided(figure("p50Ms"), figure("emptyP50Ms")))} ×`,
      shown(figure("p99Ms")),
      shown(mebibytes(figure("emptyHeapBytes"))),
      shown(mebibytes(figure("fullHeapBytes"))),
    ];
  });
  return markdownTable(head, rows);
}

function historyTable(all: Measurements, engines: readonly Engine[]): string {
  const head = ["engine", "iterations", "part", "first part, ms", "last part, ms", "ratio", "heap at the end, MiB"];
  const rows = engines.flatMap(({ name, title }) =>
    all.sizes("history").map((size) => {
      const figure = (of: string): number | undefined => all.median(name, "history", of, size);
      const ratio = divided(figure("lastMs"), figure("firstMs"));
      const parts = [whole(figure("partIterations")), shown(figure("firstMs")), shown(figure("lastMs")), `${shown(ratio)} ×`];
      return [title, whole(size), ...parts, shown(mebibytes(figure("fullHeapBytes")))];
    }),
  );
  return markdownTable(head, rows);
}

const COST_HEAD = [
  "round trips/step",
  "Redis commands/step",
  "fsyncs/step",
  "log bytes/step",
  "CPU of the process, µs/step",
  "CPU of the servers, µs/step",
];

/** What a step costs: one of ten of W1, the only one of a workflow of W2. */
function costs(all: Measurements, { name, store }: Engine, workload: Workload): readonly string[] {
  const cost = (figure: string): number | undefined => all.perStep(name, workload, figure);
  const cpu = (figure: string): number | undefined => {
    const ms = cost(figure);
    return ms === undefined ? undefined : ms * 1_000;
  };
  const isOnSqlite = store === "sqlite";
  // SQLite's are counted for W1 alone.
  const fsyncs = isOnSqlite ? (workload === "w1" ? all.fsyncsPerStep(name) : undefined) : all.syncsPerStep(name, workload);
  return [
    shown(cost("roundTrips")),
    shown(cost("redisCommands")),
    shown(fsyncs),
    shown(isOnSqlite ? cost("writtenBytes") : cost("walBytes")),
    shown(cpu("clientCpuMs")),
    shown(cpu("serverCpuMs")),
  ];
}

function times(all: Measurements, engine: Engine, workload: Workload, figure: string): string {
  const wfe = counterpart(engine);
  if (wfe === undefined) return "";
  const ratio = all.ratio(wfe, engine.name, workload, figure);
  return ratio === undefined ? "—" : `${shown(ratio)} ×`;
}

function nodes(all: Measurements, engine: string, workload: Workload): string {
  return [...new Set(all.of(engine, workload).map(({ node }) => node))].join(", ");
}

function divided(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined ? undefined : value / by;
}

function mebibytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 2 ** 20;
}
