import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { loadAllYaml } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtInResources, resourceName } from '../../../agent/collectors/kubernetes/resources.js';
import { describeWith } from '../../servers/availability.js';
import { startControlPlane, type ApiObject, type ControlPlane } from '../../servers/control-plane.js';
import { configMap, startWitness, type Witness } from './witness.js';

const manifest = loadAllYaml(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'deploy', 'agent-rbac.yaml'), 'utf8'),
) as ApiObject[];

const paths: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  ServiceAccount: '/api/v1/namespaces/NAMESPACE/serviceaccounts',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/rolebindings',
};

test('deploy/agent-rbac.yaml grants list and watch only, of no more than what is watched', () => {
  const watched = new Set(
    builtInResources.flatMap((one) => [one, ...(one.fallback ? [one.fallback] : [])]).map(resourceName),
  );
  const granted = manifest.flatMap(
    (object) => (object['rules'] ?? []) as { apiGroups: string[]; resources: string[]; verbs: string[] }[],
  );
  expect(new Set(granted.flatMap(({ verbs }) => verbs))).toEqual(new Set(['list', 'watch']));
  const names = granted.flatMap(({ apiGroups, resources }) =>
    apiGroups.flatMap((group) => resources.map((resource) => (group === '' ? resource : `${resource}.${group}`))),
  );
  expect([...new Set(names)].sort()).toEqual([...watched].sort());
});

