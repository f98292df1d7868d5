import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RawEvent } from '../../../src/model/raw-event.js';
import type { Told } from '../engine.js';
import type { AccuracyCase } from '../set.js';
import { rootcausebenchCases } from './cases.js';
import { rootcausebenchBaselines, scoreRootcausebench } from './score.js';

let folder: string;
let only: AccuracyCase;
const at = (clock: string): string => `2026-01-01T${clock}Z`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-rootcausebench-'));
  const path = join(folder, 'half', 'rcb-1');
  mkdirSync(join(path, 'context'), { recursive: true });
  const write = (name: string, value: unknown): void => writeFileSync(join(path, name), JSON.stringify(value));
  const lines = [
    { timestamp: at('10:06:00'), service: 'cart', severity_text: 'ERROR', msg: 'it fails', trace_id: 't1', code: 7 },
    {
      timestamp: at('10:06:01'),
      service: 'kubelet',
      severity_text: 'WARN',
      msg: 'Throttled',
      trace_id: null,
      event_type: 'k8s.event',
      reason: 'Throttling',
      'k8s.pod': 'cart-6f6cfc45b-abcde',
      'k8s.namespace': 'elsewhere',
    },
  ];
  writeFileSync(join(path, 'logs.ndjson'), lines.map((line) => JSON.stringify(line)).join('\n'));
  writeFileSync(
    join(path, 'metrics.csv'),
    `timestamp,service,metric,value\n${at('10:05:00')},cart,errors,1\n${at('10:05:00')},cart,p99,20\n`,
  );
  const span = { service: 'cart', name: 'Get', start: at('10:06:00'), duration_ms: 1500, status: 'ERROR', error: 'no' };
  write('traces.json', [
    { ...span, trace_id: 'first', span_id: 'a', parent_id: null },
    { ...span, trace_id: 'same', span_id: 'b', parent_id: 'a' },
  ]);
  write('context/commits.json', [
    { sha: 'c1', author: 'kim', timestamp: at('10:00:00'), message: 'Tidy', files_changed: ['cart/a.go'], diff: null },
  ]);
  write('context/deploys.json', [{ timestamp: at('10:05:00'), service: 'cart', commit_sha: 'c1', version: 'v2' }]);
  write('context/flags.json', [
    { timestamp: at('10:04:00'), flag: 'x', service: 'cart', change: 'off->on', actor: 'kim' },
  ]);
  write('alert.json', {
    service: 'cart',
    metric: 'errors',
    threshold: 0.1,
    observed: 0.5,
    fired_at: at('10:08:00'),
    severity: 'critical',
    monitor: 'cart-errors',
    summary: 'cart fails',
  });
  writeFileSync(
    join(folder, 'labels_half.json'),
    JSON.stringify([
      {
        id: 'rcb-1',
        difficulty: 'easy',
        root_cause_commit: 'none',
        first_failing_service: 'cart',
        blast_radius: ['web'],
        decoy_deploy_commits: ['c1'],
      },
    ]),
  );
  for await (const each of rootcausebenchCases(folder)) only = each;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ofKind = (kind: string): RawEvent[] => only.events.filter(({ data }) => data.kind === kind);

describe('RootCauseBench, as it is given', () => {
  test('everything comes in order of time, under ids of its own', () => {
    const times = only.events.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort());
    expect(new Set(only.events.map(({ id }) => id)).size).toBe(only.events.length);
  });

  test('a log record keeps its level and fields; a cluster event among them is one, of the pod of its workload', () => {
    const [line] = ofKind('line');
    expect(line?.data).toMatchObject({ message: 'it fails', level: 'error', attributes: { code: 7 } });
    expect(line?.metadata).toMatchObject({ workload: 'cart' });
    const [event] = ofKind('event');
    expect(event?.data.object).toMatchObject({
      reason: 'Throttling',
      involvedObject: { kind: 'Pod', namespace: 'production', name: 'cart-6f6cfc45b-abcde' },
    });
    expect(ofKind('metrics').map(({ data, metadata }) => [metadata.pod, data.values])).toEqual([
      [undefined, { errors: 1, p99: 20 }],
      ['cart-6f6cfc45b-abcde', {}],
    ]);
  });

  test('spans of one trace have one id, whatever the set writes, and end after their duration', () => {
    const [first, second] = ofKind('span');
    expect(first?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(second?.traceId).toBe(first?.traceId);
    expect(second?.data.parentSpanId).toBe(first?.spanId);
    expect(first?.timestamp.slice(11, 23)).toBe('10:06:01.500');
  });

  test('commits, rollouts and flags are change markers; the monitor is an alert that went up', () => {
    expect(ofKind('change-marker').map(({ data }) => `${String(data.what)} ${String(data.reference)}`)).toEqual([
      'commit c1',
      'flag x',
      'deploy c1',
    ]);
    expect(ofKind('alert')[0]?.data).toMatchObject({ name: 'cart-errors', metric: 'errors', direction: 'up' });
  });
});

describe('its scores', () => {
  const incident = (confidence: number, commit: string | null, names: string[]): Told => ({
    id: names.join(),
    status: 'OPEN',
    severity: 'ERROR',
    title: '',
    summary: '',
    rootCause: '',
    confidence,
    openedAt: '',
    rootCauseEntity: null,
    affected: names.map((name) => ({
      role: 'AFFECTED',
      entity: { kind: 'Deployment', namespace: 'production', name },
    })),
    rootCauses: [
      {
        rank: 1,
        confidence,
        category: 'log.error',
        entity: { kind: 'Deployment', namespace: 'production', name: names[0]! },
        event: {
          message: '',
          entity: { kind: 'Deployment', namespace: 'production', name: names[0]! },
          attributes: commit === null ? [] : [{ name: 'commit', value: commit }],
        },
      },
    ],
  });
  const score = async (...told: Told[]): Promise<unknown> =>
    (await scoreRootcausebench(folder, [{ id: 'rcb-1', group: '', told }])).figures;

  test('no commit where none is guilty; a decoy counts against it, however many incidents there are', async () => {
    expect(await score(incident(0.9, null, ['cart', 'web']))).toEqual({
      exact: 1,
      decoy: 0,
      firstFailing: 1,
      blast: 1,
    });
    expect(await score()).toMatchObject({ exact: 1, decoy: 0, firstFailing: 0 });
    expect(await score(incident(0.9, null, ['cart']), incident(0.4, 'c1', ['web']))).toMatchObject({
      exact: 0,
      decoy: 1,
    });
  });

  test('what is easy: the newest rollout, and to say that there is none', async () => {
    const baselines = await rootcausebenchBaselines(folder, () => rootcausebenchCases(folder));
    expect(baselines['latest deploy']).toEqual({ exact: 0, decoy: 1 });
    expect(baselines['always none']).toEqual({ exact: 1, decoy: 0 });
  });
});
