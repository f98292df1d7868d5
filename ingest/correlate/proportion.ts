import type { Problem } from '../problems.js';

const latencies: ReadonlySet<string> = new Set(['app.slow', 'call.slow', 'network.delay']);
/** A callee that is called twice for each request accounts for twice what it takes once; far less than that does not add up. */
const enough = 0.5;
const least = 0.02;

/**
 * How far one slowness can account for another: a second more at the callee does not make ten at the caller. 1 where the two were not
 * measured alike, or the callee's part is large enough.
 */
export function proportion(cause: Problem, effect: Problem): number {
  if (!latencies.has(cause.category) || !latencies.has(effect.category)) return 1;
  let share: number | null = null;
  for (const [metric, increase] of effect.increases) {
    const own = cause.increases.get(metric);
    if (own !== undefined && increase > 0) share = Math.max(share ?? 0, own / increase);
  }
  return share === null ? 1 : Math.max(least, Math.min(1, share / enough) ** 2);
}
