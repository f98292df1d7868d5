import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { allDimensions } from '../../ingest/correlate/candidates.js';
import type { Experience } from '../../ingest/correlate/experience.js';
import { featuresOf, hearsayOf, type Features, type Hearsay } from '../../ingest/correlate/hearsay.js';
import { createTransform } from '../../ingest/transform/transform.js';
import { packageRoot } from '../../src/config/package-root.js';
import type { AccuracyCase } from './set.js';
import { openDataset } from './dataset.js';
import { clusterOf, experienceFile, foldsFile, tvdiagCases } from './tvdiag/cases.js';
import { readLabels } from './tvdiag/score.js';

/** A past incident with a known cause, as the engine hears of it. */
interface Lesson {
  readonly id: string;
  readonly group: string;
  readonly said: readonly Hearsay[];
  /** Entity id and name of what was to blame. */
  readonly blame: { readonly thing: string; readonly name: string } | null;
}

const folds = 8;
/**
 * How small weights are held. For a system of its own chosen by cross-validation among 0.002, 0.006, 0.015 and 0.04, whose results differ by
 * less than chance does; for clusters at large by what is right, and how surely, on a system that was left out: there 0.006 is as often
 * right as counting alerts, and far too sure.
 */
const ridges = { own: 0.006, general: 0.3 };
const rounds = 80;
const step = 0.5;

/**
 * Learns the experience of tvdiag's three systems from its official training split, and the general experience from all three together:
 * `node dist/test/accuracy/learn.js --data DIR`. Prints how well each does on cases that it was not learned from.
 */
const program = new Command('learn')
  .requiredOption('--data <folder>', 'the training split of tvdiag')
  .action(async ({ data }: { readonly data: string }) => {
    const dataset = openDataset(data);
    try {
      const labels = readLabels(dataset.folder);
      const lessons: Lesson[] = [];
      for await (const each of tvdiagCases(dataset.folder)) lessons.push(lessonOf(each, labels.get(each.id)!.instance));
      learn(lessons);
    } finally {
      dataset.remove();
    }
  });

function learn(lessons: readonly Lesson[]): void {
  const groups = [...new Set(lessons.map(({ group }) => group))].sort();
  const foldOf = new Map<string, number>();
  const known: Record<string, unknown> = {};
  for (const group of groups) {
    const own = lessons.filter((lesson) => lesson.group === group);
    own.forEach(({ id }, i) => foldOf.set(id, (i * 7919) % folds));
    const about = `tvdiag ${group}, official training split (WHU-AISE/TVDiag, MIT), conditional logit, ridge ${ridges.own}`;
    known[clusterOf(group)] = written(experienceFrom(own), about);
    let right = 0;
    for (let fold = 0; fold < folds; fold++) {
      const experience = experienceFrom(own.filter(({ id }) => foldOf.get(id) !== fold));
      known[`${clusterOf(group)}-without-${fold}`] = written(experience, `${about}, without fold ${fold} of ${folds}`);
      right += hits(
        own.filter(({ id }) => foldOf.get(id) === fold),
        experience,
      );
    }
    const others = generalFrom(lessons.filter((lesson) => lesson.group !== group));
    console.log(
      `${group}: ${own.length} cases; first place out of sample ${(right / own.length).toFixed(3)}, with experience of the other systems alone ${(hits(own, others) / own.length).toFixed(3)}`,
    );
  }
  writeFileSync(experienceFile(), `${JSON.stringify(known)}\n`);
  writeFileSync(foldsFile(), `${JSON.stringify(Object.fromEntries([...foldOf].sort()))}\n`);
  const about = `signals of tvdiag ${groups.join(', ')}, official training split (WHU-AISE/TVDiag, MIT), conditional logit, ridge ${ridges.general}; no names`;
  writeFileSync(
    join(packageRoot(), 'ingest/experience/general.json'),
    `${JSON.stringify({ '*': written(generalFrom(lessons), about) }, null, 2)}\n`,
  );
}

/** What the transform stage makes of the alerts: the same words that the correlator weighs. */
function lessonOf({ id, group, events }: AccuracyCase, instance: string): Lesson {
  const cluster = events[0]?.metadata.cluster ?? group;
  const transform = createTransform({ cluster, log: pino({ level: 'silent' }), registry: new Registry() });
  const said = events
    .flatMap((event) => transform.transform(event))
    .flatMap((finding) => (finding.kind === 'entity' ? finding.problems : []))
    .map(hearsayOf);
  const blamed = said.find(({ name }) => name === instance);
  return { id, group, said, blame: blamed ? { thing: blamed.thing, name: blamed.name } : null };
}

