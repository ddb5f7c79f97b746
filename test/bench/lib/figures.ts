/** Numbers of several runs as one line. */

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** By linear interpolation between the two nearest ranks; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Three digits that mean something: `12 300`, `545`, `3.14`, `0.066`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US").replaceAll(",", " ");
  return value.toFixed(size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 3);
}

/** Median and, in brackets, the smallest and the largest. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "–";
  if (values.length === 1) return short(values[0] as number);
  return `${short(median(values))} (${short(Math.min(...values))}–${short(Math.max(...values))})`;
}

/** The ratio of two cases that were run in turn: the median of the ratios of the rounds. */
export function ratios(of: readonly number[], to: readonly number[]): number[] {
  return of.flatMap((value, round) => {
    const base = to[round];
    return base === undefined || base === 0 ? [] : [value / base];
  });
}
