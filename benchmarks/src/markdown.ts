/** A table in Markdown, its columns padded so that it reads as text too. Numbers stand to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const isRight = head.map((_, column) => column > 0 && rows.every((row) => /^([\d.,]+( ?[×%])?|—|)( \(.*\))?$/.test(row[column] ?? "")));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (isRight[column] ? (cells[column] ?? "").padStart(width) : (cells[column] ?? "").padEnd(width))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (isRight[column] ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

/** Three digits that count, with commas; `—` for what is not known. */
export function shown(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "—";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A count. */
export function whole(value: number | undefined): string {
  return value === undefined ? "—" : value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}
