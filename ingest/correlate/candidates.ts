import { toEpochMs } from '../../src/model/time.js';
import type { Inventory } from '../inventory.js';
import type { Problem, Problems } from '../problems.js';
import type { LinkRule } from '../rules/rule.js';
import { causal, fits } from './causal.js';
import { semantic } from './semantic.js';
import { spatial } from './spatial.js';
import { temporal } from './temporal.js';

/** One way in which one problem may have brought about another, with its four scores. */
export interface Candidate {
  readonly cause: Problem;
  readonly effect: Problem;
  readonly rule: LinkRule;
  readonly temporal: number;
  readonly spatial: number;
  readonly causal: number;
  readonly semantic: number;
  /** P(effect | cause). */
  readonly strength: number;
  readonly lagMs: number;
}

export interface Dimensions {
  readonly temporal: boolean;
  readonly spatial: boolean;
  readonly causal: boolean;
  readonly semantic: boolean;
}

export const allDimensions: Dimensions = { temporal: true, spatial: true, causal: true, semantic: true };

/** Changes that pods take up by being made anew; two within this are one edit. */
const taken = /^change\.(?:image|spec|config|restart)$/;
const oneEditMs = 5_000;

export type Candidates = (effect: Problem) => Candidate[];

/**
 * The candidate causes of an effect, the strongest rule for each pair. What was found once stays while both problems do, even when the
 * relation it went over has ended: it held when the effect began. A dimension that is switched off scores 0.7 everywhere and
 * forbids nothing, except the spatial one, which then reaches no further than the thing itself and its call target.
 */
export function createCandidates(parts: {
  readonly inventory: Inventory;
  readonly problems: Problems;
  readonly links: readonly LinkRule[];
  readonly dimensions: Dimensions;
}): Candidates {
  const { inventory, problems, dimensions } = parts;
  const byEffect = new Map<string, LinkRule[]>();
  for (const rule of parts.links) {
    for (const category of rule.effect.categories) {
      const list = byEffect.get(category);
      if (list) list.push(rule);
      else byEffect.set(category, [rule]);
    }
  }

  const found = new WeakMap<Problem, Found>();

  return (effect) => {
    const before = found.get(effect);
    if (before && isFresh(before, effect)) return before.list;
    const best = before?.best ?? new Map<Problem, Candidate>();
    const places = new Map<number, number>();
    const newestMs = newestPodMs(effect, effect.firstMs);
    for (const rule of byEffect.get(effect.category) ?? []) {
      if (!fits(rule.effect, effect, inventory)) continue;
      for (const place of spatial(effect, rule, inventory)) {
        if (!dimensions.spatial && rule.path.steps.length > 0) continue;
        places.set(place.unit, problems.versionOn(place.unit));
        for (const cause of problems.on(place.unit)) {
          if (cause === effect || !fits(rule.cause, cause, inventory)) continue;
          const time = dimensions.temporal
            ? temporal(cause, effect, rule, rule.serving ? servingMs(cause) : tookHold(cause, effect, newestMs))
            : { score: 0.7, lagMs: effect.firstMs - cause.firstMs };
          if (time === null) continue;
          const words = dimensions.semantic ? semantic(cause, effect, place.via, inventory) : 0.7;
          const knowledge = dimensions.causal ? causal(rule) : 0.7;
          const strength = knowledge * time.score * place.score * (1 - rule.wording * (1 - words));
          if (strength === 0) continue;
          const other = best.get(cause);
          if (other && other.strength >= strength) continue;
          best.set(cause, {
            cause,
            effect,
            rule,
            temporal: time.score,
            spatial: place.score,
            causal: knowledge,
            semantic: words,
            strength: Math.min(strength, 0.99),
            lagMs: time.lagMs,
          });
        }
      }
    }
    const list = [...best.values()].sort((a, b) => a.cause.serial - b.cause.serial);
    found.set(effect, { best, list, places, version: effect.version, topology: inventory.version() });
    return list;
  };

  /** When a change reached the effect's thing: its newest pod, or the newest of before the same thing was changed again. */
  function tookHold(cause: Problem, effect: Problem, newestMs: number): number {
    if (!cause.category.startsWith('change.')) return newestMs;
    let untilMs = effect.firstMs;
    for (const { category, firstMs } of problems.on(cause.unit))
      if (taken.test(category) && firstMs > cause.firstMs + oneEditMs && firstMs < untilMs) untilMs = firstMs;
    // A pod's creation is told to the second.
    return untilMs === effect.firstMs ? newestMs : newestPodMs(effect, Math.floor(untilMs / 1000) * 1000 - 1);
  }

  /** When the newest pod of the effect's unit was made that was there at that moment; -Infinity without one. */
  function newestPodMs(effect: Problem, untilMs: number): number {
    let newest = -Infinity;
    for (const member of inventory.members(effect.unit)) {
      const createdMs = inventory.createdMs(member);
      if (inventory.ref(member).kind === 'Pod' && createdMs <= untilMs && createdMs > newest) newest = createdMs;
    }
    return newest;
  }

  /** When the first pod that was made since a change was ready to answer others; Infinity while none is, -Infinity where none was made. */
  function servingMs(change: Problem): number {
    let first = -Infinity;
    for (const member of inventory.members(change.unit)) {
      // A pod's creation is told to the second.
      if (inventory.ref(member).kind !== 'Pod' || inventory.createdMs(member) < change.firstMs - 1000) continue;
      const { readyAt } = inventory.facts(member);
      const readyMs = typeof readyAt === 'string' ? toEpochMs(readyAt) : Infinity;
      first = first === -Infinity ? readyMs : Math.min(first, readyMs);
    }
    return first;
  }

  /** Nothing it was made from has changed: the effect, the topology, the problems wherever a rule looked. */
  function isFresh({ version, topology, places }: Found, effect: Problem): boolean {
    if (version !== effect.version || topology !== inventory.version()) return false;
    for (const [unit, seen] of places) if (problems.versionOn(unit) !== seen) return false;
    return true;
  }
}

interface Found {
  readonly best: Map<Problem, Candidate>;
  readonly list: Candidate[];
  /** Units that a rule looked at, with the version of the problems there. */
  readonly places: ReadonlyMap<number, number>;
  readonly version: number;
  readonly topology: number;
}
