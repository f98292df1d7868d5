import { categoryInfo } from '../../src/model/categories.js';
import type { Evidence } from '../../src/model/correlation-result.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';
import { representative, type Problem } from '../problems.js';
import type { Candidate, Dimensions } from './candidates.js';
import type { Experience } from './experience.js';
import { featuresOf, hearsayOf, oddsOf } from './hearsay.js';
import { byTime, maxAlternatives, round, type Alternative, type Story, type StoryParts } from './story.js';

/** Alerts that begin within this of each other are of one incident, as Alertmanager groups them (group_interval). */
const apartMs = 300_000;
/** What is told of each thing as evidence. */
const maxReasons = 4;

/** Known from other systems' judgement alone, and nothing that names what broke. */
export function isHearsay({ category, events, open }: Problem): boolean {
  if (categoryInfo(category).conclusive) return false;
  for (const { type } of events.values()) if (type !== 'alert') return false;
  for (const { type } of open.values()) if (type !== 'alert') return false;
  return true;
}

/** Pairs of problems that belong to one area although no rule links them: alerts of one namespace (nodes: of any) at one time. */
export function hearsayTogether(
  involved: readonly Problem[],
  namespaceOf: (problem: Problem) => string | null,
): [Problem, Problem][] {
  const pairs: [Problem, Problem][] = [];
  const latest = new Map<string | null, Problem>();
  for (const problem of involved.filter(isHearsay).sort(byTime)) {
    const namespace = namespaceOf(problem);
    for (const before of namespace === null ? latest.values() : [latest.get(namespace), latest.get(null)])
      if (before && problem.firstMs - before.firstMs <= apartMs) pairs.push([before, problem]);
    latest.set(namespace, problem);
  }
  return pairs;
}

/**
 * The story of an area of which there are alerts of other systems only, on several things. The thing whose alerts weigh most is to blame,
 * and of its problems the one that was the most surprising; confidence is the softmax of the log odds, which is what the weights were
 * fitted as. Learned, and told so. Null where there is nothing to weigh.
 */
export function weigh(
  { inventory }: Pick<StoryParts, 'inventory'>,
  members: readonly Problem[],
  candidates: readonly Candidate[],
  experience: Experience,
  dimensions: Dimensions,
): Story | null {
  if (!members.every(isHearsay)) return null;
  const problemsOf = new Map<string, Problem[]>();
  const said = members.flatMap((problem) => {
    const thing = inventory.ref(problem.unit);
    const list = problemsOf.get(thing.id);
    if (list) list.push(problem);
    else problemsOf.set(thing.id, [problem]);
    return eventsOf(problem).map((event) => ({ ...hearsayOf(event), thing: thing.id }));
  });
  if (problemsOf.size < 2) return null;
  const features = featuresOf(said, experience, dimensions);
  const odds = oddsOf(features, experience, dimensions.causal);
  const order = [...problemsOf.keys()].sort(
    (a, b) => odds.get(b)! - odds.get(a)! || problemsOf.get(a)![0]!.serial - problemsOf.get(b)![0]!.serial,
  );
  const best = odds.get(order[0]!)!;
  const total = order.reduce((sum, thing) => sum + Math.exp(odds.get(thing)! - best), 0);
  const chanceOf = (thing: string): number => round(Math.exp(odds.get(thing)! - best) / total);

  const root = leading(problemsOf.get(order[0]!)!, experience);
  const reasons = (thing: string): Evidence[] =>
    [...features.get(thing)!]
      .map(([feature, value]) => ({ feature, weight: round((experience.weights.get(feature) ?? 0) * value) }))
      .filter(({ weight }) => weight !== 0)
      .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight) || (a.feature < b.feature ? -1 : 1))
      .slice(0, maxReasons)
      .map(({ feature, weight }) => ({
        text: `${weight > 0 ? 'speaks for' : 'speaks against'} it, as learned from ${experience.incidents > 0 ? `${experience.incidents} past incidents` : 'other clusters'}: ${feature}`,
        weight,
        eventId: null,
      }));
  const alternatives = order.slice(1, 1 + maxAlternatives).map((thing): Alternative => {
    const problem = leading(problemsOf.get(thing)!, experience);
    const event = representative(problem);
    return {
      problem,
      confidence: chanceOf(thing),
      evidence: [{ text: event.semantic.message, weight: round(odds.get(thing)! - best), eventId: event.id }],
      whyNot: `what was alerted there weighs less, as learned from past incidents: ${(best - odds.get(thing)!).toFixed(1)} in log odds`,
    };
  });
  const told = representative(root);
  return {
    root,
    members: [...members].sort(byTime),
    edges: directEdges(candidates, root),
    confidence: chanceOf(order[0]!),
    evidence: [{ text: told.semantic.message, weight: 0, eventId: told.id }, ...reasons(order[0]!)],
    alternatives,
    contradictions: [],
  };
}

function eventsOf({ events, open }: Problem): UnifiedEvent[] {
  return [...new Map([...events, ...open]).values()];
}

/** The problem that stands for a thing: what was the most surprising, then what is the likeliest to be a cause, then the earliest. */
function leading(problems: readonly Problem[], experience: Experience): Problem {
  const rank = (problem: Problem): number => {
    const said = eventsOf(problem).map(hearsayOf);
    const surprising = said.reduce(
      (most, { name, alert }) => Math.max(most, -(experience.innocent.get(`${name} ${alert}`) ?? 0)),
      -Infinity,
    );
    return categoryInfo(problem.category).prior + (experience.incidents > 0 ? surprising / experience.incidents : 0);
  };
  return [...problems].sort((a, b) => rank(b) - rank(a) || byTime(a, b))[0]!;
}

/** What rules have to say of the root's own effects, one edge into each. */
function directEdges(candidates: readonly Candidate[], root: Problem): Candidate[] {
  const into = new Map<Problem, Candidate>();
  for (const candidate of candidates) {
    if (candidate.cause !== root) continue;
    const known = into.get(candidate.effect);
    if (!known || candidate.strength > known.strength) into.set(candidate.effect, candidate);
  }
  return [...into.values()];
}
