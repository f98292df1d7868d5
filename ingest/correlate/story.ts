import { categoryInfo } from '../../src/model/categories.js';
import type { Evidence } from '../../src/model/correlation-result.js';
import type { Inventory } from '../inventory.js';
import { priorOf, representative, type Problem, type Problems } from '../problems.js';
import type { LinkRule } from '../rules/rule.js';
import type { Candidate, Candidates } from './candidates.js';
import { fits } from './causal.js';
import { closure, costOf, leak, linksOf, solve, type Area, type Closure } from './solve.js';

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

export interface StoryParts {
  readonly inventory: Inventory;
  readonly problems: Problems;
  readonly candidates: Candidates;
  /** Rules whose effect is expected, on the thing itself. */
  readonly expecting: readonly LinkRule[];
  /** Softens (above 1) or sharpens the posterior; fitted on development data only. */
  readonly temperature: number;
  /** True where the source that would have seen the effect was healthy. */
  readonly couldSee: (effectUnit: number) => boolean;
}

const maxAlternatives = 5;

export type TellStories = (involved: readonly Problem[], nowMs: number) => Story[];

/**
 * Solves the connected areas of problems. An area that did not change since the last time is not solved again, and its stories are the
 * same objects. Deterministic: areas and causes in order of appearance.
 */
export function createStories(parts: StoryParts): TellStories {
  let solved = new Map<Problem, Solved>();

  return (involved, nowMs) => {
    const edgesTo = new Map<Problem, readonly Candidate[]>();
    const index = new Map<Problem, number>();
    involved.forEach((problem, i) => index.set(problem, i));
    const parent = involved.map((_, i) => i);
    const find = (i: number): number => {
      while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
      return i;
    };
    for (const problem of involved) {
      if (problem.category.startsWith('change.')) continue;
      const found = parts.candidates(problem);
      edgesTo.set(problem, found);
      for (const { cause } of found) {
        const at = index.get(cause);
        if (at !== undefined) parent[find(at)] = find(index.get(problem)!);
      }
    }
    const areas = new Map<number, Problem[]>();
    involved.forEach((problem, i) => {
      const root = find(i);
      const area = areas.get(root);
      if (area) area.push(problem);
      else areas.set(root, [problem]);
    });
    const stories: Story[] = [];
    const now = new Map<Problem, Solved>();
    for (const members of areas.values()) {
      if (members.every(({ category }) => category.startsWith('change.'))) continue;
      const absent = members.map((problem) => absences(parts, problem, edgesTo, members, nowMs));
      const before = solved.get(members[0]!);
      const same = before !== undefined && isSame(before, members, edgesTo, absent);
      const area = same ? before : solveArea(parts, members, edgesTo, index, absent);
      now.set(members[0]!, area);
      stories.push(...area.stories);
    }
    solved = now;
    return fold(stories, nowMs, parts);
  };
}

interface Solved {
  readonly members: readonly Problem[];
  readonly versions: readonly number[];
  readonly edges: readonly (readonly Candidate[] | undefined)[];
  readonly absent: readonly number[];
  readonly stories: readonly Story[];
}

function isSame(
  before: Solved,
  members: readonly Problem[],
  edgesTo: ReadonlyMap<Problem, readonly Candidate[]>,
  absent: readonly (readonly Evidence[])[],
): boolean {
  return (
    before.members.length === members.length &&
    members.every(
      (problem, i) =>
        before.members[i] === problem &&
        before.versions[i] === problem.version &&
        before.edges[i] === edgesTo.get(problem) &&
        before.absent[i] === absent[i]!.length,
    )
  );
}

function solveArea(
  parts: StoryParts,
  members: readonly Problem[],
  edgesTo: ReadonlyMap<Problem, readonly Candidate[]>,
  index: ReadonlyMap<Problem, number>,
  absent: readonly (readonly Evidence[])[],
): Solved {
  const candidates = members.flatMap((problem) => (edgesTo.get(problem) ?? []).filter(({ cause }) => index.has(cause)));
  return {
    members,
    versions: members.map(({ version }) => version),
    edges: members.map((problem) => edgesTo.get(problem)),
    absent: absent.map(({ length }) => length),
    stories: tellArea(parts, members, candidates, absent),
  };
}

/** A root that is seldom a cause by itself: left over, rather than found. */
const weakPrior = 0.08;
const overlapMs = 60_000;

/**
 * One story beats two. What no rule explains, but is on the very thing that another story is about and at the same time, is told as a
 * part of that story: a second cause on one thing at one moment is rarer than a rule that nobody has written yet.
 */
