import type { Problem } from '../problems.js';
import type { LinkRule } from '../rules/rule.js';

export interface TemporalScore {
  readonly score: number;
  /** effect minus cause. */
  readonly lagMs: number;
}

/** Where the two stand in the scale of the rule: at once is best, its end is half as good, before the cause is possible within the slack only. */
export function temporal(cause: Problem, effect: Problem, rule: LinkRule): TemporalScore | null {
  const lagMs = effect.firstMs - cause.firstMs;
  if (lagMs < -rule.slackMs) return null;
  if (lagMs < 0) return { score: 0.95 - 0.2 * (-lagMs / Math.max(rule.slackMs, 1)), lagMs };
  if (lagMs <= rule.afterMs) return { score: 1 - 0.4 * (lagMs / rule.afterMs), lagMs };
  // A condition that still holds goes on having effects, if less surely this one.
  return cause.open.size > 0 && !cause.category.startsWith('change.') ? { score: 0.5, lagMs } : null;
}
