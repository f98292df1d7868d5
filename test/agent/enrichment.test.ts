import { describe, expect, test } from '@jest/globals';
import { createEnrichment, type Metadata } from '../../agent/enrichment.js';
import type { CollectedEvent } from '../../agent/collector.js';
import { createWaitingRoom } from '../../agent/waiting-room.js';
import type { KubernetesObject, KubernetesObservation } from '../../src/model/payloads.js';

const at = '2026-11-24T17:30:41.000000000Z';
const idOne = 'a'.repeat(64);
const idTwo = 'b'.repeat(64);

function observation(action: KubernetesObservation['action'], object: KubernetesObject): KubernetesObservation {
  return { kind: object.kind.toLowerCase(), action, object, changes: [], changedBy: null };
}

function owner(kind: string, name: string, uid = `${kind}-${name}`) {
  return [{ apiVersion: 'v1', kind, name, uid, controller: true }];
}

interface PodWish {
  readonly name?: string;
  readonly uid?: string;
  readonly owners?: ReturnType<typeof owner>;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly statuses?: readonly object[];
}

function pod(wish: PodWish = {}): KubernetesObject {
  const {
    name = 'cart-5d8f-x1',
    uid = 'pod-1',
    owners = owner('ReplicaSet', 'cart-5d8f'),
    labels = { app: 'cart' },
    annotations = {},
  } = wish;
  const statuses = wish.statuses ?? [
    { name: 'cart', containerID: `containerd://${idOne}`, state: { running: { startedAt: '2026-11-24T17:00:00Z' } } },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid, labels, annotations, ownerReferences: owners },
    spec: { nodeName: 'node-1' },
    status: { containerStatuses: statuses },
  };
}

function replicaSet(name: string, owners = owner('Deployment', 'cart')): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'shop', uid: `ReplicaSet-${name}`, ownerReferences: owners },
  };
}

function service(name: string, selector: Record<string, string>): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', uid: `Service-${name}` },
    spec: { selector },
  };
}

function world(...objects: KubernetesObject[]) {
  const enrichment = createEnrichment();
  for (const object of objects) enrichment.observe(observation('SYNC', object));
  return enrichment;
}

