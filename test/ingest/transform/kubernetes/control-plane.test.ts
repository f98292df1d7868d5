import { describe, expect, test } from '@jest/globals';
import { createWorld, entity, happened, logLine, pod, problems, type World } from '../world.js';

function object(apiVersion: string, kind: string, name: string, fields: object = {}, metadata: object = {}): object {
  return { apiVersion, kind, metadata: { name, uid: `uid-${kind}-${name}`, ...metadata }, ...fields };
}

function staticPod(component: string, image: string): object {
  return pod({
    name: `${component}-node-1`,
    metadata: {
      namespace: 'kube-system',
      labels: { component, tier: 'control-plane' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'uid-node-1', controller: true }],
    },
    container: { name: component, image },
  });
}

const lease = (name: string, renewTime: string, namespace = 'kube-system'): object =>
  object(
    'coordination.k8s.io/v1',
    'Lease',
    name,
    {
      spec: {
        holderIdentity: `${name}-node-1`,
        leaseDurationSeconds: 15,
        renewTime: `2026-11-24T${renewTime}.000000Z`,
      },
    },
    { namespace },
  );

describe('leases of leaders', () => {
  test('a scheduler whose lease lapses does not lead, until it is renewed', () => {
    const world = createWorld();
    expect(problems(world.observe('10:00:20', lease('kube-scheduler', '10:00:00')))).toEqual([
      'scheduler.down: No instance of kube-scheduler leads: its lease has not been renewed for 20 s.',
    ]);
    expect(problems(world.observe('10:00:40', lease('kube-scheduler', '10:00:39')))).toEqual([]);
  });

  test('one that is within its time, was found as it is, or is of somebody else says nothing', () => {
    const world = createWorld();
    expect(problems(world.observe('10:00:10', lease('kube-scheduler', '10:00:00')))).toEqual([]);
    expect(problems(world.observe('10:00:30', lease('kube-scheduler', '10:00:00'), { action: 'SYNC' }))).toEqual([]);
    expect(problems(world.observe('10:00:30', lease('operator', '10:00:00')))).toEqual([]);
    expect(problems(world.observe('10:00:30', lease('kube-scheduler', '10:00:00', 'tools')))).toEqual([]);
  });
});

describe('static pods', () => {
  test('are instances of a component, which hangs on what it cannot work without', () => {
    const found = entity(
      createWorld().observe('10:00:00', staticPod('kube-apiserver', 'kube-apiserver:v1.33.4')),
      'Pod',
    );
    expect(found.relations).toContainEqual({
      type: 'OWNS',
      from: 'test/_/ControlPlane/kube-apiserver',
      to: 'test/kube-system/Pod/kube-apiserver-node-1',
    });
    expect(found.relations).toContainEqual({
      type: 'USES',
      from: 'test/_/ControlPlane/kube-apiserver',
      to: 'test/_/ControlPlane/etcd',
    });
  });

  test('a pod of a Deployment with the same labels is none', () => {
    const found = entity(
      createWorld().observe('10:00:00', pod({ metadata: { labels: { component: 'etcd', tier: 'control-plane' } } })),
      'Pod',
    );
    expect(found.relations.filter(({ from }) => from.includes('ControlPlane'))).toEqual([]);
  });
});

describe('version skew', () => {
  const kubelet = (version: string): object =>
    object('v1', 'Node', 'node-1', { status: { nodeInfo: { kubeletVersion: version } } });
  const seen = (version: string): string[] => {
    const world = createWorld();
    world.observe('10:00:00', staticPod('kube-apiserver', 'registry.k8s.io/kube-apiserver:v1.33.4'));
    return problems(world.observe('10:00:01', kubelet(version))).map((told) => told.split(':', 1)[0]!);
  };

  test.each([
    ['v1.34.0', ['node.version-skew']],
    ['v1.33.4', []],
    ['v1.30.11', []],
    ['v1.29.8', ['node.version-skew']],
    ['v1.33.4+k3s1', []],
  ])('a kubelet of %s beside an API server of v1.33', (version, told) => expect(seen(version)).toEqual(told));

  test('without an API server that is seen there is nothing to compare', () => {
    expect(problems(createWorld().observe('10:00:00', kubelet('v1.20.0')))).toEqual([]);
  });
});

