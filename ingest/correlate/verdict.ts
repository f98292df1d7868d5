import { categoryInfo } from '../../src/model/categories.js';
import type { Evidence } from '../../src/model/correlation-result.js';
import type { Inventory } from '../inventory.js';
import { priorOf, representative, type Problem } from '../problems.js';
import type { Candidate } from './candidates.js';
import { fits } from './causal.js';
import { costOf, leak, linksOf, solve, type Area, type Closure } from './solve.js';
import { shares } from './confidence.js';
import { maxAlternatives, round, type Alternative, type StoryParts } from './story.js';

/** What the cause makes us expect and nobody saw, although somebody would have. */
export function absences(
  parts: StoryParts,
  problem: Problem,
  edgesTo: ReadonlyMap<Problem, readonly Candidate[]>,
  members: readonly Problem[],
  nowMs: number,
): readonly Evidence[] {
  const missing: Evidence[] = [];
  for (const rule of parts.expecting) {
    if (
      nowMs - problem.firstMs < rule.afterMs ||
      !fits(rule.cause, problem, parts.inventory) ||
      !parts.couldSee(problem.unit)
    )
      continue;
    const seen = members.some(
      (member) =>
        rule.effect.categories.has(member.category) &&
        (edgesTo.get(member) ?? []).some(({ cause }) => cause === problem),
    );
    if (seen) continue;
    missing.push({
      text: `${[...rule.effect.categories].join(' or ')} was to be expected and was not seen (${rule.id})`,
      weight: Math.log(1 - rule.strength),
      eventId: null,
    });
  }
  return missing.length > 0 ? missing : nothing;
}

const nothing: readonly Evidence[] = [];

export function reversed(candidates: readonly Candidate[], root: Problem, own: readonly Problem[]): Evidence[] {
  return candidates
    .filter(({ cause, effect, lagMs }) => cause === root && own.includes(effect) && lagMs < -1000)
    .map(({ effect, lagMs, rule }) => ({
      text: `${effect.category} was seen ${seconds(-lagMs)} before its cause; times of different sources differ by up to ${seconds(rule.slackMs)}`,
      weight: -0.1,
      eventId: representative(effect).id,
    }));
}

export function evidenceFor(
  area: Area,
  { strength }: Closure,
  cause: number,
  members: readonly Problem[],
  owner: Int32Array,
  inventory: Inventory,
): Evidence[] {
  const root = members[cause]!;
  const lines: Evidence[] = [];
  for (const event of [...root.events.values()].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1)).slice(0, 4)) {
    lines.push({ text: event.semantic.message, weight: round(Math.log(priorOf(root) / leak)), eventId: event.id });
  }
  for (let e = 0; e < area.size; e++) {
    if (owner[e] !== cause || e === cause) continue;
    const p = strength[cause * area.size + e]!;
    const effect = members[e]!;
    const ref = inventory.ref(effect.unit);
    lines.push({
      text: `explains ${effect.category} on ${ref.kind} ${ref.name}`,
      weight: round(Math.log(p / leak)),
      eventId: representative(effect).id,
    });
  }
  return lines;
}

/** The posterior of the chosen cause against each that could stand in its place, and why each lost. */
export function compare(
  parts: StoryParts,
  area: Area,
  chains: Closure,
  best: { readonly causes: readonly number[]; readonly cost: number },
  cause: number,
  members: readonly Problem[],
  owner: Int32Array,
  candidates: readonly Candidate[],
): { confidence: number; alternatives: Alternative[] } {
  const { size } = area;
  const own: number[] = [];
  for (let e = 0; e < size; e++) if (owner[e] === cause) own.push(e);
  const rivals: { at: number; explained: number }[] = [];
  for (let a = 0; a < size; a++) {
    if (a === cause || area.causeCost[a] === Infinity || best.causes.includes(a)) continue;
    if (isSameChange(members[a]!, members[cause]!)) continue;
    let explained = own.includes(a) ? 1 : 0;
    for (const e of own) {
      const enough = Math.min(0.05, chains.strength[cause * size + e]! / 2);
      if (chains.strength[a * size + e]! > enough) explained++;
    }
    if (explained > 0) rivals.push({ at: a, explained });
  }
  rivals.sort((a, b) => b.explained - a.explained || area.causeCost[a.at]! - area.causeCost[b.at]! || a.at - b.at);
  const scored = rivals
    .slice(0, 12)
    .map(({ at }) => ({ at, cost: solve(area, chains, { banned: cause, forced: at }).cost }))
    .sort((a, b) => a.cost - b.cost || a.at - b.at);
  const odds = scored.map(({ cost }) => Math.exp(-Math.max(0, cost - best.cost)));
  const total = 1 + odds.reduce((sum, value) => sum + value, 0);
  // A lone symptom has no rival that was seen; what was not seen is then the rival, as likely as the category is seldom a cause.
  const unseen =
    own.length === 1 && scored.length === 0 ? Math.max(0, 1 - categoryInfo(members[cause]!.category).prior * 4) : 0;
  const [confidence, ...others] = shares([1, ...odds, (total * unseen * 0.5) / (1 - unseen * 0.5)], parts.scale);
  const alternatives = scored.slice(0, maxAlternatives).map(({ at, cost }, i): Alternative => {
    const rival = members[at]!;
    return {
      problem: rival,
      confidence: round(others[i]!),
      evidence: [...rival.events.values()]
        .slice(0, 2)
        .map((event) => ({ text: event.semantic.message, weight: round(best.cost - cost), eventId: event.id })),
      whyNot: whyNot(parts, area, chains, cause, at, members, own, candidates),
    };
  });
  return { confidence: round(confidence!), alternatives };
}

/** Two findings of one edit (its image and its environment): the same answer, not a rival. */
function isSameChange(a: Problem, b: Problem): boolean {
  const both = a.category.startsWith('change.') && b.category.startsWith('change.');
  return both && a.unit === b.unit && Math.abs(a.firstMs - b.firstMs) < 5_000;
}

function whyNot(
  parts: StoryParts,
  area: Area,
  chains: Closure,
  cause: number,
  rival: number,
  members: readonly Problem[],
  own: readonly number[],
  candidates: readonly Candidate[],
): string {
  const { size } = area;
  const direct = candidates.find(
    (candidate) => candidate.cause === members[cause] && candidate.effect === members[rival],
  );
  if (direct) return `it follows from the root cause: ${lower(direct.rule.because)}`;
  if (chains.strength[cause * size + rival]! > 0.2) return 'it follows from the root cause through the chain shown';
  const left = own.filter((e) => e !== rival && chains.strength[rival * size + e]! < 0.05).map((e) => members[e]!);
  if (left.length > 0) {
    const named = left.slice(0, 2).map((problem) => `${problem.category} on ${parts.inventory.ref(problem.unit).name}`);
    return `it leaves ${left.length} of ${own.length} findings unexplained, among them ${named.join(' and ')}`;
  }
  if (members[rival]!.firstMs > members[cause]!.firstMs)
    return `it began ${seconds(members[rival]!.firstMs - members[cause]!.firstMs)} later`;
  const links = linksOf(area);
  if (costOf(area, links, [rival]) > costOf(area, links, [cause]))
    return 'it explains the same less well, and is rarer as a cause';
  return 'it is less likely as a cause by itself';
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}
