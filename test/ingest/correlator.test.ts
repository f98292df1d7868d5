import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCorrelator } from '../../ingest/correlator.js';
import type { Category } from '../../src/model/categories.js';
import { play, rules, startMs, told, world } from './world.js';

const names = ['a', 'b', 'c', 'd'].map((letter) => `app-${letter}`);
const seen: readonly Category[] = [
  'container.oom-killed',
  'container.terminated',
  'container.restarted',
  'image.not-found',
  'pod.not-ready',
  'log.exception',
  'call.refused',
  'probe.readiness-failed',
  'change.image',
  'change.spec',
  'pod.deleted',
];

interface Happening {
  readonly category: Category;
  readonly on: number;
  readonly peer: number;
  readonly from: number;
  readonly lasts: number;
}

const happening: fc.Arbitrary<Happening> = fc.record({
  category: fc.constantFrom(...seen),
  on: fc.nat(names.length - 1),
  peer: fc.nat(names.length - 1),
  from: fc.integer({ min: 10, max: 120 }),
  lasts: fc.nat(40),
});

const storm = (happenings: readonly Happening[]): ReturnType<typeof world> => {
  const made = world();
  for (const name of names) made.service(name);
  made.health('kubernetes@-', 'healthy');
  for (const { category, on, peer, from, lasts } of happenings) {
    const attributes = category.startsWith('call.') ? { peer: `${names[peer]}:8080` } : {};
    made.happens(category, `Deployment/${names[on]}`, from, from + lasts, attributes);
  }
  return made;
};

describe('the same findings give the same results', () => {
  test('byte for byte, however often and whenever it is asked the time', () => {
    let told = 0;
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 12 }),
        fc.array(fc.double({ min: 1, max: 300, noNaN: true }), { maxLength: 20 }),
        (happenings, asks) => {
          const { findings } = storm(happenings);
          const plain = play(findings, 300);
          told += plain.length;
          expect(JSON.stringify(play(findings, 300, { asks }))).toBe(JSON.stringify(plain));
        },
      ),
      { numRuns: 60 },
    );
    expect(told).toBeGreaterThan(20);
  });

  test('taken one by one or all at once', () => {
    const { findings } = storm([
      { category: 'container.oom-killed', on: 0, peer: 0, from: 60, lasts: 0 },
      { category: 'call.refused', on: 1, peer: 0, from: 61, lasts: 30 },
      { category: 'image.not-found', on: 2, peer: 0, from: 65, lasts: 30 },
    ]);
    const sorted = [...findings].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    const correlator = createCorrelator({ cluster: 'test', rules, minEvents: 2 });
    correlator.take(sorted);
    correlator.advance(startMs + 200_000);
    const atOnce = correlator.drain().results;
    expect(atOnce.length).toBeGreaterThan(1);
    expect(JSON.stringify(play(sorted, 200))).toBe(JSON.stringify(atOnce));
  });

  test('whatever happens, every result holds together', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 15 }), (happenings) => {
        const { revisions } = storm(happenings);
        const last = new Map<string, number>();
        for (const result of revisions(400)) {
          expect(result.revision).toBe((last.get(result.incidentId) ?? 0) + 1);
          last.set(result.incidentId, result.revision);
          expect(result.confidence).toBeGreaterThan(0);
          expect(result.confidence).toBeLessThanOrEqual(1);
          expect(result.events).toContain(result.rootCauseEventId);
          expect(result.category.startsWith('change.') && !/^change\.bad-/.test(result.category)).toBe(false);
          expect((result.resolvedAt === null) === (result.status === 'OPEN')).toBe(true);
          for (const { from, to, temporal, spatial, causal, semantic } of result.edges) {
            expect(result.events).toEqual(expect.arrayContaining([from, to]));
            expect(Math.min(temporal, spatial, causal, semantic)).toBeGreaterThan(0);
          }
          for (const { confidence, whyNot } of result.alternatives) {
            expect(whyNot).not.toBe('');
            expect(confidence).toBeLessThanOrEqual(result.confidence);
          }
          const roots = result.entities.filter(({ role }) => role === 'ROOT_CAUSE');
          expect(roots.map(({ entity }) => entity.id)).toEqual([result.rootCauseEntity.id]);
        }
        // Nothing goes on for ever after all has fallen silent.
        const open = new Map(revisions(1200).map(({ incidentId, status }) => [incidentId, status]));
        expect([...open.values()].filter((status) => status === 'OPEN')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the correlator', () => {
  test('says each thing once', () => {
    const { findings, happens, health, service } = world();
    service('cart');
    health('kubernetes@-', 'degraded');
    happens('image.not-found', 'Deployment/cart', 60, 90);
    const correlator = createCorrelator({ cluster: 'test', rules, minEvents: 2 });
    correlator.take([...findings].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)));
    correlator.advance(startMs + 90_000);
    const first = correlator.drain();
    expect(told(first.results)).toEqual(['image.not-found Deployment/shop/cart']);
    expect(first.events.map(({ id }) => id)).toEqual(expect.arrayContaining([...first.results[0]!.events]));
    expect(first.sources.map(({ state }) => state)).toEqual(['degraded']);
    expect(first.entities.length).toBe(3);
    expect(first.results[0]?.sourceHealth.map(({ source, state }) => [source, state])).toEqual([
      ['kubernetes@-', 'degraded'],
    ]);
    expect(correlator.stats()).toMatchObject({ openIncidents: 1, problems: 1 });
    const second = correlator.drain();
    expect([second.results, second.events, second.sources, second.entities, second.relationsOpened]).toEqual([
      [],
      [],
      [],
      [],
      [],
    ]);
  });

  test('says now and then that a source is still heard of, and not with every clock', () => {
    const { findings, health } = world();
    for (let second = 0; second <= 60; second++) health('kubernetes@-', 'healthy', second);
    const correlator = createCorrelator({ cluster: 'test', rules, minEvents: 2 });
    const heard = findings.flatMap((finding) => {
      correlator.take([finding]);
      return correlator.drain().sources.map(({ lastSeen }) => (Date.parse(lastSeen) - startMs) / 1000);
    });
    expect(heard).toEqual([0, 15, 30, 45, 60]);
  });

  test('tells nothing of a cluster in which nothing is wrong', () => {
    const { findings, service, health } = world();
    for (const name of names) service(name);
    health('kubernetes@-', 'down', 30);
    expect(play(findings, 86_400)).toEqual([]);
  });

  test('what comes late does not undo what is newer', () => {
    const { findings, thing } = world();
    thing('Deployment/cart', { relations: [['OWNS', 'Pod/cart-1']] });
    thing('Pod/cart-1', { at: 60, wrong: ['image.not-found'] });
    const late = world();
    late.thing('Pod/cart-1', { at: 50 });
    const correlator = createCorrelator({ cluster: 'test', rules, minEvents: 2 });
    correlator.take([...findings, ...late.findings]);
    correlator.advance(startMs + 90_000);
    expect(told(correlator.drain().results)).toEqual(['image.not-found Deployment/shop/cart']);
  });
});
