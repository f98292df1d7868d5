import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createApiClient } from '../../../agent/collectors/kubernetes/api-client.js';
import { createCollectorMetrics } from '../../../agent/collectors/kubernetes/metrics.js';
import { createObjectView } from '../../../agent/collectors/kubernetes/object-view.js';
import { createReflector, defaultTiming } from '../../../agent/collectors/kubernetes/reflector.js';
import { builtInResources, type Resource } from '../../../agent/collectors/kubernetes/resources.js';
import { createRedactor } from '../../../agent/redaction.js';
import type { KubernetesObservation } from '../../../src/model/payloads.js';
import { describeWith } from '../../servers/availability.js';
import { startControlPlane, type ControlPlane } from '../../servers/control-plane.js';
import { configMap, startWitness, type Witness } from './witness.js';

describeWith(['control-plane'], 'the Kubernetes collector in trouble', () => {
  let plane: ControlPlane;
  let witness: Witness | null = null;

  beforeAll(async () => {
    plane = await startControlPlane();
  }, 120_000);

  afterEach(async () => {
    plane.proxy.refuse(false);
    plane.proxy.stall(false);
    await witness?.stop();
    witness = null;
  });

  afterAll(async () => {
    await plane?.stop();
  });

  test('without an API server it starts all the same, says that it is down, and reads everything once there is one', async () => {
    plane.proxy.refuse(true);
    witness = await startWitness(plane);
    expect(witness.health()).toMatchObject({ state: 'down', reason: expect.stringContaining('cannot be watched') });
    expect(witness.events).toEqual([]);
    plane.proxy.refuse(false);
    await witness.until('healthy', () => witness?.health().state === 'healthy');
    expect(witness.observations().filter(({ action }) => action === 'SYNC').length).toBeGreaterThan(100);
    await witness.agrees();
  }, 60_000);

  test('the API server is restarted under load: nothing is missed and nothing invented', async () => {
    witness = await startWitness(plane);
    const load = startLoad(plane);
    await load.until(40);
    await plane.restartApiServer();
    await load.until(120);
    await load.stop();
    await witness.agrees();
    await witness.until('healthy', () => witness?.health().state === 'healthy');
  }, 120_000);

  test('the connection is cut again and again: nothing is missed and nothing invented', async () => {
    witness = await startWitness(plane);
    const load = startLoad(plane);
    for (let times = 1; times <= 8; times++) {
      await load.until(times * 20);
      plane.proxy.cut();
    }
    await load.stop();
    await witness.agrees();
  }, 120_000);

  test('history is compacted away while the collector is disconnected: what vanished is DELETED, what changed is MODIFIED', async () => {
    const path = '/api/v1/namespaces/default/configmaps';
    for (const name of ['kept', 'changed', 'vanished', 'replaced'])
      await plane.call('POST', path, configMap(name, { version: '1' }));
    witness = await startWitness(plane);
    plane.proxy.refuse(true);
    await witness.until('down', () => witness?.health().state === 'down');
    expect(witness.health().reason).toMatch(/cannot be watched: .*(ECONN|reset|hang up|closed)/i);
    const before = witness.events.length;

    await plane.call('PATCH', `${path}/changed`, { data: { version: '2' } }, 'application/merge-patch+json');
    await plane.call('DELETE', `${path}/vanished`);
    await plane.call('DELETE', `${path}/replaced`);
    await plane.call('POST', path, configMap('replaced', { version: '2' }));
    await plane.call('POST', path, configMap('created', { version: '1' }));
    // Every kind's version must be older than the history that is left.
    await plane.compact();
    await plane.restartApiServer();
    plane.proxy.refuse(false);

    await witness.until('healthy', () => witness?.health().state === 'healthy', 60_000);
    await witness.agrees();
    const news = witness
      .observations()
      .slice(before)
      .filter(({ kind }) => kind === 'configmap');
    expect(news.map(({ action, object }) => `${action} ${object.metadata.name}`).sort()).toEqual(
      ['ADDED created', 'ADDED replaced', 'DELETED replaced', 'DELETED vanished', 'MODIFIED changed'].sort(),
    );
    expect(news.find(({ action }) => action === 'MODIFIED')?.changes).toEqual([
      { path: 'data.version', from: '"1"', to: '"2"' },
    ]);
    const gone = news.find(({ object }) => object.metadata.name === 'vanished');
    expect(gone?.object['data']).toEqual({ version: '1' });
    const relists = await witness.registry.getSingleMetric('throughline_kubernetes_relists_total')?.get();
    expect(relists?.values.some(({ labels }) => labels['reason'] === 'expired')).toBe(true);
    for (const name of ['kept', 'changed', 'replaced', 'created']) await plane.call('DELETE', `${path}/${name}`);
  }, 120_000);

  test('a network that swallows everything is noticed, and the watch taken up elsewhere', async () => {
    witness = await startWitness(plane, { timing: { idleTimeoutMs: 1500, requestTimeoutMs: 1500 } });
    plane.proxy.stall(true);
    const path = '/api/v1/namespaces/default/configmaps';
    await plane.call('POST', path, configMap('unheard', {}));
    await witness.until('down', () => witness?.health().state === 'down', 30_000);
    expect(witness.of('configmap', 'unheard')).toEqual([]);
    plane.proxy.stall(false);
    await witness.until('heard', () => witness?.of('configmap', 'unheard').length === 1);
    await plane.call('DELETE', `${path}/unheard`);
    await witness.agrees();
  }, 120_000);

  test('a list whose continue token expires is begun again, and nothing of it is missed or said twice', async () => {
    const path = '/api/v1/namespaces/default/podtemplates';
    const template = (name: string) => ({
      metadata: { name },
      template: { spec: { containers: [{ name: 'a', image: 'b' }] } },
    });
    for (let at = 0; at < 600; at += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, one) => plane.call('POST', path, template(`template-${at + one}`))),
      );
    }
    const api = createApiClient({ kubeConfig: plane.kubeConfig, requestTimeoutMs: 5_000 });
    const resource = builtInResources.find(({ plural }) => plural === 'podtemplates') as Resource;
    const registry = new Registry();
    const said: KubernetesObservation[] = [];
    const parts = { log: pino({ level: 'silent' }), metrics: createCollectorMetrics(registry, () => []), resource };
    let pages = 0;
    const reflector = createReflector({
      ...{ ...parts, namespace: null, listGate: (work) => work(), timing: defaultTiming },
      api: {
        ...api,
        async get(...request) {
          const page = await api.get(...request);
          if (++pages === 1) {
            await plane.call('DELETE', `${path}/template-0`);
            await plane.compact();
            // The server's own snapshots would still answer for the history that etcd has forgotten.
            await plane.restartApiServer();
          }
          return page;
        },
      },
      sink: createObjectView({ ...parts, redactor: createRedactor(), publish: (one) => said.push(one) }),
    });
    const stopping = new AbortController();
    const running = reflector.run(stopping.signal);
    await reflector.settled;
    stopping.abort();
    await running;
    api.close();
    expect(reflector.status().problem).toBeNull();
    const restarts = await registry.getSingleMetric('throughline_kubernetes_relists_total')?.get();
    expect(restarts?.values).toMatchObject([{ labels: { reason: 'continue-expired' }, value: 1 }]);
    expect(said.filter(({ action }) => action === 'SYNC')).toHaveLength(600);
    const gone = said.filter(({ action }) => action === 'DELETED').map(({ object }) => object.metadata.name);
    expect(gone).toEqual(['template-0']);
    await plane.call('DELETE', path);
  }, 120_000);

  test('a list of more than one page is read whole', async () => {
    const path = '/api/v1/namespaces/default/configmaps';
    const names = Array.from({ length: 1100 }, (_, at) => `page-${at}`);
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(
        names.slice(at, at + 50).map((name) => plane.call('POST', path, configMap(name, { at: name }))),
      );
    }
    witness = await startWitness(plane);
    expect(witness.observations().filter(({ object }) => object.metadata.name.startsWith('page-'))).toHaveLength(1100);
    await witness.agrees();
    await plane.call('DELETE', path);
    await witness.until('all are gone', () => {
      const deleted = witness?.observations().filter(({ action }) => action === 'DELETED') ?? [];
      return deleted.filter(({ object }) => object.metadata.name.startsWith('page-')).length === 1100;
    });
  }, 120_000);
});