function fold(stories: readonly Story[], nowMs: number, { problems, inventory }: StoryParts): Story[] {
  // What broke comes before what was changed: a rollout by itself explains that pods come and go, and little else.
  const strength = ({ root, members }: Story): number =>
    priorOf(root) * (1 + members.length) * (root.category.startsWith('change.') ? 0.2 : 1);
  const order = [...stories].sort((a, b) => strength(b) - strength(a) || a.root.serial - b.root.serial);
  const kept: { story: Story }[] = [];
  const byUnit = new Map<number, { story: Story }[]>();
  const settle = (entry: { story: Story }, members: readonly Problem[]): void => {
    for (const { unit } of members) {
      const list = byUnit.get(unit);
      if (!list) byUnit.set(unit, [entry]);
      else if (!list.includes(entry)) list.push(entry);
    }
  };
  /** The root's unit, and for a Service the workloads behind it. */
  const about = ({ root }: Story): readonly number[] =>
    inventory.ref(root.unit).kind === 'Service'
      ? [root.unit, ...inventory.unitsOut(root.unit, 'SELECTS')]
      : [root.unit];
  for (const story of order) {
    const weak = priorOf(story.root) <= weakPrior;
    const into = (weak ? about(story) : [story.root.unit])
      .flatMap((unit) => byUnit.get(unit) ?? [])
      .find(
        ({ story: other }) => (weak || story.root.unit === other.root.unit) && overlaps(story, other, nowMs, problems),
      );
    if (!into) {
      const entry = { story };
      kept.push(entry);
      settle(entry, story.members);
      continue;
    }
    settle(into, story.members);
    into.story = {
      ...into.story,
      members: [...into.story.members, ...story.members].sort(byTime),
      edges: [...into.story.edges, ...story.edges],
      contradictions: [...into.story.contradictions, ...unexplained(story.root)],
    };
  }
  return kept
    .map(({ story }) => nameTheFault(story))
    .sort((a, b) => a.root.firstMs - b.root.firstMs || a.root.serial - b.root.serial);
}

/** Says less than the change that led to it; next to a new image also the loop it crashes in. */
const general = {
  image: /^(container\.(crash-loop|init-failed)|log\.|pod\.|object\.)/,
  other: /^(log\.|pod\.|object\.)/,
};

/**
 * Where a change is the root and the changed thing shows a fault that has a name of its own (a probe that fails, an image that is not
 * there), the fault is the cause and the change the reason to give beside it.
 */
function nameTheFault(story: Story): Story {
  const { root, members } = story;
  if (!root.category.startsWith('change.')) return story;
  const fault = members.find(
    (member) =>
      member.unit === root.unit &&
      member !== root &&
      !member.category.startsWith('change.') &&
      priorOf(member) >= weakPrior &&
      !(root.category === 'change.image' ? general.image : general.other).test(member.category),
  );
  if (!fault) return story;
  const change: Alternative = {
    problem: root,
    confidence: round(1 - story.confidence),
    evidence: story.evidence.slice(0, 1),
    whyNot: 'it is what was changed; the fault that it led to is named as the cause',
  };
  const said = [...fault.events.values()].slice(0, 2).map((event): Evidence => ({
    text: event.semantic.message,
    weight: round(Math.log(priorOf(fault) / leak)),
    eventId: event.id,
  }));
  return {
    ...story,
    root: fault,
    evidence: [...said, ...story.evidence],
    alternatives: [change, ...story.alternatives.filter(({ problem }) => problem !== fault)].slice(0, maxAlternatives),
  };
}

function unexplained(root: Problem): Evidence[] {
  if (root.category.startsWith('change.')) return [];
  const event = representative(root);
  return [
    {
      text: `no rule explains ${root.category}: ${event.semantic.message}`,
      weight: round(Math.log(leak)),
      eventId: event.id,
    },
  ];
}

function overlaps(a: Story, b: Story, nowMs: number, problems: Problems): boolean {
  const span = (story: Story): { from: number; to: number } => {
    const faults = story.members.filter(({ category }) => !category.startsWith('change.'));
    return {
      from: Math.min(...faults.map(({ firstMs }) => firstMs)),
      to: Math.max(...faults.map((problem) => (problems.isActive(problem, nowMs) ? nowMs : problem.lastMs))),
    };
  };
  const [one, other] = [span(a), span(b)];
  return one.from <= other.to + overlapMs && other.from <= one.to + overlapMs;
}

function tellArea(
  parts: StoryParts,
  members: readonly Problem[],
  candidates: readonly Candidate[],
  absent: readonly (readonly Evidence[])[],
): Story[] {
  const position = new Map(members.map((problem, i) => [problem, i]));
  const explains = new Set(candidates.map(({ cause }) => cause));
  const area: Area = {
    size: members.length,
    causeCost: Float64Array.from(members, (problem, i) => {
      const change = problem.category.startsWith('change.');
      if (change && !explains.has(problem)) return Infinity;
      return -Math.log(priorOf(problem)) + absent[i]!.reduce((cost, { weight }) => cost - weight, 0);
    }),
    wants: Uint8Array.from(members, ({ category }) => (category.startsWith('change.') ? 0 : 1)),
    edges: candidates.map(({ cause, effect, strength }) => ({
      from: position.get(cause)!,
      to: position.get(effect)!,
      strength,
    })),
  };
  const chains = closure(area);
  const best = solve(area, chains);
  const owner = assign(area, chains, best.causes);

  return best.causes.map((cause): Story => {
    const own = members.filter((_, i) => owner[i] === cause);
    const root = members[cause]!;
    const { alternatives, confidence } = compare(parts, area, chains, best, cause, members, owner, candidates);
    return {
      root,
      members: own.sort(byTime),
      edges: treeOf(
        area,
        chains,
        candidates,
        cause,
        own.map((problem) => position.get(problem)!),
      ),
      confidence,
      evidence: evidenceFor(area, chains, cause, members, owner, parts.inventory),
      alternatives,
      contradictions: [...absent[cause]!, ...reversed(candidates, root, own)],
    };
  });
}

