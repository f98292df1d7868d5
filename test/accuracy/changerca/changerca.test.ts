import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { toEpochMs } from '../../../src/model/time.js';
import type { Told } from '../engine.js';
import type { AccuracyCase } from '../set.js';
import { changercaCases } from './cases.js';
import { rolloutsOf, type Changes } from './rollouts.js';
import { changercaBaselines, scoreChangerca } from './score.js';

const detected = 1_800_000_000;
const step = (v2: number, complete: number, pod: string): Changes['plan'][string]['process'][string] => ({
  v1: 3 - v2,
  v2,
  release_pod: [pod],
  delete_pod: [pod.replace('-v2-', '-v1-')],
  release_complete_timestamp: complete,
});
const changes: Changes = {
  detect_timestamp: detected,
  before_change_pods: ['cart-v1-aaa-1', 'cart-v1-aaa-2', 'mail-v1-bbb-1', 'web-v1-ccc-1'],
  plan: {
    // The second step was planned early and had to wait until after the incident.
    cart: {
      process: {
        [detected - 200]: step(1, detected - 140, 'cart-v2-ddd-1'),
        [detected - 100]: step(2, detected + 400, 'cart-v2-ddd-2'),
      },
    },
    mail: { process: { [detected - 10]: step(1, detected + 50, 'mail-v2-eee-1') } },
    late: { process: { [detected + 5]: step(1, detected + 60, 'late-v2-fff-1') } },
  },
};

let folder: string;
let only: AccuracyCase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-changerca-'));
  const path = join(folder, 'half', 'chg-1');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'changes.json'), JSON.stringify(changes));
  writeFileSync(join(path, 'dependency.csv'), 'Source,Target,Weight\nweb,cart,1\ncart,mail,1\nweb,33.33.33.1,1\n');
  const header =
    'Time,Timestamp,SuccessRate,Latency,CPUUsageRate(%),MemoryUsageRate(%),NodeCpuUsageRate(%),NodeMemoryUsageRate(%)';
  const rows = [-60, 0, 60].map((late) => `t,${detected + late},${late < 0 ? 100 : 50},1,2,3,4,0.005`);
  writeFileSync(join(path, 'cart-v2-ddd-1_web_cart.csv'), [header, ...rows].join('\n'));
  writeFileSync(
    join(path, 'source_success.csv'),
    `time,timestamp,web_cart\nt,${detected - 60},100\nt,${detected + 1},50\n`,
  );
  const label = {
    id: 'chg-1',
    root_cause_change_service: 'cart',
    benign_change_services: ['mail'],
    published_service_rca: { GIED: 'mail' },
  };
  writeFileSync(join(folder, 'labels_half.json'), JSON.stringify([label]));
  for await (const each of changercaCases(folder)) only = each;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ofKind = (kind: string): RawEvent[] => only.events.filter(({ data }) => data.kind === kind);

describe('ChangeRCA, as a watch and a mesh would have shown it', () => {
  test('steps follow each other by their number of new pods, and none begins before the one ahead is complete', () => {
    const rollouts = rolloutsOf(changes, detected);
    expect(
      rollouts.map(({ service, steps }) => [service, steps.map(({ startSecond }) => startSecond - detected)]),
    ).toEqual([
      ['cart', [-200]],
      ['mail', [-10]],
    ]);
  });

  test('nothing is told that came after the incident was detected', () => {
    expect(only.events.length).toBeGreaterThan(0);
    for (const { timestamp } of only.events) expect(toEpochMs(timestamp)).toBeLessThanOrEqual(detected * 1000);
  });

  test('flows have their error ratio and their latency from the last column, the callee’s pod where it is the one that answers', () => {
    const [first, second] = ofKind('flow').filter(({ data }) => data.peerPod !== null);
    expect(first?.data).toMatchObject({ peer: 'cart', peerPod: 'cart-v2-ddd-1', errorRatio: 0, latencyMs: 5 });
    expect(second?.data).toMatchObject({ errorRatio: 0.5 });
  });

  test('a rollout changes the image once; its pod is ready when the step is complete, if that was seen', () => {
    const changed = ofKind('deployment').filter(({ data }) => (data.changes as unknown[]).length > 0);
    expect(changed.map(({ data }) => (data.object as { metadata: { name: string } }).metadata.name)).toEqual([
      'cart',
      'mail',
    ]);
    const pods = ofKind('pod').map(({ data }) => {
      const { metadata, status } = data.object as { metadata: { name: string }; status: { phase: string } };
      return `${String(data.action)} ${metadata.name} ${status.phase}`;
    });
    expect(pods).toEqual(
      expect.arrayContaining([
        'ADDED cart-v2-ddd-1 Pending',
        'MODIFIED cart-v2-ddd-1 Running',
        'DELETED cart-v1-ddd-1 Running',
        'ADDED mail-v2-eee-1 Pending',
      ]),
    );
    expect(pods).not.toContain('MODIFIED mail-v2-eee-1 Running');
  });

  test('that it was detected is told where users come in', () => {
    expect(ofKind('alert').map(({ metadata }) => metadata.workload)).toEqual(['web']);
  });
});

describe('its scores', () => {
  const incident = (status: string, ...causes: [category: string, name: string][]): Told => ({
    id: status,
    status,
    severity: 'ERROR',
    title: '',
    summary: '',
    rootCause: '',
    confidence: 0.8,
    openedAt: '',
    rootCauseEntity: null,
    affected: [],
    rootCauses: causes.map(([category, name], i) => {
      const entity = { kind: 'Deployment', namespace: 'default', name };
      return { rank: i + 1, confidence: 0.8, category, entity, event: { message: '', entity, attributes: [] } };
    }),
  });

  test('the rank among the changes that were told, of open incidents first', async () => {
    const told = [
      incident('RESOLVED', ['change.bad-release', 'mail']),
      incident('OPEN', ['call.failed', 'mail'], ['change.bad-release', 'cart']),
    ];
    const { figures, judged } = await scoreChangerca(folder, [{ id: 'chg-1', group: '', told }]);
    expect(figures).toEqual({ 'HR@1': 1, 'HR@3': 1, meanRank: 1 });
    expect(judged[0]).toMatchObject({ right: true, wrong: [] });
    const missed = await scoreChangerca(folder, [{ id: 'chg-1', group: '', told: [] }]);
    expect(missed.figures).toEqual({ 'HR@1': 0, 'HR@3': 0, meanRank: 10 });
  });

  test('what is easy: the newest and the oldest rollout', async () => {
    const baselines = await changercaBaselines(folder, () => changercaCases(folder));
    expect(baselines['latest rollout']).toMatchObject({ 'HR@1': 0, 'HR@3': 1 });
    expect(baselines['earliest rollout']).toMatchObject({ 'HR@1': 1 });
    expect(baselines.random).toMatchObject({ 'HR@1': 0.5 });
    expect(baselines['GIED (stored)']).toEqual({ 'HR@1': 0 });
  });
});
