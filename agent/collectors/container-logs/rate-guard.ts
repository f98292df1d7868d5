export interface RateGuard {
  /** False when the line at this moment is over the limit. */
  take(epochMs: number): boolean;
}

/**
 * A token bucket on the lines' own time, so that catching up after a restart is judged like the writing was, not like the reading.
 */
export function createRateGuard(options: { readonly linesPerSecond: number; readonly burstLines: number }): RateGuard {
  let tokens = options.burstLines;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    take(epochMs) {
      if (epochMs > lastMs) {
        if (lastMs !== Number.NEGATIVE_INFINITY) {
          tokens = Math.min(options.burstLines, tokens + ((epochMs - lastMs) / 1000) * options.linesPerSecond);
        }
        lastMs = epochMs;
      }
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
