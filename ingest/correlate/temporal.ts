import type { Problem } from '../problems.js';
import type { LinkRule } from '../rules/rule.js';

export interface TemporalScore {
  readonly score: number;
  /** effect minus cause. */
  readonly lagMs: number;
}

/** What a change keeps of its strength however long ago it took hold. */
const changeFloor = 0.05;
/** An effect told by somebody whose clock is as coarse as this may belong to a change that is only just taking hold. */
const coarseMs = 30_000;
const takingHold = 0.5;

/**
 * Where the two stand in the scale of the rule: at once is best, its end is less good, before the cause is possible within the slack
 * only. `tookHoldMs`: when a change reached what it has its effect through (the newest pod of the effect's thing; for a rule that is
 * `serving`, the first pod made since that is ready, Infinity while none is), at the earliest when it was made.
 */
export function temporal(cause: Problem, effect: Problem, rule: LinkRule, tookHoldMs: number): TemporalScore | null {
  const lagMs = effect.firstMs - cause.firstMs;
  const changed = cause.category.startsWith('change.');
  // What is measured once a minute began at some time of that minute, and whether its time is the begin or the end of it is not told.
  const slackMs = rule.slackMs + (changed ? 2 * effect.intervalMs : 0);
  if (lagMs < -slackMs) return null;
  const sinceMs = effect.firstMs - Math.max(cause.firstMs, tookHoldMs);
  if (rule.serving && sinceMs < -rule.slackMs) return rule.slackMs >= coarseMs ? { score: takingHold, lagMs } : null;
  if (lagMs < 0) return { score: 0.95 - 0.2 * (-lagMs / Math.max(slackMs, 1)), lagMs };
  if (changed)
    return lagMs <= rule.afterMs
      ? { score: Math.max(changeFloor, Math.exp(-Math.max(0, sinceMs) / rule.decayMs)), lagMs }
      : null;
  if (lagMs <= rule.afterMs) return { score: 1 - 0.4 * (lagMs / rule.afterMs), lagMs };
  // A condition that still holds, or was measured again since, goes on having effects, if less surely this one.
  const measured = cause.intervalMs > 0 && cause.occurredMs + cause.intervalMs >= effect.firstMs;
  return cause.open.size > 0 || measured ? { score: 0.5, lagMs } : null;
}
