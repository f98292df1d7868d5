import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { MetricsRecord } from '../../../src/model/payloads.js';
import type { Told } from '../engine.js';
import type { AccuracyCase } from '../set.js';
import { normalGroup } from './cases.js';
import { petshop } from './set.js';

const nodes = ['PetSite', 'Pet.Search', 'lb_remote'];
const table = (begin: number, rows: number, latency: (row: number) => number): string =>
  [
    `microservice,${nodes.join(',')}`,
    `metric,${nodes.map(() => 'latency').join(',')}`,
    `statistic,${nodes.map(() => 'Average').join(',')}`,
    'unix_timestamp,,,',
    ...Array.from({ length: rows }, (_, row) => `${begin + row * 300}.0,0.1,${latency(row)},`),
  ].join('\n');

const folder = mkdtempSync(join(tmpdir(), 'throughline-petshop-'));
const put = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
};
put(
  'common/low_traffic/graph.csv',
  [`,${nodes.join(',')}`, 'PetSite,0.0,1.0,1.0', 'Pet.Search,0.0,0.0,0.0'].join('\n'),
);
put(
  'common/low_traffic/noissue_metrics.csv',
  table(2_000_000, 130, () => 0.01),
);
put(
  'dev/one/case.json',
  JSON.stringify({
    id: 'one',
    scenario: 'low_traffic',
    target: { node: 'PetSite', metric: 'latency', agg: 'Average', timestamp: 1_000_610 },
  }),
);
put(
  'dev/one/metrics.csv',
  table(1_000_000, 5, (row) => (row > 1 ? 0.2 : 0.01)),
);
put(
  'labels_test.json',
  JSON.stringify([{ id: 'one', target: { node: 'PetSite' }, root_cause: { node: 'Pet.Search', metric: null } }]),
);
afterAll(() => rmSync(folder, { recursive: true }));

async function cases(): Promise<AccuracyCase[]> {
  const all: AccuracyCase[] = [];
  for await (const each of petshop.cases(folder)) all.push(each);
  return all;
}

const told = (openedAt: string, affected: readonly string[], causes: readonly string[]): Told => {
  const entity = (name: string) => ({ kind: 'Deployment', namespace: 'petshop', name });
  return {
    id: openedAt,
    status: 'OPEN',
    severity: 'WARNING',
    title: openedAt,
    summary: '',
    confidence: 0.9,
    openedAt,
    rootCause: '',
    rootCauseEntity: null,
    rootCauses: causes.map((name, i) => ({
      rank: i + 1,
      confidence: 0.9,
      category: 'app.slow',
      entity: entity(name),
      event: { message: '', entity: entity(name), attributes: [] },
    })),
    affected: affected.map((name) => ({ role: 'AFFECTED', entity: entity(name) })),
  };
};

describe('the adapter of PetShop', () => {
  test('moves normal operation to just before the issue; the alert is at its own time', async () => {
    const [one] = await cases();
    expect(one).toMatchObject({ id: 'one', group: 'low-latency' });
    const times = one!.events.map(({ timestamp }) => Date.parse(timestamp) / 1000);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const measured = one!.events.filter(
      ({ data, metadata }) => data.kind === 'metrics' && metadata.workload === 'pet-search',
    );
    expect(measured.length).toBe(65);
    expect(Date.parse(measured[59]!.timestamp) / 1000).toBe(1_000_000 - 300);
    expect((measured.at(-1)!.data as unknown as MetricsRecord).values).toEqual({ 'latency.average': 0.2 });
    const alert = one!.events.find(({ type }) => type === 'alert')!;
    expect([Date.parse(alert.timestamp) / 1000, alert.metadata.workload]).toEqual([1_000_610, 'petsite']);
  });

  test('tells of calls once, and of no inferred node', async () => {
    const [one] = await cases();
    expect(one!.events.filter(({ type }) => type === 'network').map(({ data }) => data.peer)).toEqual(['pet-search']);
    expect(JSON.stringify(one!.events)).not.toContain('lb-remote');
  });

  test('yields stretches of normal operation too', async () => {
    expect((await cases()).filter(({ group }) => group === normalGroup).map(({ id }) => id)).toEqual([
      'normal-low_traffic-0',
      'normal-low_traffic-60',
    ]);
  });
});

describe('the score of PetShop', () => {
  test('the newest incident of the alerted node is asked first', async () => {
    const answers = [
      {
        id: 'one',
        group: 'low-latency',
        told: [told('2020-01-01', ['petsite'], ['petsite']), told('2020-01-02', ['petsite'], ['pet-search'])],
      },
      { id: 'quiet', group: normalGroup, told: [told('2020-01-01', ['elsewhere'], ['elsewhere'])] },
      { id: 'loud', group: normalGroup, told: [told('2020-01-01', ['petsite'], ['elsewhere'])] },
    ];
    const { figures } = await petshop.score(folder, answers);
    expect(figures).toMatchObject({ 'low-latency.top1': 1, 'mean.top1': 1, 'normal.silent': 0.5 });
  });

  test('an unrelated incident is no answer, and the third place is not the first', async () => {
    const answer = [told('2020-01-01', ['petsite'], ['petsite', 'other', 'pet-search'])];
    const { figures, judged } = await petshop.score(folder, [{ id: 'one', group: 'low-latency', told: answer }]);
    expect(figures).toMatchObject({ 'low-latency.top1': 0, 'low-latency.top3': 1 });
    expect(judged[0]!.wrong).toEqual(['blames petsite, other, pet-search, not pet-search']);
  });

  test('the baseline of the largest deviation reads the same events', async () => {
    const baselines = await petshop.baselines(folder, () => petshop.cases(folder));
    expect(baselines['largest z']).toMatchObject({ 'low-latency.top1': 1 });
    expect(baselines.random!['low-latency.top1']).toBeCloseTo(0.5);
  });
});
