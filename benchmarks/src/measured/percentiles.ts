/** The value below which a part of the values lies: the nearest rank. @throws RangeError when there is no value. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))];
  if (value === undefined) throw new RangeError("no values, no percentile");
  return value;
}

/** The value in the middle; of an even number, the mean of the two. */
export function median(values: readonly number[]): number {
  return (percentile(values, 0.5) + percentile(values, 0.5 + 0.5 / values.length)) / 2;
}
