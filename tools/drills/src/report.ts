import type { DrillOutcome } from "./drill-run.ts";
import type { Finding } from "./finding.ts";

/** A drill and where it was run. */
export interface DrillTitle {
  readonly drill: string;
  readonly store: string;
  readonly hosts: number;
  readonly workflows: number;
}

/** Of a warning, which may end with long texts of a server. */
const WIDEST = 150;
/** Details of one finding that are printed at most. */
const DETAILS = 5;

/** What was done, what was looked at, seen and expected, and the verdict, for people. */
export function report({ drill, store, hosts, workflows }: DrillTitle, outcome: DrillOutcome): string {
  const { done, findings, figures, warnings, isGood } = outcome;
  const wrong = findings.filter((finding) => !finding.isGood);
  return [
    "",
    `drill ${drill} on ${store}: ${hosts} hosts, ${workflows} workflows`,
    "",
    "what was done",
    ...done.map((line) => `  ${line}`),
    "",
    ...table(findings),
    "",
    "figures",
    ...pairs(Object.entries(figures)),
    ...(Object.keys(warnings).length === 0 ? [] : ["", "what hosts have warned of", ...pairs(mostFirst(warnings), "times ")]),
    ...wrong.flatMap(({ what, details = [] }) => ["", `wrong: ${what}`, ...details.slice(0, DETAILS).map((detail) => `  ${JSON.stringify(detail)}`)]),
    "",
    isGood ? "verdict: good" : `verdict: BAD, ${wrong.length} of ${findings.length} are not as they must be`,
    "",
  ].join("\n");
}

const HEAD = ["what was looked at", "seen", "expected", "verdict"] as const;

function table(findings: readonly Finding[]): readonly string[] {
  const rows = findings.map(({ what, seen, expected, isGood }) => [what, seen, expected, isGood ? "good" : "BAD"]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(HEAD), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)];
}

function pairs(entries: readonly (readonly [string, string])[], between = ""): readonly string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `  ${name.padEnd(width)}  ${between}${value}`);
}

function mostFirst(warnings: Readonly<Record<string, number>>): readonly (readonly [string, string])[] {
  const sorted = Object.entries(warnings).toSorted(([, a], [, b]) => b - a);
  return sorted.map(([what, count]) => [String(count), what.length > WIDEST ? `${what.slice(0, WIDEST)} …` : what]);
}