describe('whom a complaint is about', () => {
  const subject = (world: World, line: string): string[] =>
    world.transform
      .transform(logLine('10:00:05', line))
      .flatMap((finding) => (finding.kind === 'event' ? [finding.event.entity.id] : []));
  const mounting = (): World => {
    const world = createWorld();
    world.observe(
      '10:00:00',
      pod({
        spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'web-data' } }] },
        container: { volumeMounts: [{ name: 'data', mountPath: '/var/lib/web' }] },
      }),
    );
    return world;
  };

  test.each([
    [
      'a path below the mount',
      'write /var/lib/web/items.log: no space left on device',
      'PersistentVolumeClaim/web-data',
    ],
    [
      'a path of its own making',
      'could not extend file "base/16384/2619": No space left on device',
      'PersistentVolumeClaim/web-data',
    ],
    ['a path elsewhere', "ENOSPC: no space left on device, write '/tmp/upload'", 'Container/web-1/web'],
    ['a path that only begins alike', 'write /var/lib/website/x: no space left on device', 'Container/web-1/web'],
  ])('%s', (_, line, told) => expect(subject(mounting(), line)).toEqual([`test/market/${told}`]));

  test('etcd is the same for everybody who asks it', () => {
    expect(subject(mounting(), 'rpc error: code = Unavailable desc = etcdserver: no leader')).toEqual([
      'test/_/ControlPlane/etcd',
    ]);
  });

  test('a kind that is not served is its definition’s, where that was ever seen', () => {
    const line = 'no matches for kind "Widget" in version "example.com/v1"';
    expect(subject(mounting(), line)).toEqual(['test/market/Container/web-1/web']);
    const world = mounting();
    world.observe(
      '10:00:01',
      object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'widgets.example.com', {
        spec: { group: 'example.com', names: { kind: 'Widget' } },
      }),
    );
    expect(subject(world, line)).toEqual(['test/_/CustomResourceDefinition/widgets.example.com']);
  });
});

describe('floods of objects', () => {
  const secret = (index: number, owner: object | null): object =>
    object(
      'v1',
      'Secret',
      `s-${index}`,
      { type: 'Opaque' },
      { namespace: 'market', ...(owner && { ownerReferences: [{ ...owner, controller: true }] }) },
    );
  const clock = (second: number): string =>
    `10:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}`;
  function told(made: number, removedEach: boolean, owner: object | null): string[] {
    const world = createWorld();
    return Array.from({ length: made }, (_, index) => {
      const found = world.observe(clock(index), secret(index, owner), { action: 'ADDED', changedBy: 'sessions' });
      if (removedEach) world.observe(clock(index), secret(index, owner), { action: 'DELETED' });
      return happened(found).filter((text) => text.startsWith('object.flood'));
    }).flat();
  }

  test('hundreds of one kind within minutes are told, with who made them', () => {
    expect(told(310, false, null)).toEqual([
      'object.flood: 300 objects of kind Secret in namespace market were made within 5 min, most of them by sessions.',
    ]);
  });

  test('what goes as fast as it comes is no flood', () => {
    expect(told(310, true, null)).toEqual([]);
  });
});

test('a change that a GitOps controller makes is a change, and says whose it undoes', () => {
  const world = createWorld();
  const change = (from: string, to: string) => ({
    changes: [{ path: 'spec.template.spec.containers[web].image', from: `"${from}"`, to: `"${to}"` }],
  });
  const deployment = object('apps/v1', 'Deployment', 'web', { spec: {} }, { namespace: 'market' });
  world.observe('10:00:00', deployment, { ...change('web:1', 'web:1-fix'), changedBy: 'kubectl-edit' });
  expect(
    happened(
      world.observe('10:03:00', deployment, { ...change('web:1-fix', 'web:1'), changedBy: 'argocd-controller' }),
    ),
  ).toEqual([
    'change.image: The image of container web in Deployment web was changed from web:1-fix to web:1 by argocd-controller, back from what kubectl-edit had set.',
  ]);
  expect(
    happened(
      world.observe('10:04:00', deployment, { ...change('web:1', 'web:2'), changedBy: 'deployment-controller' }),
    ),
  ).toEqual([]);
});
