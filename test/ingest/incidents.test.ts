import { describe, expect, test } from '@jest/globals';
import { fromEpochMs } from '../../src/model/time.js';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { latest, play, startMs, told, world } from './world.js';

const statuses = (results: readonly CorrelationResult[]): string[] => results.map(({ status }) => status);
const ids = (results: readonly CorrelationResult[]): string[] => [
  ...new Set(results.map(({ incidentId }) => incidentId)),
];
const notes = (result: CorrelationResult | undefined): string[] => (result?.timeline ?? []).map(({ kind }) => kind);
const at = (second: number): string => fromEpochMs(startMs + second * 1000);

describe('the life of an incident', () => {
  test('what goes on as before is no revision, however often it is said', () => {
    const { happens, service, revisions } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('image.not-found', 'Deployment/cart', 60, 600);
    happens('pod.not-ready', 'Deployment/cart', 60, 600);
    const results = revisions(600);
    expect(results.map(({ revision }) => revision)).toEqual([1]);
    expect(statuses(results)).toEqual(['OPEN']);
  });

  test('the same findings a second time give no revision', () => {
    const { findings, happens, service } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('call.refused', 'Deployment/web', 61, 90, { peer: 'cart:8080' });
    const once = play(findings, 90);
    expect(once.length).toBeGreaterThan(0);
    expect(play([...findings, ...findings], 90)).toEqual(once);
  });

  test('a further victim is a revision of the same incident, numbered and noted', () => {
    const { happens, service, revisions } = world();
    for (const name of ['web', 'cart', 'search']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('call.refused', 'Deployment/web', 61, 90, { peer: 'cart:8080' });
    happens('call.refused', 'Deployment/search', 75, 90, { peer: 'cart:8080' });
    const results = revisions(90);
    expect(ids(results)).toHaveLength(1);
    expect(results.map(({ revision }) => revision)).toEqual(results.map((_, i) => i + 1));
    expect(results.map(({ id, incidentId, revision }) => id === `${incidentId}.${revision}`)).not.toContain(false);
    const late = results.find(({ entities }) => entities.some(({ entity }) => entity.name === 'search'));
    expect(late?.updatedAt).toBe(at(75));
    expect(late?.openedAt).toBe(at(60));
    expect(notes(results.at(-1))).toEqual(expect.arrayContaining(['OPENED', 'REVISED']));
  });

  test('it is resolved once all of it has been quiet', () => {
    const { happens, service, revisions } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('call.refused', 'Deployment/web', 61, 121, { peer: 'cart:8080' });
    const results = revisions(400);
    expect(ids(results)).toHaveLength(1);
    expect(statuses(results).filter((status) => status === 'RESOLVED')).toHaveLength(1);
    const over = results.at(-1)!;
    expect(over.status).toBe('RESOLVED');
    expect(over.resolvedAt! >= at(121 + 15)).toBe(true);
    expect(over.resolvedAt! < at(121 + 60)).toBe(true);
    expect(notes(over).at(-1)).toBe('RESOLVED');
    for (const before of results.slice(0, -1)) expect(before.resolvedAt).toBeNull();
  });

  test('a condition that still holds keeps it open, without anything being said again', () => {
    const { thing, revisions } = world();
    thing('Deployment/cart', { relations: [['OWNS', 'Pod/cart-1']] });
    thing('Pod/cart-1', { at: 60, wrong: ['image.not-found'] });
    expect(statuses(revisions(3600))).toEqual(['OPEN']);
    thing('Pod/cart-1', { at: 3600 });
    expect(statuses(revisions(3700))).toEqual(['OPEN', 'RESOLVED']);
  });

  test('the same that comes back with nothing changed is the same incident again', () => {
    const { happens, service, revisions } = world();
    service('cart');
    happens('image.not-found', 'Deployment/cart', 60, 80);
    happens('image.not-found', 'Deployment/cart', 240, 260);
    const results = revisions(250);
    expect(ids(results)).toHaveLength(1);
    expect(statuses(results)).toEqual(['OPEN', 'RESOLVED', 'OPEN']);
    expect(results.at(-1)?.resolvedAt).toBeNull();
    expect(notes(results.at(-1))).toContain('REOPENED');
    expect(results.at(-1)?.openedAt).toBe(results[0]?.openedAt);
  });

  test('the same that comes back after something was changed is a new incident', () => {
    const { happens, service, revisions } = world();
    service('cart');
    happens('image.not-found', 'Deployment/cart', 60, 80);
    happens('change.image', 'Deployment/cart', 230, 230, { from: 'cart:1', to: 'cart:2' });
    happens('image.not-found', 'Deployment/cart', 240, 320);
    const results = revisions(320);
    expect(ids(results)).toHaveLength(2);
    expect(latest(results).map(({ status }) => status)).toEqual(['RESOLVED', 'OPEN']);
  });

  test('the same that comes back after a long time is a new incident', () => {
    const { happens, service, revisions } = world();
    service('cart');
    happens('image.not-found', 'Deployment/cart', 60, 80);
    happens('image.not-found', 'Deployment/cart', 1000, 1020);
    const results = revisions(1020);
    expect(ids(results)).toHaveLength(2);
  });

  test('two incidents that one cause turns out to explain become one', () => {
    const { thing, happens, run, revisions } = world();
    thing('Node/node-1');
    for (const name of ['cart', 'store']) {
      thing(`Deployment/${name}`, { relations: [['OWNS', `Pod/${name}-1`]] });
      thing(`Pod/${name}-1`, { relations: [['RUNS_ON', 'Node/node-1']] });
      happens('pod.not-ready', `Deployment/${name}`, 60, 120);
    }
    happens('node.not-ready', 'Node/node-1', 80, 120);
    const results = revisions(120);
    expect(told(run(120))).toEqual(['node.not-ready Node/node-1']);
    const merged = results.filter(({ mergedInto }) => mergedInto !== null);
    const [survivor] = run(120);
    expect(merged).toHaveLength(1);
    expect(merged[0]?.mergedInto).toBe(survivor?.incidentId);
    expect(merged[0]?.status).toBe('RESOLVED');
    expect(notes(survivor)).toContain('MERGED');
    // Both had been told before the node was.
    expect(told(results.slice(0, 2)).sort()).toEqual([
      'pod.not-ready Deployment/shop/cart',
      'pod.not-ready Deployment/shop/store',
    ]);
  });

  test('the events of a result are those of its story, by time, with the root among them', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('call.refused', 'Deployment/web', 61, 90, { peer: 'cart:8080' });
    const [result] = run(90);
    expect(result?.events).toHaveLength(2);
    expect(result?.events[0]).toBe(result?.rootCauseEventId);
    expect(result?.namespaces).toEqual(['shop']);
    expect(result?.severity).toBe('CRITICAL');
  });
});