function byTime(a: Problem, b: Problem): number {
  return a.firstMs - b.firstMs || a.serial - b.serial;
}

/** Which chosen cause each problem belongs to: the one that explains it best; -1 for a change that nothing came of. */
function assign(area: Area, { strength }: Closure, causes: readonly number[]): Int32Array {
  const owner = new Int32Array(area.size).fill(-1);
  for (const cause of causes) owner[cause] = cause;
  for (let e = 0; e < area.size; e++) {
    if (owner[e] !== -1 || !area.wants[e]) continue;
    let best = 0;
    for (const cause of causes) {
      const s = strength[cause * area.size + e]!;
      if (s > best) {
        best = s;
        owner[e] = cause;
      }
    }
  }
  return owner;
}

/**
 * One edge into each member: from whatever most surely brought it about, step by step, rather than by the shortest way from the root.
 * Where such steps lead in a circle, its weakest member is reached by the best chain from the root instead.
 */
function treeOf(
  area: Area,
  { lastEdge }: Closure,
  candidates: readonly Candidate[],
  cause: number,
  own: readonly number[],
): Candidate[] {
  const inside = new Set(own);
  const into = new Map<number, number>();
  area.edges.forEach(({ from, to, strength }, i) => {
    if (to === cause || !inside.has(to) || !inside.has(from)) return;
    const known = into.get(to);
    if (known === undefined || strength > area.edges[known]!.strength) into.set(to, i);
  });
  const byChain = new Set<number>();
  for (const member of own) {
    const trail: number[] = [];
    for (let at = member; at !== cause && into.has(at); at = area.edges[into.get(at)!]!.from) {
      if (!trail.includes(at)) {
        trail.push(at);
        continue;
      }
      const circle = trail.slice(trail.indexOf(at)).filter((node) => !byChain.has(node));
      if (circle.length === 0) break;
      const weakest = circle.reduce(
        (a, b) => (area.edges[into.get(b)!]!.strength < area.edges[into.get(a)!]!.strength ? b : a),
        circle[0]!,
      );
      into.set(weakest, lastEdge[cause * area.size + weakest]!);
      byChain.add(weakest);
      break;
    }
  }
  return [...new Set(into.values())]
    .filter((edge) => edge !== -1)
    .sort((a, b) => a - b)
    .map((edge) => candidates[edge]!);
}

/** What the cause makes us expect and nobody saw, although somebody would have. */
function absences(
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

function reversed(candidates: readonly Candidate[], root: Problem, own: readonly Problem[]): Evidence[] {
  return candidates
    .filter(({ cause, effect, lagMs }) => cause === root && own.includes(effect) && lagMs < -1000)
    .map(({ effect, lagMs, rule }) => ({
      text: `${effect.category} was seen ${seconds(-lagMs)} before its cause; times of different sources differ by up to ${seconds(rule.slackMs)}`,
      weight: -0.1,
      eventId: representative(effect).id,
    }));
}

function evidenceFor(
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
function compare(
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
    for (const e of own) if (chains.strength[a * size + e]! > 0.05) explained++;
    if (explained > 0) rivals.push({ at: a, explained });
  }
  rivals.sort((a, b) => b.explained - a.explained || area.causeCost[a.at]! - area.causeCost[b.at]! || a.at - b.at);
  const scored = rivals
    .slice(0, 12)
    .map(({ at }) => ({ at, cost: solve(area, chains, { banned: cause, forced: at }).cost }))
    .sort((a, b) => a.cost - b.cost || a.at - b.at);
  const odds = scored.map(({ cost }) => Math.exp(-(cost - best.cost) / parts.temperature));
  const total = 1 + odds.reduce((sum, value) => sum + value, 0);
  const alternatives = scored.slice(0, maxAlternatives).map(({ at, cost }, i): Alternative => {
    const rival = members[at]!;
    return {
      problem: rival,
      confidence: round(odds[i]! / total),
      evidence: [...rival.events.values()]
        .slice(0, 2)
        .map((event) => ({ text: event.semantic.message, weight: round(best.cost - cost), eventId: event.id })),
      whyNot: whyNot(parts, area, chains, cause, at, members, own, candidates),
    };
  });
  // A lone symptom has no rival that was seen; what was not seen is then the rival, as likely as the category is seldom a cause.
  const unseen =
    own.length === 1 && scored.length === 0 ? Math.max(0, 1 - categoryInfo(members[cause]!.category).prior * 4) : 0;
  return { confidence: round((1 / total) * (1 - unseen * 0.5)), alternatives };
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

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
