/** How long calls took, in milliseconds. */
export interface Figures {
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
}

export function figuresOf(times: readonly number[]): Figures {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1) };
}

/** Times so many calls, one after the other, after a few that do not count. */
export async function timed(call: () => Promise<unknown>, calls = 60): Promise<Figures> {
  for (let turn = 0; turn < 5; turn += 1) await call();
  const times: number[] = [];
  for (let turn = 0; turn < calls; turn += 1) {
    const begun = performance.now();
    await call();
    times.push(performance.now() - begun);
  }
  return figuresOf(times);
}

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