describe('enrichment', () => {
  test('goes from the container id to pod, workload and service', () => {
    const enrichment = world(pod(), replicaSet('cart-5d8f'), service('cart', { app: 'cart' }));
    expect(enrichment.complete({ containerId: idOne }, at)).toEqual({
      known: true,
      metadata: {
        node: 'node-1',
        namespace: 'shop',
        pod: 'cart-5d8f-x1',
        podUid: 'pod-1',
        container: 'cart',
        containerId: idOne,
        workload: 'cart',
        workloadKind: 'Deployment',
        service: 'cart',
      },
    });
  });

  test('adds to what the collector said and changes none of it', () => {
    const said: Metadata = {
      namespace: 'shop',
      pod: 'cart-5d8f-x1',
      podUid: 'pod-1',
      container: 'cart',
      node: 'as-said',
    };
    const { metadata } = world(pod()).complete(said, at);
    expect(metadata).toMatchObject(said);
    expect(metadata.containerId).toBe(idOne);
  });

  test.each([
    [
      'a ReplicaSet of a Deployment',
      [replicaSet('cart-5d8f')],
      owner('ReplicaSet', 'cart-5d8f'),
      {},
      'Deployment',
      'cart',
    ],
    ['a ReplicaSet that nobody owns', [replicaSet('solo', [])], owner('ReplicaSet', 'solo'), {}, 'ReplicaSet', 'solo'],
    [
      'a ReplicaSet not seen yet, by the hash',
      [],
      owner('ReplicaSet', 'cart-5d8f'),
      { 'pod-template-hash': '5d8f' },
      'Deployment',
      'cart',
    ],
    ['a ReplicaSet not seen yet, without a hash', [], owner('ReplicaSet', 'cart-5d8f'), {}, 'ReplicaSet', 'cart-5d8f'],
    [
      'a Job of a CronJob',
      [
        {
          ...replicaSet('report-1', owner('CronJob', 'report')),
          kind: 'Job',
          metadata: {
            name: 'report-1',
            namespace: 'shop',
            uid: 'Job-report-1',
            ownerReferences: owner('CronJob', 'report'),
          },
        },
      ],
      owner('Job', 'report-1'),
      {},
      'CronJob',
      'report',
    ],
    ['a StatefulSet', [], owner('StatefulSet', 'store'), {}, 'StatefulSet', 'store'],
    ['a DaemonSet', [], owner('DaemonSet', 'agent'), {}, 'DaemonSet', 'agent'],
    ['nobody', [], [], {}, undefined, undefined],
  ])('finds the workload of a pod of %s', (_, others, owners, labels, kind, name) => {
    const { metadata } = world(pod({ owners, labels }), ...others).complete({ podUid: 'pod-1' }, at);
    expect([metadata.workloadKind, metadata.workload]).toEqual([kind, name]);
  });

  test('the order of observation does not matter', () => {
    const objects = [pod(), replicaSet('cart-5d8f'), service('cart', { app: 'cart' })];
    const forward = world(...objects).complete({ podUid: 'pod-1' }, at);
    expect(world(...objects.reverse()).complete({ podUid: 'pod-1' }, at)).toEqual(forward);
  });

  test('a Service that no longer selects the pod is not its service', () => {
    const enrichment = world(pod(), service('cart', { app: 'cart' }));
    expect(enrichment.complete({ podUid: 'pod-1' }, at).metadata.service).toBe('cart');
    enrichment.observe(observation('MODIFIED', service('cart', { app: 'crat' })));
    expect(enrichment.complete({ podUid: 'pod-1' }, at).metadata.service).toBeUndefined();
  });

  test('remembers a pod after its death, for its time and no longer', () => {
    let nowMs = 0;
    const enrichment = createEnrichment({ keepDeadMs: 600_000, clock: () => nowMs });
    enrichment.observe(observation('ADDED', pod()));
    enrichment.observe(observation('ADDED', service('cart', { app: 'cart' })));
    enrichment.complete({ containerId: idOne }, at);
    enrichment.observe(observation('DELETED', pod()));
    enrichment.observe(observation('DELETED', service('cart', { app: 'cart' })));
    nowMs = 599_999;
    expect(enrichment.complete({ containerId: idOne }, at)).toMatchObject({
      known: true,
      metadata: { pod: 'cart-5d8f-x1', service: 'cart' },
    });
    nowMs = 600_001;
    expect(enrichment.complete({ containerId: idOne }, at)).toEqual({ known: false, metadata: { containerId: idOne } });
  });

  test('a pod that comes again under its name is told from the one before', () => {
    const enrichment = world();
    const statuses = (id: string) => [{ name: 'store', containerID: `containerd://${id}`, state: {} }];
    const old = pod({ name: 'store-0', uid: 'old', owners: owner('StatefulSet', 'store'), statuses: statuses(idOne) });
    const young = pod({
      name: 'store-0',
      uid: 'young',
      owners: owner('StatefulSet', 'store'),
      statuses: statuses(idTwo),
    });
    enrichment.observe(observation('ADDED', old));
    enrichment.observe(observation('ADDED', young));
    enrichment.observe(observation('DELETED', old));
    expect(enrichment.complete({ containerId: idOne }, at).metadata.podUid).toBe('old');
    expect(enrichment.complete({ containerId: idTwo }, at).metadata.podUid).toBe('young');
    expect(enrichment.complete({ namespace: 'shop', pod: 'store-0' }, at).metadata.podUid).toBe('young');
  });

  test('a line belongs to the run of its time, also when the container has been restarted', () => {
    const restarted = pod({
      statuses: [
        {
          name: 'cart',
          containerID: `containerd://${idTwo}`,
          state: { running: { startedAt: '2026-11-24T17:20:00Z' } },
          lastState: {
            terminated: {
              containerID: `containerd://${idOne}`,
              startedAt: '2026-11-24T17:00:00Z',
              finishedAt: '2026-11-24T17:10:00Z',
            },
          },
        },
      ],
    });
    const enrichment = world(restarted);
    const runAt = (time: string) =>
      enrichment.complete({ podUid: 'pod-1', container: 'cart' }, `2026-11-24T${time}.000000000Z`).metadata.containerId;
    expect([runAt('17:05:00'), runAt('17:25:00'), runAt('17:15:00'), runAt('16:00:00')]).toEqual([
      idOne,
      idTwo,
      undefined,
      undefined,
    ]);
    expect(enrichment.complete({ containerId: idOne }, at).metadata.container).toBe('cart');
  });

  test('knows a static pod by the hash of its manifest, which logs and cgroups carry in place of the uid', () => {
    const enrichment = world(pod({ uid: 'mirror', annotations: { 'kubernetes.io/config.hash': 'hash-1' } }));
    expect(enrichment.complete({ podUid: 'hash-1' }, at)).toMatchObject({
      known: true,
      metadata: { pod: 'cart-5d8f-x1', podUid: 'hash-1' },
    });
  });

  test('stays within its bound: the dead go first, then the least used', () => {
    const enrichment = createEnrichment({ maxEntries: 3 });
    const add = (uid: string) => enrichment.observe(observation('ADDED', pod({ uid, name: uid, statuses: [] })));
    for (const uid of ['one', 'two', 'three']) add(uid);
    enrichment.observe(observation('DELETED', pod({ uid: 'two', name: 'two', statuses: [] })));
    enrichment.complete({ podUid: 'one' }, at);
    add('four');
    add('five');
    const known = ['one', 'two', 'three', 'four', 'five'].filter((podUid) => enrichment.complete({ podUid }, at).known);
    expect(known).toEqual(['one', 'four', 'five']);
  });

  test('without any observation nothing is worth waiting for', () => {
    expect(createEnrichment().complete({ containerId: idOne }, at)).toEqual({
      known: true,
      metadata: { containerId: idOne },
    });
  });

  test('what names no pod is complete as it is', () => {
    expect(world(pod()).complete({ node: 'node-1' }, at)).toEqual({ known: true, metadata: { node: 'node-1' } });
  });
});

