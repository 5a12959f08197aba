import { ENGINES } from "./engines.ts";
import { markdownTable } from "./markdown.ts";
import { type Workload, WORKLOADS } from "./measured/work.ts";
import { Measurements } from "./measurements.ts";
import type { Result } from "./result.ts";
import { targetTable } from "./targets.ts";
import { workloadTable } from "./workload-tables.ts";

const TITLES: Readonly<Record<Workload, string>> = {
  w1: "W1: many workflows of ten steps",
  w2: "W2: one workflow of one step, from start to result",
  w3: "W3: one workflow of many parallel branches",
  w4: "W4: from an event's publication to the step behind it",
  w5: "W5: W2 beside sleeping workflows",
  history: "history: one workflow with a long loop",
};

/**
 * The results of a run in Markdown.
 *
 * @param head - Lines on the machine and the run.
 * @param isConclusive - Whether the run was large enough, and alone on its machine, for a verdict on the targets.
 */
export function report(head: readonly string[], results: readonly Result[], isConclusive: boolean): string {
  const all = new Measurements(results);
  const tables = WORKLOADS.flatMap((workload) => {
    const table = workloadTable(all, workload);
    return table === undefined ? [] : [`## ${TITLES[workload]}`, table];
  });
  return `${[
    "# Benchmarks",
    head.map((line) => `- ${line}`).join("\n"),
    ...tables,
    "## Targets",
    targetTable(all, isConclusive),
    ...section("## Not right, or failed", troubles(results)),
    ...section("## Not measured", cannots(results)),
  ].join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, lines.join("\n")];
}

function troubles(results: readonly Result[]): readonly string[] {
  return results.flatMap((result) => {
    if (result.kind === "failed") return [`- ${result.engine}, ${result.workload} (${result.size}): ${result.error}`];
    if (result.kind !== "measured" || result.isRight) return [];
    const counts = `in the store ${JSON.stringify(result.stored)}, expected ${JSON.stringify(result.expected)}`;
    return [`- ${result.engine}, ${result.workload} (${result.size}), repetition ${result.repetition}: ${counts}`];
  });
}

/** One row for all that an engine cannot do for the same reason. */
function cannots(results: readonly Result[]): readonly string[] {
  const rows = new Map<string, { readonly title: string; readonly works: string[]; readonly reason: string }>();
  for (const result of results) {
    if (result.kind !== "cannot") continue;
    const title = ENGINES.find(({ name }) => name === result.engine)?.title ?? result.engine;
    const key = JSON.stringify([title, result.reason]);
    const row = rows.get(key) ?? { title, works: [], reason: result.reason };
    row.works.push(`${result.workload} (${result.size})`);
    rows.set(key, row);
  }
  if (rows.size === 0) return [];
  return [
    markdownTable(
      ["engine", "workloads", "why"],
      [...rows.values()].map(({ title, works, reason }) => [title, works.join(", "), reason]),
    ),
  ];
}
