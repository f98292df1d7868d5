import { describe, expect, test } from '@jest/globals';
import { entityTitle } from '../../src/model/entity.js';
import { affected, latest, play, told, world } from './world.js';

describe('what is measured at intervals', () => {
  const slow = (until: number): string[] => {
    const { thing, happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    thing('Deployment/web', {
      selector: { app: 'web' },
      relations: [
        ['OWNS', 'Pod/web-1'],
        ['CALLS', 'Service/cart'],
      ],
    });
    happens('app.slow', 'Deployment/cart', 60, until, { intervalMs: 60_000 });
    happens('app.slow', 'Deployment/web', 540, 600, { intervalMs: 60_000 });
    return told(run(600));
  };

  test('has effects for as long as it is measured again, however long ago it began', () => {
    expect(slow(600)).toEqual(['app.slow Deployment/shop/cart']);
  });

  test('and none when it had ended before', () => {
    expect(slow(240)).toContain('app.slow Deployment/shop/web');
  });
});

describe('how many causes there are', () => {
  test('two causes in different places at the same time stay two incidents', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart', 'store', 'search']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('call.refused', 'Deployment/web', 61, 80, { peer: 'cart:8080' });
    happens('image.not-found', 'Deployment/store', 60, 80);
    happens('service.no-ready-endpoints', 'Service/store', 60, 80);
    happens('call.refused', 'Deployment/search', 61, 80, { peer: 'store:8080' });
    const results = run(80);
    expect(told(results).sort()).toEqual([
      'container.oom-killed Deployment/shop/cart',
      'image.not-found Deployment/shop/store',
    ]);
    const of = (name: string): string[] =>
      affected(results.find(({ rootCauseEntity }) => rootCauseEntity.name === name));
    expect(of('cart').sort()).toEqual(['Deployment/shop/cart', 'Deployment/shop/web']);
    expect(of('store').sort()).toEqual(['Deployment/shop/search', 'Deployment/shop/store', 'Service/shop/store']);
  });

  test('two causes that share a victim stay two incidents', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart', 'store']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('image.not-found', 'Deployment/store', 60, 90);
    happens('call.refused', 'Deployment/web', 62, 90, { peer: 'cart:8080' });
    happens('call.timeout', 'Deployment/web', 62, 90, { peer: 'store:8080' });
    expect(told(run(90)).sort()).toEqual([
      'container.oom-killed Deployment/shop/cart',
      'image.not-found Deployment/shop/store',
    ]);
  });

  test('ten causes at once make ten incidents', () => {
    const { happens, service, run } = world();
    const names = [...'abcdefghij'].map((letter) => `app-${letter}`);
    for (const name of names) {
      service(name);
      happens('image.not-found', `Deployment/${name}`, 60, 90);
      happens('pod.not-ready', `Deployment/${name}`, 61, 90);
    }
    expect(told(run(90)).sort()).toEqual(names.map((name) => `image.not-found Deployment/shop/${name}`));
  });

  test('a thousand failing pods of one cause make one incident', () => {
    const { thing, happens, run } = world();
    thing('Node/node-1');
    for (let i = 0; i < 1000; i++) {
      const app = `app-${i % 20}`;
      thing(`Pod/${app}-${i}`, { relations: [['RUNS_ON', 'Node/node-1']], labels: { app } });
    }
    for (let n = 0; n < 20; n++) {
      const pods = Array.from({ length: 50 }, (_, i) => ['OWNS', `Pod/app-${n}-${n + i * 20}`] as const);
      thing(`Deployment/app-${n}`, { relations: pods });
    }
    happens('node.not-ready', 'Node/node-1', 60, 80);
    for (let i = 0; i < 1000; i++) happens('pod.not-ready', `Pod/app-${i % 20}-${i}`, 62);
    const results = run(80);
    expect(told(results)).toEqual(['node.not-ready Node/node-1']);
    expect(affected(results[0])).toHaveLength(21);
  });
});

