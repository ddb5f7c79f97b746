/** What a ratio of two servers that took turns is, and how sure that is. */

export interface Interval {
  readonly ratio: number;
  /** The ends of the 95 % confidence interval. */
  readonly low: number;
  readonly high: number;
}

/**
 * Of a round's turns the geometric mean is taken: they share their processes, so they are no independent measurements. The rounds
 * are, each with fresh processes. Student's t over their logarithms gives the interval.
 *
 * @param rounds the ratios of each round's turns
 * @returns NaN for the ends where there are fewer than two rounds
 */
export function interval(rounds: readonly (readonly number[])[]): Interval {
  const logs = rounds
    .filter((turns) => turns.length > 0)
    .map((turns) => mean(turns.map((ratio) => Math.log(ratio))));
  const middle = mean(logs);
  const variance = logs.reduce((sum, log) => sum + (log - middle) ** 2, 0) / (logs.length - 1);
  const half = quantile(logs.length - 1) * Math.sqrt(variance / logs.length);
  return { ratio: Math.exp(middle), low: Math.exp(middle - half), high: Math.exp(middle + half) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of Student's t, two-sided 95 %, for 1 to 30 degrees of freedom: any table of it. */
const QUANTILES = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

function quantile(freedom: number): number {
  return freedom < 1 ? Number.NaN : (QUANTILES[freedom - 1] ?? 2.042);
}
