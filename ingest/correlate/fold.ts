import type { Evidence } from '../../src/model/correlation-result.js';
import type { Inventory } from '../inventory.js';
import { priorOf, representative, type Problem, type Problems } from '../problems.js';
import { leak } from './solve.js';
import { byTime, maxAlternatives, round, type Alternative, type Story } from './story.js';

/** A root that is seldom a cause by itself: left over, rather than found. */
const weakPrior = 0.08;
const overlapMs = 60_000;

/**
 * One story beats two. What no rule explains, but is on the very thing that another story is about and at the same time, is told as a
 * part of that story: a second cause on one thing at one moment is rarer than a rule that nobody has written yet.
 */
export function fold(
  stories: readonly Story[],
  nowMs: number,
  { problems, inventory }: { readonly problems: Problems; readonly inventory: Inventory },
): Story[] {
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

/** Says less than the change that led to it; next to a new image, or what was done by hand, also the loop it crashes in. */
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
  // What a diff does is more of a cause than the fault that it led to: it was held against the fault's own words.
  if (!root.category.startsWith('change.') || root.category === 'change.risky-deploy') return story;
  const fault = members.find(
    (member) =>
      member.unit === root.unit &&
      member !== root &&
      !member.category.startsWith('change.') &&
      priorOf(member) >= weakPrior &&
      !(/^change\.(?:image|by-hand)$/.test(root.category) ? general.image : general.other).test(member.category),
  );
  if (!fault) return story;
  const change: Alternative = {
    problem: root,
    // What the other alternatives leave, and never more than the cause itself.
    confidence: round(
      Math.max(
        0,
        Math.min(
          story.confidence,
          1 - story.confidence - story.alternatives.reduce((sum, { confidence }) => sum + confidence, 0),
        ),
      ),
    ),
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
