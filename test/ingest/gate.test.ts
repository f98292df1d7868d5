import { describe, expect, test } from '@jest/globals';
import { toEpochMs } from '../../src/model/time.js';
import { startMs, told, world } from './world.js';

const secondOf = (timestamp: string | undefined): number => (toEpochMs(timestamp ?? '') - startMs) / 1000;

describe('what is worth a person’s attention, and when', () => {
  test('a rolling update that goes well opens nothing', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('change.image', 'Deployment/cart', 60, 60, { from: 'cart:1', to: 'cart:2' });
    happens('pod.not-ready', 'Deployment/cart', 61, 85);
    happens('container.terminated', 'Deployment/cart', 62, 62, { exitCode: 143 });
    happens('call.refused', 'Deployment/web', 63, 75, { peer: 'cart:8080' });
    happens('service.no-ready-endpoints', 'Service/cart', 63, 75);
    expect(told(run(300))).toEqual([]);
  });

  test('a rollout that stays broken opens after the grace, and not before', () => {
    const broken = (changed: boolean): number => {
      const { happens, service, run } = world();
      for (const name of ['web', 'cart']) service(name);
      if (changed) happens('change.image', 'Deployment/cart', 60, 60, { from: 'cart:1', to: 'cart:2' });
      happens('pod.not-ready', 'Deployment/cart', 61, 200);
      happens('probe.readiness-failed', 'Deployment/cart', 61, 200);
      const [incident, ...others] = run(200);
      expect(others).toEqual([]);
      expect(incident?.status).toBe('OPEN');
      return secondOf(incident?.openedAt);
    };
    expect(broken(true)).toBe(60 + 45);
    // Without a change there is nothing to wait for but that it settles.
    expect(broken(false)).toBeLessThan(60 + 45);
  });

  test('a namespace in maintenance opens nothing until the window ends; what reaches beyond it is told', () => {
    const openings = (until: string, other: string): number[] => {
      const { thing, happens, service, run } = world();
      thing('Namespace/shop', { facts: { maintenanceUntil: until } });
      service('cart');
      happens('process.crashed', 'Deployment/cart', 60, 200, { signal: 11 });
      happens('container.crash-loop', other, 64, 200);
      return run(200).map(({ openedAt }) => secondOf(openedAt));
    };
    expect(openings('2026-01-01T01:00:00.000000000Z', 'Deployment/cart')).toEqual([]);
    expect(openings('2026-01-01T00:02:00.000000000Z', 'Deployment/cart')).toEqual([120]);
    expect(openings('2026-01-01T01:00:00.000000000Z', 'Deployment/bank/teller')).toHaveLength(1);
  });

  test('a node that is cordoned, emptied and taken away opens nothing', () => {
    const { thing, happens, run } = world();
    thing('Node/n2', { wrong: ['node.cordoned'], at: 20 });
    happens('change.spec', 'Node/n2', 20, 20, { paths: 'spec.unschedulable' });
    happens('node.removed', 'Node/n2', 60);
    thing('Node/n2', { at: 60, deleted: true });
    expect(told(run(300))).toEqual([]);
  });

  test('a pod that is ready again before its story has settled opens nothing', () => {
    const { thing, happens, service, run } = world();
    service('cart');
    happens('container.restarted', 'Deployment/cart', 60, 60, { restartCount: 1 });
    thing('Pod/cart-1', { at: 60, labels: { app: 'cart' }, wrong: ['pod.not-ready'] });
    thing('Pod/cart-1', { at: 66, labels: { app: 'cart' } });
    expect(told(run(300))).toEqual([]);
  });

  test('scaling down opens nothing', () => {
    const { thing, happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('change.scale', 'Deployment/cart', 60, 60, { from: 3, to: 1 });
    happens('pod.deleted', 'Deployment/cart', 61);
    happens('container.terminated', 'Deployment/cart', 62, 62, { exitCode: 143 });
    happens('call.reset', 'Deployment/web', 61, 67, { peer: 'cart:8080' });
    thing('Pod/cart-1', { at: 63, deleted: true });
    expect(told(run(300))).toEqual([]);
  });

  test('a Job that completes opens nothing', () => {
    const { thing, happens, run } = world();
    thing('Job/report', { relations: [['OWNS', 'Pod/report-1']] });
    thing('Pod/report-1', { wrong: ['pod.not-ready'] });
    happens('change.created', 'Job/report', 10);
    thing('Pod/report-1', { at: 14 });
    thing('Job/report', { at: 15, facts: { succeeded: 1 }, relations: [['OWNS', 'Pod/report-1']] });
    thing('Pod/report-1', { at: 40, deleted: true });
    expect(told(run(300))).toEqual([]);
  });

  test('a pod that is deleted by hand and comes back opens nothing', () => {
    const { thing, happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('pod.deleted', 'Pod/cart-1', 60);
    thing('Pod/cart-1', { at: 61, deleted: true });
    thing('Service/cart', {
      at: 61,
      selector: { app: 'cart' },
      facts: { ports: '8080:8080' },
      wrong: ['service.no-ready-endpoints'],
    });
    happens('call.refused', 'Deployment/web', 62, 76, { peer: 'cart:8080' });
    const replacement = { labels: { app: 'cart' }, ownedBy: 'Deployment/cart' };
    thing('Pod/cart-2', { at: 62, ...replacement, wrong: ['pod.not-ready'] });
    thing('Pod/cart-2', { at: 78, ...replacement });
    thing('Service/cart', { at: 79, selector: { app: 'cart' }, facts: { ports: '8080:8080' } });
    expect(told(run(300))).toEqual([]);
  });

  test('a single quick restart opens nothing, restarts that go on do', () => {
    const restarting = (until: number): string[] => {
      const { happens, service, run } = world();
      service('cart');
      happens('container.restarted', 'Deployment/cart', 60, until, { restartCount: 1 });
      happens('pod.not-ready', 'Deployment/cart', 60, until);
      return told(run(300));
    };
    expect(restarting(62)).toEqual([]);
    expect(restarting(90)).toEqual(['container.restarted Deployment/shop/cart']);
  });

  test('the kernel’s word on an out-of-memory kill opens at once, in the midst of a rollout too', () => {
    const { happens, service, run } = world();
    service('cart');
    happens('change.image', 'Deployment/cart', 55, 55, { from: 'cart:1', to: 'cart:2' });
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    const [incident] = run(61);
    expect(incident?.category).toBe('container.oom-killed');
    expect(secondOf(incident?.openedAt)).toBe(60);
  });

  test('what one sighting settles waits for no second one; an error that is logged once is no incident', () => {
    const once = (category: 'image.not-found' | 'log.error'): string[] => {
      const { happens, service, run } = world();
      service('cart');
      happens(category, 'Deployment/cart', 60);
      return told(run(120));
    };
    expect(once('image.not-found')).toEqual(['image.not-found Deployment/shop/cart']);
    expect(once('log.error')).toEqual([]);
  });

  test('what is measured once a minute goes on in between: one incident, open until a measurement has been missed', () => {
    const { happens, service, run, revisions } = world();
    service('cart');
    for (const minute of [60, 120, 180])
      happens('app.slow', 'Deployment/cart', minute, minute, { intervalMs: 60_000, score: minute });
    happens('app.slow', 'Deployment/cart', 60, 62, { intervalMs: 60_000 });
    expect(revisions(230).map(({ status }) => status)).not.toContain('RESOLVED');
    expect(run(330).map(({ status }) => status)).toEqual(['RESOLVED']);
  });

  test('a condition that is over before it has settled opens nothing', () => {
    const condition = (until: number): string[] => {
      const { thing, run } = world();
      thing('Deployment/cart', { relations: [['OWNS', 'Pod/cart-1']] });
      thing('Pod/cart-1');
      thing('Pod/cart-1', { at: 60, wrong: ['config.object-missing'] });
      thing('Pod/cart-1', { at: until });
      return told(run(300));
    };
    expect(condition(64)).toEqual([]);
    expect(condition(66)).toEqual(['config.object-missing Deployment/shop/cart']);
  });

  test('changes by themselves open nothing, however many', () => {
    const { happens, service, run } = world();
    service('cart');
    for (let i = 0; i < 20; i++) {
      happens('change.image', 'Deployment/cart', 60 + i, 60 + i, { to: `cart:${i}` });
      happens('change.config', 'ConfigMap/cart', 60 + i, 60 + i, { keys: 'a' });
    }
    expect(told(run(300))).toEqual([]);
  });
});
