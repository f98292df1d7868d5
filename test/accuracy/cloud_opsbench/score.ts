import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { labelFiles } from '../dataset.js';
import type { Told } from '../engine.js';
import type { Answer, Figures, Judged, Score } from '../set.js';
import { asInPrompt, tripleOf, type Triple } from './vocabulary.js';

const label = z.object({
  id: z.string(),
  fault_taxonomy: z.string(),
  fault_object: z.string(),
  root_cause: z.string(),
});

/** By case id. */
export function readLabels(folder: string): Map<string, Triple> {
  return new Map(
    labelFiles(folder)
      .flatMap((file) => z.array(label).parse(JSON.parse(readFileSync(file, 'utf8'))))
      .map(({ id, fault_taxonomy, fault_object, root_cause }) => [
        id,
        { taxonomy: fault_taxonomy, object: fault_object, cause: root_cause },
      ]),
  );
}

const severities = ['INFO', 'WARNING', 'ERROR', 'CRITICAL'];

interface Guess {
  readonly triple: Triple;
  readonly confidence: number;
}

/** How far the cause is from what is usual: what it is above that, times the logarithm of how many times. 0 where it was not measured. */
function increaseOf({ rootCauses }: Told): number {
  const [first] = rootCauses;
  if (first?.category !== 'app.slow') return 0;
  const attributes = new Map(first.event.attributes.map(({ name, value }) => [name, Number(value)]));
  const [value, typical] = [attributes.get('value') ?? 0, attributes.get('typical') ?? 0];
  return value > typical && typical > 0 ? (value - typical) * Math.log(value / typical) : 0;
}

/**
 * Up to three answers, as the benchmark wants them: the causes of what is still open before what is over, the incident that reaches
 * furthest from what is usual, or reaches furthest, first; then what else it could have been.
 */
function guessesOf(told: readonly Told[]): Guess[] {
  const reach = ({ affected }: Told): number => affected.length;
  const order = [...told].sort(
    (a, b) =>
      Number(a.status === 'RESOLVED') - Number(b.status === 'RESOLVED') ||
      severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
      increaseOf(b) - increaseOf(a) ||
      reach(b) - reach(a) ||
      b.confidence - a.confidence,
  );
  // Of each incident first what the benchmark has a word for, then the rest.
  const causes = order.map(({ rootCauses, affected }) => {
    // What else it could have been is near to the cause, and what is affected comes in no order.
    const sufferers = [...rootCauses, ...affected].map(({ entity }) => entity);
    return rootCauses.flatMap((cause): Guess[] => {
      const triple = tripleOf(cause, sufferers);
      return triple ? [{ triple, confidence: cause.confidence }] : [];
    });
  });
  const guesses = new Map<string, Guess>();
  const depth = causes.reduce((most, { length }) => Math.max(most, length), 0);
  for (let rank = 0; rank < depth; rank++) {
    for (const each of causes) {
      const guess = each[rank];
      if (guess && !guesses.has(text(guess.triple))) guesses.set(text(guess.triple), guess);
    }
  }
  return [...guesses.values()].slice(0, 3);
}

/** The rule of the benchmark: all three fields, lower case and trimmed; every case counts, also one without an answer. */
export function score(folder: string, answers: readonly Answer[]): Promise<Score> {
  const labels = readLabels(folder);
  const judged: Judged[] = [];
  const rights = new Map<string, boolean[]>();
  const count = (name: string, right: boolean): void => {
    rights.set(name, [...(rights.get(name) ?? []), right]);
  };
  for (const { id, group, told } of answers) {
    const truth = labels.get(id);
    if (!truth) continue;
    const guesses = guessesOf(told);
    const first = guesses[0];
    const right = first !== undefined && same(first.triple, truth);
    count(`${group}.A@1`, right);
    count(
      `${group}.A@3`,
      guesses.some(({ triple }) => same(triple, truth)),
    );
    count(`${group}.object@1`, first?.triple.object.toLowerCase() === truth.object.toLowerCase());
    count(`${group}.half${Number(id.slice(-3)) % 2}.A@1`, right);
    if (group === 'trainticket') {
      const strict = (triple: Triple): boolean => same({ ...triple, cause: asInPrompt(triple.cause) }, truth);
      count(`${group}.strict.A@1`, first !== undefined && strict(first.triple));
      count(
        `${group}.strict.A@3`,
        guesses.some(({ triple }) => strict(triple)),
      );
    }
    count(`${group}.${truth.taxonomy}.A@1`, right);
    judged.push({
      id,
      right,
      confidence: first?.confidence ?? null,
      wrong: right ? [] : [`it is ${text(truth)}; said ${first ? text(first.triple) : 'nothing'}`],
    });
  }
  const figures: Record<string, number> = {};
  for (const [name, verdicts] of [...rights].sort(([a], [b]) => (a < b ? -1 : 1))) figures[name] = share(verdicts);
  return Promise.resolve({ judged, figures: figures satisfies Figures });
}

function same(a: Triple, b: Triple): boolean {
  return text(a).toLowerCase() === text(b).toLowerCase();
}

export function text({ taxonomy, object, cause }: Triple): string {
  return [taxonomy, object, cause].map((part) => part.trim()).join(' ');
}

function share(verdicts: readonly boolean[]): number {
  return verdicts.filter(Boolean).length / Math.max(1, verdicts.length);
}
