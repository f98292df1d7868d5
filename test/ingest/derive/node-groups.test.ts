import { describe, expect, test } from '@jest/globals';
import { told, world } from '../world.js';

const labels = (zone: string): Record<string, string> => ({ 'topology.kubernetes.io/zone': zone });

describe('nodes looked at together', () => {
  test('most nodes of a zone that stop at once are one outage of the zone', () => {
    const { thing, run } = world();
    for (const name of ['a1', 'a2']) thing(`Node/${name}`, { labels: labels('a') });
    thing('Node/b1', { labels: labels('b') });
    thing('Node/a1', { at: 60, labels: labels('a'), wrong: ['node.not-ready'] });
    thing('Node/a2', { at: 70, labels: labels('a'), wrong: ['node.not-ready'] });
    expect(told(run(100))).toEqual(['zone.outage Zone/a']);
  });

  test('where there is but one zone, its nodes stop for another reason', () => {
    const { thing, run } = world();
    for (const name of ['a1', 'a2']) thing(`Node/${name}`, { labels: labels('a') });
    for (const name of ['a1', 'a2']) thing(`Node/${name}`, { at: 60, labels: labels('a'), wrong: ['node.not-ready'] });
    expect(told(run(100)).filter((each) => each.startsWith('zone.'))).toEqual([]);
  });

  test('half of a zone is not the zone', () => {
    const { thing, run } = world();
    for (const name of ['a1', 'a2', 'a3', 'a4']) thing(`Node/${name}`, { labels: labels('a') });
    thing('Node/b1', { labels: labels('b') });
    for (const name of ['a1', 'a2']) thing(`Node/${name}`, { at: 60, labels: labels('a'), wrong: ['node.not-ready'] });
    expect(told(run(100)).filter((each) => each.startsWith('zone.'))).toEqual([]);
  });

  test('new nodes that never work, while the old ones do, are the fault of their pool', () => {
    const pool = { 'eks.amazonaws.com/nodegroup': 'workers' };
    const { thing, run } = world();
    thing('Node/old', { labels: pool, created: -86_400 });
    for (const name of ['w1', 'w2'])
      thing(`Node/${name}`, {
        at: 60,
        created: 55,
        labels: pool,
        facts: { kubeletVersion: 'v1.34.0' },
        wrong: ['node.not-ready'],
      });
    expect(told(run(100))).toEqual(['node.pool-broken NodePool/workers']);
  });

  test('when the old nodes of the cluster are lost as well, it is not the pool', () => {
    const pool = { 'eks.amazonaws.com/nodegroup': 'workers' };
    const { thing, run } = world();
    thing('Node/old', { labels: pool, created: -86_400 });
    thing('Node/old', { at: 58, labels: pool, created: -86_400, wrong: ['node.not-ready'] });
    for (const name of ['w1', 'w2'])
      thing(`Node/${name}`, { at: 60, created: 55, labels: pool, wrong: ['node.not-ready'] });
    expect(told(run(100)).filter((each) => each.startsWith('node.pool'))).toEqual([]);
  });

  test('an agent that fails is to blame for its node only where two workloads follow it', () => {
    const after = (followers: readonly string[]): string[] => {
      const { thing, happens, service, run } = world();
      thing('Node/n1');
      thing('DaemonSet/kube-system/cni', { relations: [['OWNS', 'Pod/kube-system/cni-1']] });
      thing('Pod/kube-system/cni-1', { relations: [['RUNS_ON', 'Node/n1']] });
      for (const name of ['cart', 'web', 'store']) {
        service(name);
        thing(`Pod/${name}-1`, { labels: { app: name }, relations: [['RUNS_ON', 'Node/n1']] });
      }
      happens('container.crash-loop', 'Pod/kube-system/cni-1', 60, 90);
      for (const name of followers)
        happens('call.unreachable', `Pod/${name}-1`, 66, 90, { peer: 'bank.example.com:443' });
      return told(run(92));
    };
    expect(after(['cart', 'web'])[0]).toBe('container.crash-loop DaemonSet/kube-system/cni');
    expect(after(['cart', 'web']).filter((each) => each.includes('Deployment'))).toEqual([]);
    expect(after(['cart']).filter((each) => each.startsWith('node.agent-down'))).toEqual([]);
  });

  test('what ran on a node that was taken away misses it', () => {
    const { thing, happens, service, run } = world();
    thing('Node/n1');
    service('cart');
    service('web');
    thing('Pod/cart-1', { labels: { app: 'cart' }, relations: [['RUNS_ON', 'Node/n1']] });
    thing('Node/n1', { at: 60, deleted: true });
    happens('node.removed', 'Node/n1', 60);
    thing('Pod/cart-1', { at: 63, deleted: true });
    thing('Service/cart', { at: 63, selector: { app: 'cart' }, wrong: ['service.no-ready-endpoints'] });
    happens('call.refused', 'Deployment/web', 66, 90, { peer: 'cart:8080' });
    expect(told(run(92))).toEqual(['node.removed Node/n1']);
  });
});
