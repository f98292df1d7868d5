/**
 * How surprising it is that so many of the latest observations are unusual, after how few of the earlier ones were. The chance of the
 * next one is Beta-distributed after what was seen, so that a short history surprises less than a long one: after n observations of which
 * k were unusual, j of the next m are so with the beta-binomial probability (Johnson, Kemp and Kotz, Univariate Discrete Distributions, 6.2.2).
 */
export interface Surprise {
  /** Chance of at least so many unusual ones by the same ways as before. */
  readonly chance: number;
  /** Position in the list, of the first observation that counts; all from there on count. */
  readonly from: number;
  readonly unusual: number;
}

/** What is taken as seen before anything was, in observations. */
export interface PriorShare {
  readonly unusual: number;
  readonly usual: number;
}

/** Unusual is rare, and that is all that is known. */
export const rare: PriorShare = { unusual: 0.1, usual: 1 };

/** P(at least j of m) after k of n. `n` and `m` are small (hundreds). */
export function chanceOfAtLeast(j: number, m: number, k: number, n: number, prior: PriorShare = rare): number {
  const a = k + prior.unusual;
  const b = n - k + prior.usual;
  // P(exactly m of m), then downwards: P(i-1) / P(i) = i (b + m - i) / ((m - i + 1) (a + i - 1)).
  let term = 1;
  for (let i = 0; i < m; i += 1) term *= (a + i) / (a + b + i);
  let sum = term;
  for (let i = m; i > j; i -= 1) {
    term *= (i * (b + m - i)) / ((m - i + 1) * (a + i - 1));
    sum += term;
  }
  return Math.min(1, sum);
}

/**
 * The most surprising end of the list, of at least `least` observations with at least the part `share` unusual, beginning with an unusual
 * one; null when there is none.
 */
export function mostSurprisingEnd(
  recent: readonly boolean[],
  before: { readonly unusual: number; readonly of: number },
  { least, share, prior = rare }: { readonly least: number; readonly share: number; readonly prior?: PriorShare },
): Surprise | null {
  let best: Surprise | null = null;
  let unusual = 0;
  for (let from = recent.length - 1; from >= 0; from -= 1) {
    if (!recent[from]) continue;
    unusual += 1;
    const of = recent.length - from;
    if (of < least || unusual < share * of) continue;
    const chance = chanceOfAtLeast(unusual, of, before.unusual, before.of, prior);
    if (best === null || chance <= best.chance) best = { chance, from, unusual };
  }
  return best;
}