/** Creates, changes and deletes ConfigMaps as fast as it may, through outages, until told to stop. */
function startLoad(plane: ControlPlane) {
  const path = '/api/v1/namespaces/default/configmaps';
  const prefix = `load-${Math.random().toString(36).slice(2, 8)}`;
  let done = 0;
  let stopped = false;
  const ignoreGone = (error: Error) => {
    // A write whose answer was lost in the outage has happened all the same.
    if (!/: (404|409) /.test(error.message)) throw error;
  };
  const running = (async () => {
    for (let at = 0; !stopped; at++, done++) {
      const name = `${prefix}-${at % 30}`;
      await plane.persist(
        async () => await plane.call('POST', path, configMap(name, { at: `${at}` })).then(() => {}, ignoreGone),
      );
      const patch = { data: { at: `${at}+` } };
      await plane.persist(async () => {
        await plane.call('PATCH', `${path}/${name}`, patch, 'application/merge-patch+json').then(() => {}, ignoreGone);
      });
      if (at % 3 === 0) {
        await plane.persist(async () => await plane.call('DELETE', `${path}/${name}`).then(() => {}, ignoreGone));
      }
    }
  })();
  return {
    async until(count: number): Promise<void> {
      while (done < count) await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 20))]);
    },
    async stop(): Promise<void> {
      stopped = true;
      await running;
    },
  };
}
