import type { RunReport } from "./run-orders.ts";

/** The report as a table for people. */
export function reportTable(report: RunReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ["orders", String(report.orders)],
    ["steps", String(report.stepsCommitted)],
    ["attempts that failed and were retried", String(report.attemptsFailed)],
    ["kills (SIGKILL)", String(report.kills)],
    ["steps run again after the kills", String(report.stepsRunAgain)],
    ["lost", String(report.lost.length)],
    ["duplicated commits", String(report.duplicated.length)],
    ["seconds", report.seconds.toFixed(1)],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const [left = 0, right = 0] = widths;
  const line = (start: string, middle: string, end: string): string => `${start}${"─".repeat(left + 2)}${middle}${"─".repeat(right + 2)}${end}`;
  return [line("┌", "┬", "┐"), ...rows.map(([name, value]) => `│ ${name.padEnd(left)} │ ${value.padStart(right)} │`), line("└", "┴", "┘")].join("\n");
}
