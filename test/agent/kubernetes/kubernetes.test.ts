import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../../servers/availability.js';
import { startControlPlane, type ControlPlane } from '../../servers/control-plane.js';
import { configMap, startWitness, type Witness } from './witness.js';

describeWith(['control-plane'], 'the Kubernetes collector', () => {
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

  test('publishes every object that is there as SYNC, each once', async () => {
    witness = await startWitness(plane);
    expect(witness.health()).toEqual({ state: 'healthy', reason: null, lost: 0 });
    const first = new Map(witness.observations().map(({ object, action }) => [object.metadata.uid, action]));
    // The API server may still be making its own objects (default Service, APIServices) while it answers.
    expect([...first.values()].filter((action) => action === 'SYNC').length).toBeGreaterThan(100);
    expect(witness.observations()).toHaveLength(first.size);
    expect(witness.kinds()).toEqual(
      expect.arrayContaining(['namespace', 'clusterrole', 'apiservice', 'service', 'priorityclass']),
    );
    await witness.agrees();
  }, 60_000);

  test('says what is created, changed and deleted, with the fields that changed and who changed them', async () => {
    witness = await startWitness(plane);
    const path = '/api/v1/namespaces/default/configmaps';
    await plane.call(
      'POST',
      `${path}?fieldManager=deployer`,
      configMap('settings', { port: '80', long: 'x'.repeat(300) }),
    );
    const patch = { data: { port: '8080', host: 'db' }, metadata: { labels: { app: 'shop' } } };
    await plane.call('PATCH', `${path}/settings?fieldManager=ann`, patch, 'application/merge-patch+json');
    await plane.call('DELETE', `${path}/settings`);
    await witness.until('deleted', () => witness?.of('configmap', 'settings').at(-1)?.action === 'DELETED');
    const [added, modified, deleted] = witness.of('configmap', 'settings');
    expect(added).toMatchObject({ action: 'ADDED', changes: [], changedBy: 'deployer' });
    expect(added?.object['data']).toEqual({ port: '80', long: expect.stringMatching(/^sha256:[0-9a-f]{12}$/) });
    expect(modified).toMatchObject({ action: 'MODIFIED', changedBy: 'ann' });
    expect(modified?.changes).toEqual([
      { path: 'metadata.labels.app', from: null, to: '"shop"' },
      { path: 'data.port', from: '"80"', to: '"8080"' },
      { path: 'data.host', from: null, to: '"db"' },
    ]);
    expect(deleted?.object.metadata.uid).toBe(added?.object.metadata.uid);
    await witness.agrees();
  }, 60_000);

  test('who changed a field is told by who owns it, also where the server notes no time', async () => {
    witness = await startWitness(plane);
    const path = '/apis/apps/v1/namespaces/default/deployments';
    await plane.call('POST', `${path}?fieldManager=deployer`, deployment('scaled', { MODE: 'fast' }));
    const patch = 'application/strategic-merge-patch+json';
    await plane.call(
      'PATCH',
      `${path}/scaled/scale?fieldManager=ann`,
      { spec: { replicas: 5 } },
      'application/merge-patch+json',
    );
    const image = { spec: { template: { spec: { containers: [{ name: 'main', image: 'box:2' }] } } } };
    await plane.call('PATCH', `${path}/scaled?fieldManager=ben`, image, patch);
    await witness.until('both changes', () => witness?.of('deployment', 'scaled').length === 3);
    expect(witness.of('deployment', 'scaled').map(({ changedBy }) => changedBy)).toEqual(['deployer', 'ann', 'ben']);
    await plane.call('DELETE', `${path}/scaled`);
  }, 60_000);

  test('Events of both API groups are published once, in one form, and their repetitions as MODIFIED', async () => {
    witness = await startWitness(plane);
    const involvedObject = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web', uid: 'pod-uid-1' };
    const core = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'old-style' },
      involvedObject,
      type: 'Warning',
      count: 1,
    };
    const path = '/api/v1/namespaces/default/events';
    await plane.call('POST', path, { ...core, reason: 'BackOff', message: 'restarting' });
    await plane.call('PATCH', `${path}/old-style`, { count: 7 }, 'application/merge-patch+json');

    const newPath = '/apis/events.k8s.io/v1/namespaces/default/events';
    await plane.call('POST', newPath, {
      ...{ apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'new-style' }, type: 'Warning' },
      ...{ reason: 'FailedScheduling', note: 'no node', action: 'Scheduling', regarding: involvedObject },
      ...{
        eventTime: '2026-11-24T10:00:00.000000Z',
        reportingController: 'scheduler',
        reportingInstance: 'scheduler-1',
      },
    });
    const series = { count: 3, lastObservedTime: '2026-11-24T10:05:00.000000Z' };
    await plane.call('PATCH', `${newPath}/new-style`, { series }, 'application/merge-patch+json');

    await witness.until('both were repeated', () => {
      return [witness?.of('event', 'old-style'), witness?.of('event', 'new-style')].every((seen) => seen?.length === 2);
    });
    const [old, repeated] = witness.of('event', 'old-style');
    expect([old?.action, old?.object['count'], repeated?.action, repeated?.object['count']]).toEqual([
      'ADDED',
      1,
      'MODIFIED',
      7,
    ]);
    const [added, modified] = witness.of('event', 'new-style');
    expect(added).toMatchObject({ action: 'ADDED', object: { apiVersion: 'v1', message: 'no node', involvedObject } });
    expect(modified).toMatchObject({ action: 'MODIFIED', object: { series } });
    const place = witness.events.find(({ data }) => data === (witness?.events.at(-1)?.data ?? null))?.metadata;
    expect(place).toEqual({ cluster: 'test', namespace: 'default', pod: 'web', podUid: 'pod-uid-1' });
    await witness.agrees();
  }, 60_000);

  test('custom resources of a definition that comes later are watched from then on, until it goes', async () => {
    witness = await startWitness(plane);
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await plane.call('POST', definitions, definition('widgets', 'Widget', true));
    await plane.call('POST', definitions, definition('notes', 'Note', false));
    const widgets = '/apis/example.org/v1/namespaces/default/widgets';
    const body = (name: string) => ({
      apiVersion: 'example.org/v1',
      kind: 'Widget',
      metadata: { name },
      spec: { size: 1 },
    });
    await plane.persist(async () => await plane.call('POST', widgets, body('one')));
    await plane.persist(async () => await plane.call('POST', widgets, body('two')));
    const status = { conditions: [{ type: 'Ready', status: 'False', reason: 'Broken', message: 'gear is missing' }] };
    await plane.call('PATCH', `${widgets}/one/status`, { status }, 'application/merge-patch+json');
    await plane.call('PATCH', `${widgets}/one`, { spec: { size: 2 } }, 'application/merge-patch+json');
    await witness.until('its conditions', () => witness?.of('widget', 'one').at(-1)?.changes.length === 1);
    expect(witness.of('widget', 'one').at(-1)).toMatchObject({
      action: 'MODIFIED',
      object: { apiVersion: 'example.org/v1', kind: 'Widget', status },
      changes: [{ path: 'spec.size', from: '1', to: '2' }],
    });
    const resource = {
      group: 'example.org',
      version: 'v1',
      plural: 'widgets',
      kind: 'Widget',
      namespaced: true,
      changes: 'all',
    } as const;
    await witness.agrees([resource]);
    expect(JSON.stringify(witness.of('customresourcedefinition', 'widgets.example.org'))).not.toContain(
      'openAPIV3Schema',
    );

    await plane.call('DELETE', `${definitions}/widgets.example.org`);
    await plane.call('DELETE', `${definitions}/notes.example.org`);
    await witness.until('both are gone', () => {
      return ['one', 'two'].every((name) => witness?.of('widget', name).at(-1)?.action === 'DELETED');
    });
    await witness.until('healthy', () => witness?.health().state === 'healthy');
    expect(witness.kinds()).not.toContain('note');
    await witness.agrees();
  }, 60_000);

  test('no value of a Secret or of a sensitive variable is ever published, and yet its change is seen', async () => {
    witness = await startWitness(plane);
    const values = [
      'first-Value-9271',
      'other-Value-4410',
      'env-Value-778812',
      'conf-Value-31337',
      'applied-Value-5150',
    ];
    const [first = '', other = '', variable = '', config = '', applied = ''] = values;
    const secret = (value: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'credentials',
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ stringData: { key: applied } }),
        },
      },
      stringData: { key: value, user: 'shop' },
    });
    const secrets = '/api/v1/namespaces/default/secrets';
    await plane.call('POST', secrets, secret(first));
    await plane.call('PUT', `${secrets}/credentials`, secret(other));
    const settings = { DB_PASSWORD: config, url: `postgres://shop:${config}@db/shop`, host: 'db' };
    await plane.call('POST', '/api/v1/namespaces/default/configmaps', configMap('shop', settings));
    await plane.call(
      'POST',
      '/apis/apps/v1/namespaces/default/deployments',
      deployment('shop', { API_TOKEN: variable, MODE: 'fast' }),
    );
    const patch = deployment('shop', { API_TOKEN: `${variable}2`, MODE: 'slow' });
    await plane.call(
      'PATCH',
      '/apis/apps/v1/namespaces/default/deployments/shop',
      patch,
      'application/strategic-merge-patch+json',
    );
    await plane.call('DELETE', `${secrets}/credentials`);
    await witness.until('all of it was seen', () => {
      const seen = witness;
      return (
        seen?.of('secret', 'credentials').length === 3 &&
        seen.of('deployment', 'shop').length === 2 &&
        seen.of('configmap', 'shop').length === 1
      );
    });

    const everything = JSON.stringify(witness.events);
    for (const value of values) {
      expect(everything).not.toContain(value);
      expect(everything).not.toContain(Buffer.from(value).toString('base64'));
    }
    const [added, modified] = witness.of('secret', 'credentials');
    expect(added?.object['data']).toEqual({ key: null, user: null });
    expect(modified?.changes).toEqual([
      { path: 'data.key', from: '"redacted (16 bytes)"', to: '"redacted (16 bytes)"' },
    ]);
    expect(witness.of('configmap', 'shop')[0]?.object['data']).toEqual({
      DB_PASSWORD: '[redacted:sensitive-name]',
      url: 'postgres://shop:[redacted:url-password]@db/shop',
      host: 'db',
    });
    const env = 'spec.template.spec.containers[main].env';
    expect(witness.of('deployment', 'shop')[1]?.changes).toEqual([
      { path: `${env}[API_TOKEN].value`, from: '"redacted (16 bytes)"', to: '"redacted (17 bytes)"' },
      { path: `${env}[MODE].value`, from: '"fast"', to: '"slow"' },
    ]);
    await witness.agrees();
  }, 60_000);

  test('heartbeats of a node are not published, a change of its condition is', async () => {
    witness = await startWitness(plane);
    await plane.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' } });
    const report = async (status: string, heartbeat: string) => {
      const ready = {
        type: 'Ready',
        status,
        reason: 'Kubelet',
        lastHeartbeatTime: heartbeat,
        lastTransitionTime: '2026-11-24T10:00:00Z',
      };
      const patch = { status: { conditions: [ready] } };
      await plane.call('PATCH', '/api/v1/nodes/node-a/status', patch, 'application/merge-patch+json');
    };
    await report('True', '2026-11-24T10:00:00Z');
    await report('True', '2026-11-24T10:00:10Z');
    await report('True', '2026-11-24T10:00:20Z');
    await report('Unknown', '2026-11-24T10:00:20Z');
    await witness.until('not ready', () => JSON.stringify(witness?.of('node', 'node-a').at(-1)).includes('Unknown'));
    expect(witness.of('node', 'node-a').map(({ action }) => action)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED']);
    expect(witness.events.at(-1)?.metadata).toEqual({ cluster: 'test', node: 'node-a' });
    await witness.agrees();
    await plane.call('DELETE', '/api/v1/nodes/node-a');
  }, 60_000);

  test('a node lease is published when its renewals stop and when they resume, not when it is renewed', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
    const renewed = () => ({ renewTime: new Date().toISOString().replace('Z', '000Z') });
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'node-b' } };
    await plane.persist(async () => {
      await plane.call('POST', leases, {
        ...lease,
        spec: { leaseDurationSeconds: 4, holderIdentity: 'node-b', ...renewed() },
      });
    });
    witness = await startWitness(plane);
    const renew = async () => {
      const answer = await plane.call('PATCH', `${leases}/node-b`, { spec: renewed() }, 'application/merge-patch+json');
      return answer.metadata.resourceVersion;
    };
    const versions = [await renew(), await renew(), await renew()];
    await witness.until('stopped', () => witness?.of('lease', 'node-b').length === 2);
    expect(witness.of('lease', 'node-b').map(({ action }) => action)).toEqual(['SYNC', 'MODIFIED']);
    expect(witness.of('lease', 'node-b')[1]?.object.metadata.resourceVersion).toBe(versions[2]);
    await renew();
    const second = await renew();
    await witness.until('resumed', () => witness?.of('lease', 'node-b').length === 3);
    expect(witness.of('lease', 'node-b')[2]).toMatchObject({
      action: 'MODIFIED',
      object: { metadata: { resourceVersion: second } },
    });
    await plane.call('DELETE', `${leases}/node-b`);
  }, 60_000);

  test('every object is published again as SYNC within the resync period', async () => {
    witness = await startWitness(plane, { timing: { resyncMs: 2000 } });
    const first = witness.events.length;
    const again = () => witness?.observations().slice(first) ?? [];
    await witness.until(
      'as many as at first',
      () => new Set(again().map(({ object }) => object.metadata.uid)).size >= first,
    );
    expect(new Set(again().map(({ action }) => action))).toEqual(new Set(['SYNC']));
    await witness.agrees();
  }, 60_000);

  test('only the namespaces asked for are watched, and the cluster around them', async () => {
    for (const name of ['inside', 'outside']) {
      await plane.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      await plane.call('POST', `/api/v1/namespaces/${name}/configmaps`, configMap(`${name}-map`, {}));
    }
    witness = await startWitness(plane, { namespaces: ['inside', 'default'] });
    expect(witness.of('configmap', 'inside-map')).toHaveLength(1);
    expect(witness.of('configmap', 'outside-map')).toHaveLength(0);
    expect(witness.of('namespace', 'outside')).toHaveLength(1);
    await witness.agrees();
  }, 60_000);
});

function definition(plural: string, kind: string, withStatus: boolean) {
  const spec = { type: 'object', properties: { size: { type: 'integer' } } };
  const condition = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const status = { type: 'object', properties: { conditions: { type: 'array', items: condition } } };
  const version = {
    ...{ name: 'v1', served: true, storage: true },
    ...(withStatus ? { subresources: { status: {} } } : {}),
    schema: { openAPIV3Schema: { type: 'object', properties: { spec, ...(withStatus ? { status } : {}) } } },
  };
  return {
    ...{
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.example.org` },
    },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind },
      versions: [version],
    },
  };
}

function deployment(name: string, env: Readonly<Record<string, string>>) {
  const variables = Object.entries(env).map(([variable, value]) => ({ name: variable, value }));
  const labels = { app: name };
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'box:1', env: variables }] } },
    },
  };
}
