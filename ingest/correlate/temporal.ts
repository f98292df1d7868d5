import type { Problem } from '../problems.js';
import type { LinkRule } from '../rules/rule.js';

export interface TemporalScore {
  readonly score: number;
  /** effect minus cause. */
  readonly lagMs: number;
}

/** A change that is at fault shows soon after it takes hold; what went well for a minute was probably well. */
const changeDecayMs = 60_000;
const changeFloor = 0.05;

/**
 * Where the two stand in the scale of the rule: at once is best, its end is less good, before the cause is possible within the slack
 * only. `tookHoldMs`: when a change reached the effect's thing (its newest pod), at the earliest when it was made.
 */
export function temporal(cause: Problem, effect: Problem, rule: LinkRule, tookHoldMs: number): TemporalScore | null {
  const lagMs = effect.firstMs - cause.firstMs;
  if (lagMs < -rule.slackMs) return null;
  if (lagMs < 0) return { score: 0.95 - 0.2 * (-lagMs / Math.max(rule.slackMs, 1)), lagMs };
  if (cause.category.startsWith('change.')) {
    const sinceMs = effect.firstMs - Math.max(cause.firstMs, tookHoldMs);
    return lagMs <= rule.afterMs
      ? { score: Math.max(changeFloor, Math.exp(-Math.max(0, sinceMs) / changeDecayMs)), lagMs }
      : null;
  }
  if (lagMs <= rule.afterMs) return { score: 1 - 0.4 * (lagMs / rule.afterMs), lagMs };
  // A condition that still holds goes on having effects, if less surely this one.
  return cause.open.size > 0 ? { score: 0.5, lagMs } : null;
}