describeWith(['control-plane'], 'the Kubernetes collector as a ServiceAccount', () => {
  let plane: ControlPlane;
  let witness: Witness | null = null;

  async function apply(object: ApiObject): Promise<void> {
    const path = paths[object.kind ?? '']?.replace('NAMESPACE', object.metadata.namespace ?? '');
    await plane.persist(async () => await plane.call('POST', path ?? '', object));
  }

  /** A ServiceAccount that may read only these, in the whole cluster. */
  async function account(name: string, rules: readonly object[]) {
    await apply({ metadata: { name, namespace: 'default' }, kind: 'ServiceAccount' });
    await apply({ metadata: { name }, kind: 'ClusterRole', rules });
    await apply({
      ...{ metadata: { name }, kind: 'ClusterRoleBinding' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
    });
    return await plane.serviceAccount('default', name);
  }

  beforeAll(async () => {
    plane = await startControlPlane({ controllerManager: true });
  }, 180_000);

  afterEach(async () => {
    await witness?.stop();
    witness = null;
  });

  afterAll(async () => {
    await plane?.stop();
  }, 30_000);

  test('sees everything with the permissions of deploy/agent-rbac.yaml', async () => {
    for (const object of manifest) await apply(object);
    const kubeConfig = await plane.serviceAccount('throughline', 'throughline-agent');
    witness = await startWitness(plane, { kubeConfig, timing: { recheckMs: 200 } });
    await witness.until('healthy', () => witness?.health().state === 'healthy');
    await witness.agrees();
  }, 120_000);

  test('what it may not see is named in the health reason, the rest goes on, and a later grant is noticed', async () => {
    const read = ['list', 'watch'];
    const rules = [{ apiGroups: ['', 'apps'], resources: ['configmaps', 'namespaces', 'deployments'], verbs: read }];
    const kubeConfig = await account('restricted', rules);
    await plane.call('POST', '/api/v1/namespaces/default/configmaps', configMap('seen', {}));
    witness = await startWitness(plane, { kubeConfig, timing: { recheckMs: 200 } });
    expect(witness.health().state).toBe('degraded');
    expect(witness.health().reason).toMatch(
      /^not visible: nodes \(403 forbidden\), pods \(403 forbidden\).* and \d+ more \(grant list and watch/,
    );
    expect(witness.of('configmap', 'seen')).toHaveLength(1);
    await plane.call('DELETE', '/api/v1/namespaces/default/configmaps/seen');
    await witness.until('it is deleted', () => witness?.of('configmap', 'seen').at(-1)?.action === 'DELETED');
  }, 60_000);

  test('what is granted later is seen then; what is withdrawn is unknown from then on, not deleted', async () => {
    const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['list', 'watch'] };
    const rules = manifest.flatMap((object) => (object['rules'] ?? []) as { resources: string[] }[]);
    const withoutSecrets = rules.filter(({ resources }) => !resources.includes('secrets'));
    const kubeConfig = await account('growing', withoutSecrets);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'guarded' }, stringData: { key: 'value' } };
    await plane.call('POST', '/api/v1/namespaces/default/secrets', secret);
    witness = await startWitness(plane, { kubeConfig, timing: { recheckMs: 200 } });
    const unseen = 'not visible: secrets (403 forbidden) (grant list and watch, see deploy/agent-rbac.yaml)';
    expect(witness.health()).toEqual({ state: 'degraded', reason: unseen, lost: 0 });

    const path = `${paths['ClusterRole']}/growing`;
    await plane.call('PATCH', path, { rules: [everything] }, 'application/merge-patch+json');
    await witness.until('healthy', () => witness?.health().state === 'healthy');
    expect(witness.of('secret', 'guarded')).toMatchObject([{ action: 'SYNC' }]);

    await plane.call('PATCH', path, { rules: withoutSecrets }, 'application/merge-patch+json');
    // A running watch goes on until it is asked for anew.
    await witness.until('unseen again', () => {
      plane.proxy.cut();
      return witness?.health().reason === unseen;
    });
    expect(witness.of('secret', 'guarded')).toMatchObject([{ action: 'SYNC' }]);
    await witness.agrees();
  }, 60_000);

  test('Events are read through events.k8s.io where the core group is not permitted', async () => {
    const kubeConfig = await account('events', [
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['list', 'watch'] },
    ]);
    witness = await startWitness(plane, { kubeConfig });
    await plane.call('POST', '/api/v1/namespaces/default/events', {
      ...{ metadata: { name: 'one' }, reason: 'BackOff', message: 'again', count: 4, type: 'Warning' },
      involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' },
      source: { component: 'kubelet', host: 'node-1' },
    });
    await witness.until('it is seen', () => witness?.of('event', 'one').length === 1);
    expect(witness.of('event', 'one')[0]?.object).toMatchObject({
      ...{ apiVersion: 'v1', kind: 'Event', message: 'again', count: 4 },
      involvedObject: { kind: 'Pod', name: 'web' },
      source: { component: 'kubelet', host: 'node-1' },
    });
  }, 60_000);

  test('a rollout made by the real controllers is followed to the last object', async () => {
    witness = await startWitness(plane);
    const labels = { app: 'shop' };
    const containers = [{ name: 'main', image: 'box:1' }];
    await plane.call('POST', '/apis/apps/v1/namespaces/default/deployments', {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' } },
      spec: {
        replicas: 3,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    });
    const pods = () =>
      new Set(
        witness
          ?.observations()
          .filter(({ kind }) => kind === 'pod')
          .map(({ object }) => object.metadata.uid),
      );
    await witness.until('three pods', () => pods().size === 3);
    const patch = { spec: { template: { spec: { containers: [{ name: 'main', image: 'box:2' }] } } } };
    await plane.call(
      'PATCH',
      '/apis/apps/v1/namespaces/default/deployments/shop',
      patch,
      'application/strategic-merge-patch+json',
    );
    await witness.until('the image has changed', () => {
      return (
        witness?.of('deployment', 'shop').some(({ changes }) => changes.some(({ to }) => to === '"box:2"')) ?? false
      );
    });
    const change = witness.of('deployment', 'shop').find(({ changes }) => changes.length > 0);
    expect(change?.changes).toEqual([
      { path: 'spec.template.spec.containers[main].image', from: '"box:1"', to: '"box:2"' },
    ]);
    await witness.until('its pods come', () => pods().size > 3);
    await witness.agrees();
  }, 120_000);
});
