import type { Evidence } from '../../src/model/correlation-result.js';
import { priorOf, type Problem } from '../problems.js';
import type { Candidate } from './candidates.js';
import { fold } from './fold.js';
import { proportion } from './proportion.js';
import { closure, solve, type Area, type Closure } from './solve.js';
import { byTime, type Story, type StoryParts } from './story.js';
import { absences, compare, evidenceFor, reversed } from './verdict.js';
import { hearsayTogether, weigh } from './weigh.js';

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
    const namespaceOf = ({ unit }: Problem): string | null => parts.inventory.ref(unit).namespace;
    for (const [one, other] of hearsayTogether(involved, namespaceOf))
      parent[find(index.get(one)!)] = find(index.get(other)!);
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

function tellArea(
  parts: StoryParts,
  members: readonly Problem[],
  candidates: readonly Candidate[],
  absent: readonly (readonly Evidence[])[],
): Story[] {
  const weighed = parts.experience && weigh(parts, members, candidates, parts.experience, parts.dimensions);
  if (weighed) return [weighed];
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
      strength: strength * proportion(cause, effect),
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
