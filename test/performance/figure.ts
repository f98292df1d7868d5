/** One measured number, beside the best that the same machine can do in the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `events/s`, `ms`, `MiB` … */
  readonly unit: string;
  /** The ceiling or peer in the same unit: what the bare mechanism reaches. Null where there is nothing to compare with. */
  readonly ceiling: number | null;
  /** value / ceiling; of times and sizes less is better, of rates more. Null without a ceiling. */
  readonly ratio: number | null;
}

/** A bench by name: `./<name>.js` exports `run`. */
export interface Bench {
  run(): Promise<Figure[]>;
}

export function figure(name: string, value: number, unit: string, ceiling: number | null = null): Figure {
  return { name, value, unit, ceiling, ratio: ceiling === null || ceiling === 0 ? null : value / ceiling };
}

/** The middle of the sorted values: one slow round on a busy machine does not count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
