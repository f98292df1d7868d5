import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { replay } from '../../src/commands/replay.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { entityTitle } from '../../src/model/entity.js';

/** So many of the cases that the figure is about. */
export interface Figure {
  readonly name: string;
  readonly right: number;
  readonly of: number;
}

export interface Case {
  readonly name: string;
  /** One line for each thing that is not as expected. */
  readonly wrong: readonly string[];
}

export interface Accuracy {
  readonly figures: readonly Figure[];
  readonly cases: readonly Case[];
}

const expectation = z.strictObject({
  /** `Kind/namespace/name` of what may be blamed, `*` for any part of a name; empty when nothing must be told. */
  root: z.array(z.string()),
  category: z.string().nullable(),
  /** How many incidents must stand at the end, merged ones not counted; 0: it must stay silent. */
  incidents: z.number().int().min(0),
});
type Expectation = z.infer<typeof expectation>;

const figureNames = ['root@1', 'category', 'incidents', 'silent'] as const;
type Judgement = Partial<Record<(typeof figureNames)[number], boolean>>;

/**
 * Every recording that `expectations.json` in the folder names, replayed alone through the whole pipeline as it is configured by
 * default. Root and category are those of the incident that opened first.
 */
export async function recordings(folder: string): Promise<Accuracy> {
  const expected = z
    .record(z.string(), expectation)
    .parse(JSON.parse(readFileSync(join(folder, 'expectations.json'), 'utf8')));
  const judged: (Case & { readonly judgement: Judgement })[] = [];
  for (const [name, wanted] of Object.entries(expected)) {
    const told = await incidentsOf(join(folder, `${name}.jsonl.gz`));
    judged.push({ name, judgement: judge(told, wanted), wrong: complaints(told, wanted) });
  }
  return {
    figures: figureNames.map((name) => {
      const verdicts = judged.flatMap(({ judgement }) => judgement[name] ?? []);
      return { name, right: verdicts.filter(Boolean).length, of: verdicts.length };
    }),
    cases: judged.map(({ name, wrong }) => ({ name, wrong })),
  };
}

async function incidentsOf(file: string): Promise<CorrelationResult[]> {
  const results = await replay({
    files: [file],
    speed: null,
    config: loadConfig({ role: 'up', env: {} }),
    log: pino({ level: 'warn' }, process.stderr),
    registry: new Registry(),
    signal: new AbortController().signal,
    progress: () => undefined,
  });
  return results.filter(({ mergedInto }) => mergedInto === null);
}

function judge(told: readonly CorrelationResult[], wanted: Expectation): Judgement {
  if (wanted.incidents === 0) return { silent: told.length === 0 };
  return {
    'root@1': rootIsRight(told[0], wanted),
    category: told[0]?.category === wanted.category,
    incidents: told.length === wanted.incidents,
  };
}

function rootIsRight(first: CorrelationResult | undefined, { root }: Expectation): boolean {
  return first !== undefined && root.some((pattern) => matches(entityTitle(first.rootCauseEntity), pattern));
}

function matches(title: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.\\^$+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(title);
}

function complaints(told: readonly CorrelationResult[], wanted: Expectation): string[] {
  const first = told[0];
  const wrong: string[] = [];
  if (told.length !== wanted.incidents)
    wrong.push(`${told.length} incidents, not ${wanted.incidents}: ${told.map(({ title }) => title).join(' | ')}`);
  if (wanted.incidents === 0 || first === undefined) return wrong;
  if (!rootIsRight(first, wanted))
    wrong.push(`blames ${entityTitle(first.rootCauseEntity)}, not ${wanted.root.join(' or ')}`);
  if (first.category !== wanted.category) wrong.push(`says ${first.category}, not ${wanted.category}`);
  return wrong;
}