describe('who is blamed', () => {
  test('a failing thing blames itself when nothing upstream explains it, and the upstream when it does', () => {
    const blame = (upstream: boolean): string[] => {
      const { happens, service, run } = world();
      for (const name of ['web', 'cart']) service(name);
      if (upstream) happens('container.oom-killed', 'Deployment/cart', 59, 59, { limitBytes: 67108864 });
      happens('log.exception', 'Deployment/web', 60, 100, {}, 'Error: cart does not answer');
      happens('call.refused', 'Deployment/web', 60, 100, { peer: 'cart:8080' });
      return run(100).map(({ rootCauseEntity }) => entityTitle(rootCauseEntity));
    };
    expect(blame(true)).toEqual(['Deployment/shop/cart']);
    expect(blame(false)).toEqual(['Deployment/shop/web']);
  });

  test('a chain of callers is traced to its far end', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart', 'store']) service(name);
    happens('process.crashed', 'Deployment/store', 59, 59, { signal: 11 });
    happens('call.refused', 'Deployment/cart', 60, 90, { peer: 'store:8080' });
    happens('log.error', 'Deployment/cart', 60, 90, {}, 'store is down');
    happens('call.failed', 'Deployment/web', 61, 90, { peer: 'cart:8080', status: 503 });
    const results = run(90);
    expect(told(results)).toEqual(['process.crashed Deployment/shop/store']);
    expect(affected(results[0]).sort()).toEqual([
      'Deployment/shop/cart',
      'Deployment/shop/store',
      'Deployment/shop/web',
    ]);
  });

  test('the latest change alone is never guilt', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('call.refused', 'Deployment/web', 61, 90, { peer: 'cart:8080' });
    happens('change.image', 'Deployment/search', 59, 59, { from: 'search:1', to: 'search:2' });
    happens('change.config', 'ConfigMap/other', 60, 60, { keys: 'a' });
    expect(told(run(90))).toEqual(['container.oom-killed Deployment/shop/cart']);
  });

  test('what was changed after it had begun to fail is not to blame', () => {
    const { happens, service, run } = world();
    service('cart');
    happens('log.exception', 'Deployment/cart', 60, 100);
    happens('change.image', 'Deployment/cart', 80, 80, { from: 'cart:1', to: 'cart:2' });
    expect(told(run(100))).toEqual(['log.exception Deployment/shop/cart']);
  });

  test('reachability alone never blames', () => {
    const { thing, happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    thing('Node/node-1');
    for (const name of ['web', 'cart']) {
      thing(`Pod/${name}-1`, { at: 1, labels: { app: name }, relations: [['RUNS_ON', 'Node/node-1']] });
    }
    // web is known to call cart and shares its node, but what is wrong with it is its own.
    happens('call.refused', 'Deployment/web', 5, 5, { peer: 'cart:8080' });
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('image.not-found', 'Deployment/web', 61, 90);
    const results = run(90);
    expect(told(results).sort()).toEqual([
      'container.oom-killed Deployment/shop/cart',
      'image.not-found Deployment/shop/web',
    ]);
    for (const result of results) expect(result.edges).toEqual([]);
  });

  test('removing the decisive evidence changes the verdict', () => {
    const { findings, happens, service } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('container.terminated', 'Deployment/cart', 60, 90, { exitCode: 137 });
    happens('call.refused', 'Deployment/web', 61, 90, { peer: 'cart:8080' });
    expect(told(latest(play(findings, 90)))).toEqual(['container.oom-killed Deployment/shop/cart']);
    const without = findings.filter(
      (finding) => finding.kind !== 'event' || finding.event.semantic.category !== 'container.oom-killed',
    );
    expect(without).toHaveLength(findings.length - 1);
    expect(told(latest(play(without, 90)))).toEqual(['container.terminated Deployment/shop/cart']);
  });

  test('500 unrelated findings do not change it', () => {
    const verdict = (noise: number): unknown => {
      const { thing, happens, service, run } = world();
      for (const name of ['web', 'cart']) service(name);
      for (let i = 0; i < noise; i++) {
        const name = `noise-${i % 50}`;
        if (i < 50) thing(`Deployment/other/${name}`);
        happens(i % 2 === 0 ? 'change.config' : 'log.error', `Deployment/other/${name}`, 40 + (i % 60));
      }
      happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
      happens('call.refused', 'Deployment/web', 61, 100, { peer: 'cart:8080' });
      return run(100)
        .filter(({ rootCauseEntity }) => rootCauseEntity.namespace === 'shop')
        .map(({ id, category, confidence, summary, rootCause, entities, edges, alternatives }) => ({
          id,
          category,
          confidence,
          summary,
          rootCause,
          entities,
          edges,
          alternatives,
        }));
    };
    expect(verdict(500)).toEqual(verdict(0));
    expect(verdict(0)).toHaveLength(1);
  });
});

