import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadExperiences } from '../../../ingest/correlate/experience.js';
import type { ForeignAlert } from '../../../src/model/payloads.js';
import type { AccuracyCase } from '../set.js';
import { experienceFile } from './cases.js';
import { tvdiag } from './set.js';

const incident = {
  id: 'made-up',
  nodes: ['geo-0', 'search-0'],
  edges: [[1, 0]],
  metrics: [
    ['geo-0', 'cpu_usage', 'up'],
    ['worker', 'node_cpu_usage', 'up'],
    ['search-0', 'dest_p95', 'up'],
  ],
  logs: [['geo-0', 'geo-0-17']],
  traces: [
    ['search-0', 'geo-0', '/geo.Geo/Nearby', 'PD'],
    ['-1', 'search-0', 'GET', '500'],
  ],
};
const folder = mkdtempSync(join(tmpdir(), 'throughline-tvdiag-'));
mkdirSync(join(folder, 'test'));
writeFileSync(join(folder, 'test/hotel.ndjson'), `${JSON.stringify(incident)}\n`);
writeFileSync(
  join(folder, 'labels_test.json'),
  JSON.stringify([{ id: 'made-up', instance: 'geo-0', fault_type: 'none' }]),
);
afterAll(() => rmSync(folder, { recursive: true }));

async function only(): Promise<AccuracyCase> {
  for await (const each of tvdiag.cases(folder)) return each;
  throw new Error('no case');
}

const alertsOf = ({ events }: AccuracyCase): ForeignAlert[] =>
  events.map(({ data }) => data as unknown as ForeignAlert);

describe('the adapter of TVDiag', () => {
  test('alerts come in the order of their lists, logs last; nodes are nodes', async () => {
    const each = await only();
    expect(each.group).toBe('hotel');
    expect(alertsOf(each).map(({ name }) => name)).toEqual([
      'cpu_usage',
      'slow',
      'node_cpu_usage',
      'dest_p95',
      'errors',
      'log template 17',
    ]);
    expect(each.events.map(({ metadata }) => metadata.pod ?? metadata.node)).toEqual([
      'geo-0',
      'geo-0',
      'worker',
      'search-0',
      'search-0',
      'geo-0',
    ]);
  });

  test('every event is of one kind of source', async () => {
    const { events } = await only();
    const kinds = events.map((event) => Object.values(tvdiag.sources).filter((is) => is(event)).length);
    expect(kinds).toEqual(events.map(() => 1));
  });

  test('a case that was never learned from is played with all that is known of its system, another without its fold', async () => {
    const { events } = await only();
    const known = loadExperiences([experienceFile()]);
    expect(events[0]!.metadata.cluster).toBe('tvdiag-hotel');
    expect(known.get('tvdiag-hotel')!.incidents).toBe(122);
    expect(known.get('tvdiag-hotel-without-0')!.incidents).toBeLessThan(122);
  });
});

describe('the score of TVDiag', () => {
  test('ties of a baseline count by their expected value', async () => {
    const baselines = await tvdiag.baselines(folder, () => tvdiag.cases(folder));
    expect(baselines.random).toMatchObject({ 'hotel.HR@1': 1 / 8, 'hotel.HR@3': 3 / 8 });
    expect(baselines['most alerts']).toMatchObject({ 'hotel.HR@1': 1 });
    expect(baselines['most alerts on metrics']).toMatchObject({ 'hotel.HR@1': 1 / 2 });
  });

  test('nothing told is a miss', async () => {
    const { figures, judged } = await tvdiag.score(folder, [{ id: 'made-up', group: 'hotel', told: [] }]);
    expect(figures).toMatchObject({ 'hotel.HR@1': 0, 'hotel.HR@5': 0 });
    expect(judged[0]).toMatchObject({ right: false, confidence: null });
  });
});
