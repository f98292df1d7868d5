import type { Evidence } from '../../src/model/correlation-result.js';
import type { Inventory } from '../inventory.js';
import type { Problem, Problems } from '../problems.js';
import type { LinkRule } from '../rules/rule.js';
import type { Candidate, Candidates, Dimensions } from './candidates.js';
import type { ConfidenceScale } from './confidence.js';
import type { Experience } from './experience.js';

/** One cause and what it explains: the raw material of an incident. */
export interface Story {
  readonly root: Problem;
  /** The root and everything it explains, by time. */
  readonly members: readonly Problem[];
  /** The best chain's edges to each member. */
  readonly edges: readonly Candidate[];
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
  readonly alternatives: readonly Alternative[];
  readonly contradictions: readonly Evidence[];
}

export interface Alternative {
  readonly problem: Problem;
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
  readonly whyNot: string;
}

/** What telling stories needs. */
export interface StoryParts {
  readonly inventory: Inventory;
  readonly problems: Problems;
  readonly candidates: Candidates;
  /** Rules whose effect is expected, on the thing itself. */
  readonly expecting: readonly LinkRule[];
  /** Fitted on development data only. */
  readonly scale: ConfidenceScale;
  /** What past incidents have taught of this cluster; null: alerts of other systems are problems like all others. */
  readonly experience: Experience | null;
  readonly dimensions: Dimensions;
  /** True where the source that would have seen the effect was healthy. */
  readonly couldSee: (effectUnit: number) => boolean;
}

/** Told apart by what it began with, then by what was seen first. */
export function byTime(a: Problem, b: Problem): number {
  return a.firstMs - b.firstMs || a.serial - b.serial;
}

export const maxAlternatives = 5;

/** Four decimals: enough to read, few enough to compare. */
export function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