describe('the waiting room', () => {
  const event = (containerId: string, timestamp = at): CollectedEvent => ({
    type: 'ebpf',
    timestamp,
    data: { kind: 'oom-victim' },
    metadata: { containerId },
  });

  function waiting(options: { maxWaitMs?: number; maxEvents?: number } = {}) {
    const enrichment = world(replicaSet('cart-5d8f'));
    const released: Metadata[] = [];
    let onRelease = (): void => undefined;
    const room = createWaitingRoom({
      enrichment,
      release: (_, metadata) => {
        released.push(metadata);
        onRelease();
      },
      maxWaitMs: 3_600_000,
      ...options,
    });
    return { enrichment, released, room, next: () => new Promise<void>((resolve) => (onRelease = resolve)) };
  }

  test('holds an event of a container that is not known until its pod is', async () => {
    const { enrichment, released, room, next } = waiting();
    room.admit(event(idOne), 'kernel@node-1');
    expect(released).toEqual([]);
    expect(room.oldest('kernel@node-1')).toBe(at);
    expect(room.oldest('other@node-1')).toBeNull();
    enrichment.observe(observation('ADDED', pod()));
    await next();
    expect(released).toMatchObject([{ pod: 'cart-5d8f-x1', workload: 'cart', containerId: idOne }]);
    expect(room.oldest('kernel@node-1')).toBeNull();
  });

  test('lets it go bare when the time is up', async () => {
    const { released, room, next } = waiting({ maxWaitMs: 1 });
    room.admit(event(idOne), 'kernel@node-1');
    await next();
    expect(released).toEqual([{ containerId: idOne }]);
  });

  test('is bounded: the longest waiting goes', () => {
    const { released, room } = waiting({ maxEvents: 2 });
    for (const id of ['1', '2', '3']) room.admit(event(id), 'kernel@node-1');
    expect(released).toEqual([{ containerId: '1' }]);
    room.close();
    expect(released).toHaveLength(3);
  });
});