describe('how sure it is', () => {
  test('alternatives say why they lost, and are never more likely than what was chosen', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('change.image', 'Deployment/cart', 55, 55, { from: 'cart:1', to: 'cart:2' });
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('container.terminated', 'Deployment/cart', 60, 90, { exitCode: 137 });
    happens('log.exception', 'Deployment/cart', 60, 90);
    happens('call.refused', 'Deployment/web', 61, 90, { peer: 'cart:8080' });
    const [result] = run(90);
    expect(result?.alternatives.length).toBeGreaterThan(0);
    expect(result?.rootCauses.map(({ rank }) => rank)).toEqual(result?.rootCauses.map((_, i) => i + 1));
    expect(result?.rootCauses[0]).toMatchObject({ confidence: result?.confidence, whyNot: null });
    let before = result!.confidence;
    for (const { confidence, whyNot } of result!.alternatives) {
      expect(whyNot).toMatch(/\w+ \w+/);
      expect(confidence).toBeLessThanOrEqual(before);
      before = confidence;
    }
    expect(result!.alternatives[0]!.confidence).toBeLessThan(result!.confidence);
  });

  test('every edge follows a rule that was shipped, and gives its four scores and its evidence', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    happens('container.terminated', 'Deployment/cart', 61, 90, { exitCode: 137 });
    happens('call.refused', 'Deployment/web', 62, 90, { peer: 'cart:8080' });
    const [result] = run(90);
    expect(result?.edges.map(({ rule }) => rule)).toContain('oom-ends-container');
    for (const edge of result!.edges) {
      for (const score of [edge.temporal, edge.spatial, edge.causal, edge.semantic, edge.confidence]) {
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(1);
      }
      expect(edge.evidence.length).toBeGreaterThan(1);
      expect(result!.events).toEqual(expect.arrayContaining([edge.from, edge.to]));
    }
    expect(result!.edges.find(({ rule }) => rule === 'oom-ends-container')?.lagMs).toBe(1000);
  });

  test('what was to be expected and was not seen speaks against a cause only while every source is healthy; blind sources cost confidence', () => {
    const confidence = (state: 'healthy' | 'degraded' | 'down', restarted: boolean): number => {
      const { happens, health, service, run } = world();
      service('cart');
      health('kubernetes@-', 'healthy');
      health('container-logs@node-1', state);
      happens('probe.liveness-failed', 'Deployment/cart', 59, 460);
      happens('process.crashed', 'Deployment/cart', 60, 460, { signal: 11 });
      if (restarted) happens('container.restarted', 'Deployment/cart', 62, 460, { restartCount: 1 });
      // On a scale that does not round what is nearly certain.
      const [result, ...others] = run(560, { scale: { temperature: 1, ceiling: 1 } });
      expect(others).toEqual([]);
      expect(told([result!])).toEqual(['process.crashed Deployment/shop/cart']);
      expect(result!.status).toBe('RESOLVED');
      const absent = result!.contradictions.filter(({ text }) => text.includes('was not seen'));
      expect(absent).toHaveLength(!restarted && state === 'healthy' ? 1 : 0);
      return result!.confidence;
    };
    expect(confidence('healthy', false)).toBeLessThan(confidence('healthy', true));
    expect(confidence('degraded', false)).toBeCloseTo(confidence('degraded', true), 3);
    expect(confidence('degraded', true)).toBeLessThan(confidence('healthy', true));
    expect(confidence('down', true)).toBeLessThan(confidence('degraded', true));
  });
});
