import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readRecording } from '../../src/commands/recording.js';
import type { RawEvent, RawEventType } from '../../src/model/raw-event.js';
import type { Told, ToldEntity } from './engine.js';
import type { AccuracyCase, Answer, Judged, LabelledSet } from './set.js';

const expectation = z.strictObject({
  /** `Kind/namespace/name` of what may be blamed, `*` for any part of a name; empty when nothing must be told. */
  root: z.array(z.string()),
  category: z.string().nullable(),
  /** How many incidents must stand at the end, merged ones not counted; 0: it must stay silent. */
  incidents: z.number().int().min(0),
});
type Expectation = z.infer<typeof expectation>;

const ending = '.jsonl.gz';
const ofType =
  (...types: readonly RawEventType[]) =>
  ({ type }: RawEvent): boolean =>
    types.includes(type);

/**
 * What `throughline record` wrote on a real cluster: every recording of a folder, and what `expectations.json` beside them says of
 * each. Root and category are those of the incident that opened first.
 */
export const recordings: LabelledSet = {
  folder: 'recordings',
  sources: { kubernetes: ofType('kubeapi'), kernel: ofType('ebpf'), logs: ofType('log') },

  async *cases(folder): AsyncGenerator<AccuracyCase> {
    for (const name of readdirSync(folder)
      .filter((each) => each.endsWith(ending))
      .sort()) {
      const events: RawEvent[] = [];
      for await (const event of readRecording(join(folder, name))) events.push(event);
      const at = ({ timestamp }: RawEvent): string => timestamp;
      events.sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
      yield { id: name.slice(0, -ending.length), group: 'recordings', events, settleMs: 150_000 };
    }
  },

  async score(folder, answers) {
    const expected = z
      .record(z.string(), expectation)
      .parse(JSON.parse(readFileSync(join(folder, 'expectations.json'), 'utf8')));
    const judged = answers.flatMap(({ id, told }: Answer) => {
      const wanted = expected[id];
      return wanted === undefined ? [] : [{ told, wanted, ...judge(id, told, wanted) }];
    });
    const loud = judged.filter(({ wanted }) => wanted.incidents > 0);
    const silent = judged.filter(({ wanted }) => wanted.incidents === 0);
    return Promise.resolve({
      judged,
      figures: {
        'root@1': share(loud, ({ told, wanted }) => rootIsRight(told[0], wanted)),
        category: share(loud, ({ told, wanted }) => told[0]?.rootCauses[0]?.category === wanted.category),
        incidents: share(loud, ({ told, wanted }) => told.length === wanted.incidents),
        ...(silent.length > 0 && { silent: share(silent, ({ told }) => told.length === 0) }),
      },
    });
  },

  baselines: () => Promise.resolve({}),
};

function share<T>(all: readonly T[], holds: (each: T) => boolean): number {
  return all.length === 0 ? 0 : all.filter(holds).length / all.length;
}

function judge(id: string, told: readonly Told[], wanted: Expectation): Judged {
  const [first] = told;
  const wrong: string[] = [];
  if (told.length !== wanted.incidents)
    wrong.push(`${told.length} incidents, not ${wanted.incidents}: ${told.map(({ title }) => title).join(' | ')}`);
  if (wanted.incidents > 0 && first !== undefined) {
    if (!rootIsRight(first, wanted))
      wrong.push(`blames ${title(first.rootCauseEntity)}, not ${wanted.root.join(' or ')}`);
    const category = first.rootCauses[0]?.category;
    if (category !== wanted.category) wrong.push(`says ${category}, not ${wanted.category}`);
  }
  const right = wanted.incidents === 0 ? told.length === 0 : rootIsRight(first, wanted);
  return { id, right, confidence: first?.confidence ?? null, wrong };
}

function rootIsRight(first: Told | undefined, { root }: Expectation): boolean {
  return first !== undefined && root.some((pattern) => matches(title(first.rootCauseEntity), pattern));
}

function title(entity: ToldEntity | null): string {
  return entity === null
    ? 'nothing'
    : [entity.kind, entity.namespace, entity.name].filter((part) => part !== null).join('/');
}

function matches(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.\\^$+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
