import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadExperiences, type Experience } from '../../ingest/correlate/experience.js';
import { featuresOf, type Hearsay } from '../../ingest/correlate/hearsay.js';
import { allDimensions } from '../../ingest/correlate/candidates.js';
import { entityRef, entityTitle } from '../../src/model/entity.js';
import type { Category } from '../../src/model/categories.js';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import type { EntityFinding, Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import { fromEpochMs } from '../../src/model/time.js';
import { place, play, startMs } from './world.js';

const experience = (known: Partial<Experience>): Experience => ({
  incidents: 0,
  blamed: new Map(),
  innocent: new Map(),
  weights: new Map(),
  ...known,
});

interface Alert {
  readonly category: Category;
  readonly on: string;
  readonly signal: string;
  readonly second?: number;
  readonly type?: 'alert' | 'log';
}

/** An alert as its reader tells it: an object whose state is what it says of another. */
function fires({ category, on, signal, second = 60, type = 'alert' }: Alert): EntityFinding {
  const at = fromEpochMs(startMs + second * 1000);
  const entity = place(on);
  return {
    kind: 'entity',
    at,
    entity: entityRef('test', 'Alert', 'shop', `${signal.replaceAll(' ', '-')}-${entity.name}`),
    deleted: false,
    createdAt: at,
    labels: {},
    facts: {},
    selector: null,
    relations: [],
    problems: [
      {
        id: contentId(on, signal, category),
        timestamp: at,
        type,
        k8sContext: {
          cluster: 'test',
          node: null,
          namespace: entity.namespace,
          pod: null,
          podUid: null,
          container: null,
          containerId: null,
          workload: null,
          service: null,
        },
        entity,
        traceContext: null,
        semantic: {
          category,
          message: `Alert on ${on}: ${signal}.`,
          template: signal,
          fingerprint: contentId(on, signal),
          attributes: { alert: signal, metric: signal, signal },
        },
        impact: { severity: 'WARNING', scope: 'pod' },
        count: 2,
        firstSeen: at,
        lastSeen: at,
      },
    ],
  };
}

function incident(alerts: readonly Alert[], known: Experience | null): CorrelationResult[] {
  const findings: Finding[] = alerts.map(fires);
  const results = play(findings, 90, known ? { experiences: new Map([['*', known]]) } : {});
  return [...new Map(results.map((result) => [result.incidentId, result])).values()];
}

const blamed = (results: readonly CorrelationResult[]): string[] =>
  results.map(({ rootCauseEntity }) => entityTitle(rootCauseEntity));

const alerts: readonly Alert[] = [
  { category: 'app.slow', on: 'Pod/web-0', signal: 'latency up' },
  { category: 'app.slow', on: 'Pod/cart-0', signal: 'latency up' },
  { category: 'app.cpu-saturated', on: 'Pod/cart-0', signal: 'cpu up' },
  { category: 'app.load-lost', on: 'Pod/mail-0', signal: 'requests down' },
];

describe('alerts of other systems, and nothing else', () => {
  test('are one story; the thing whose alerts weigh most is to blame, the others are alternatives', () => {
    const [result, ...more] = incident(alerts, experience({ weights: new Map([['is cpu up', 3]]) }));
    expect(more).toEqual([]);
    expect(entityTitle(result!.rootCauseEntity)).toBe('Pod/shop/cart-0');
    expect(result!.category).toBe('app.cpu-saturated');
    const chances = result!.rootCauses.map(({ confidence }) => confidence);
    expect(chances[0]).toBeCloseTo(Math.exp(3) / (Math.exp(3) + 2), 3);
    expect(result!.rootCauses.map(({ entity }) => entity.name).sort()).toEqual(['cart-0', 'mail-0', 'web-0']);
    expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 3);
    expect(result!.rootCauses[0]!.evidence.map(({ text }) => text).join('\n')).toContain('learned from');
  });

  test('another experience blames another thing', () => {
    expect(blamed(incident(alerts, experience({ weights: new Map([['is requests down', 3]]) })))).toEqual([
      'Pod/shop/mail-0',
    ]);
  });

  test('without any experience they are problems like all others', () => {
    const results = incident(alerts, null);
    expect(
      results.every(({ rootCauses }) => rootCauses.every(({ evidence }) => !/learned/.test(JSON.stringify(evidence)))),
    ).toBe(true);
  });

  test('beside something that was seen, what was learned does not speak', () => {
    const known = experience({ weights: new Map([['is requests down', 9]]) });
    const seen: Alert = { category: 'container.oom-killed', on: 'Pod/cart-0', signal: 'killed', type: 'log' };
    const results = incident([...alerts, seen], known);
    expect(results.some(({ category }) => category === 'container.oom-killed')).toBe(true);
  });

  test('an hour apart they are two stories', () => {
    const apart = alerts.map((each, i) => ({ ...each, second: i < 2 ? 10 : 3610 }));
    const findings: Finding[] = apart.map(fires);
    const known = experience({ weights: new Map([['is cpu up', 3]]) });
    const results = play(findings, 3640, { experiences: new Map([['*', known]]) });
    expect(new Set(results.map(({ incidentId }) => incidentId)).size).toBeGreaterThan(1);
  });
});