interface Counts {
  readonly blamed: Map<string, number>;
  readonly innocent: Map<string, number>;
}

function count(lessons: readonly Lesson[]): Counts {
  const blamed = new Map<string, number>();
  const innocent = new Map<string, number>();
  for (const { said, blame } of lessons) {
    if (blame) blamed.set(blame.name, (blamed.get(blame.name) ?? 0) + 1);
    for (const alert of alertsOf(said, blame)) innocent.set(alert, (innocent.get(alert) ?? 0) + 1);
  }
  return { blamed, innocent };
}

function alertsOf(said: readonly Hearsay[], blame: Lesson['blame']): Set<string> {
  return new Set(said.filter(({ name }) => name !== blame?.name).map(({ name, alert }) => `${name} ${alert}`));
}

/** Counts and weights; while the weights are fitted each case is counted out of what is known before it. */
function experienceFrom(lessons: readonly Lesson[]): Experience {
  const { blamed, innocent } = count(lessons);
  const cases = lessons.flatMap(({ said, blame }) => {
    if (!blame) return [];
    const before = new Map(innocent);
    for (const alert of alertsOf(said, blame)) before.set(alert, before.get(alert)! - 1);
    const without: Experience = {
      incidents: lessons.length - 1,
      blamed: new Map([...blamed, [blame.name, blamed.get(blame.name)! - 1]]),
      innocent: before,
      weights: new Map(),
    };
    return [{ features: featuresOf(said, without, allDimensions), truth: blame.thing }];
  });
  return { incidents: lessons.length, blamed, innocent, weights: fit(cases, ridges.own) };
}

/** Nothing of single things or texts: what may hold elsewhere. */
function generalFrom(lessons: readonly Lesson[]): Experience {
  const none: Experience = { incidents: 0, blamed: new Map(), innocent: new Map(), weights: new Map() };
  const cases = lessons.flatMap(({ said, blame }) =>
    blame ? [{ features: featuresOf(said, none, { ...allDimensions, semantic: false }), truth: blame.thing }] : [],
  );
  return { ...none, weights: fit(cases, ridges.general) };
}

/** Conditional logit with a ridge: P(thing) is the softmax of its weighted features. AdaGrad over all cases at once; deterministic. */
function fit(
  cases: readonly { readonly features: Features; readonly truth: string }[],
  ridge: number,
): Map<string, number> {
  const weights = new Map<string, number>();
  const squares = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const gradient = new Map<string, number>();
    for (const { features, truth } of cases) {
      const chances = softmax(features, weights);
      for (const [thing, own] of features) {
        const miss = Number(thing === truth) - chances.get(thing)!;
        for (const [feature, value] of own) gradient.set(feature, (gradient.get(feature) ?? 0) + miss * value);
      }
    }
    for (const [feature, sum] of gradient) {
      const weight = weights.get(feature) ?? 0;
      const slope = sum / cases.length - ridge * weight;
      const square = (squares.get(feature) ?? 0) + slope * slope;
      squares.set(feature, square);
      weights.set(feature, weight + (step * slope) / Math.sqrt(square + 1e-8));
    }
  }
  return weights;
}

function softmax(features: Features, weights: ReadonlyMap<string, number>): Map<string, number> {
  const odds = new Map<string, number>();
  for (const [thing, own] of features) {
    let sum = 0;
    for (const [feature, value] of own) sum += (weights.get(feature) ?? 0) * value;
    odds.set(thing, sum);
  }
  const most = Math.max(...odds.values());
  let total = 0;
  for (const [thing, value] of odds) {
    const chance = Math.exp(value - most);
    odds.set(thing, chance);
    total += chance;
  }
  for (const [thing, chance] of odds) odds.set(thing, chance / total);
  return odds;
}

function hits(lessons: readonly Lesson[], experience: Experience): number {
  let right = 0;
  for (const { said, blame } of lessons) {
    const chances = softmax(featuresOf(said, experience, allDimensions), experience.weights);
    const first = [...chances].reduce<readonly [string, number]>((a, b) => (b[1] > a[1] ? b : a), ['', -1]);
    if (blame && first[0] === blame.thing) right++;
  }
  return right;
}

function written({ incidents, blamed, innocent, weights }: Experience, provenance: string): unknown {
  const sorted = (map: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries([...map].sort());
  const rounded = [...weights]
    .map(([feature, weight]) => [feature, Math.round(weight * 1000) / 1000] as const)
    .filter(([, weight]) => weight !== 0);
  return {
    provenance,
    incidents,
    blamed: sorted(blamed),
    innocent: sorted(innocent),
    weights: sorted(new Map(rounded)),
  };
}

await program.parseAsync();