describe('what alerts say as numbers', () => {
  const says = (name: string, signal: string, more: Partial<Hearsay> = {}): Hearsay => ({
    thing: name,
    name,
    service: name.replace(/-\d+$/, ''),
    signal,
    alert: signal,
    wordy: false,
    atMs: 0,
    caller: null,
    callee: null,
    operation: null,
    ...more,
  });
  const of = (said: readonly Hearsay[], thing: string, known = experience({})): Record<string, number> =>
    Object.fromEntries(featuresOf(said, known, allDimensions).get(thing)!);

  test('an alert that always fires on a thing that is not to blame says little', () => {
    const known = experience({ incidents: 99, innocent: new Map([['web-0 cpu up', 99]]) });
    const said = [says('web-0', 'cpu up'), says('cart-0', 'cpu up')];
    expect(of(said, 'web-0', known)['sum cpu up']).toBeLessThan(0.01);
    expect(of(said, 'cart-0', known)['sum cpu up']).toBeGreaterThan(1);
  });

  test('a replica that is spared tells from one that is not', () => {
    const said = [says('cart-0', 'cpu up'), says('cart-0', 'latency up'), says('cart-1', 'latency up')];
    expect(of(said, 'cart-0')).toMatchObject({ 'alone cpu up': 1, 'shared latency up': 1 });
    expect(of(said, 'cart-1')).toMatchObject({ 'spared cpu up': 1, 'shared latency up': 1 });
  });

  test('callers that find slow what is not slow itself point at the way between', () => {
    const call = { operation: '/cart.Cart/Add', callee: 'cart' };
    const waiting = says('web-0', 'latency up', call);
    const idle = says('cart-0', 'requests down');
    expect(of([waiting, idle], 'cart-0')).toMatchObject({ 'lost on the way': 1, 'is from callers latency up': 1 });
    const serving = says('cart-0', 'latency up', { operation: '/cart.Cart/Add', caller: 'web-0' });
    expect(of([waiting, idle, serving], 'cart-0')['lost on the way']).toBeUndefined();
  });

  test('a dimension that is switched off says nothing', () => {
    const said = [says('cart-0', 'latency up', { caller: 'web-0', operation: '/' }), says('web-0', 'cpu up')];
    const names = (switched: Partial<typeof allDimensions>): string =>
      [...featuresOf(said, experience({}), { ...allDimensions, ...switched }).values()]
        .flatMap((own) => [...own.keys()])
        .join();
    expect(names({})).toMatch(/callee/);
    expect(names({ spatial: false })).not.toMatch(/callee|shared|alone|spared|on the way/);
    expect(names({ temporal: false })).not.toMatch(/early|first/);
  });
});

describe('a file of experience', () => {
  const load = (text: string): unknown => {
    const folder = mkdtempSync(join(tmpdir(), 'throughline-experience-'));
    try {
      writeFileSync(join(folder, 'known.json'), text);
      return loadExperiences([join(folder, 'known.json')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test('is refused with the key that is wrong', () => {
    const known = { provenance: 'a test', incidents: -1, blamed: {}, innocent: {}, weights: {} };
    expect(() => load(JSON.stringify({ east: known }))).toThrow(/known\.json is no experience[^]*incidents/);
    expect(() => load('{')).toThrow(/known\.json cannot be read/);
  });

  test('is by cluster', () => {
    const known = { provenance: 'a test', incidents: 3, blamed: { a: 1 }, innocent: {}, weights: { total: 1 } };
    expect(load(JSON.stringify({ east: known }))).toEqual(
      new Map([['east', experience({ incidents: 3, blamed: new Map([['a', 1]]), weights: new Map([['total', 1]]) })]]),
    );
  });
});
