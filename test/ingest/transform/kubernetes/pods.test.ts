import { describe, expect, test } from '@jest/globals';
import {
  clusterEvent,
  createWorld,
  entity,
  events,
  happened,
  notReady,
  pod,
  problems,
  waiting,
  type PodParts,
} from '../world.js';

const ended = (exitCode: number, extra: object = {}): PodParts => ({
  conditions: notReady('10:00:00'),
  status: {
    ready: false,
    state: {
      terminated: {
        exitCode,
        reason: 'Error',
        startedAt: '2026-11-24T09:59:50Z',
        finishedAt: '2026-11-24T10:00:00Z',
        containerID: 'containerd://aaa',
        ...extra,
      },
    },
  },
});

describe('a container that waits says why it cannot run', () => {
  const table: readonly [string, string, string][] = [
    [
      'ErrImageNeverPull',
      'Container image "registry.example.com/web:1" is not present with pull policy of Never',
      'image.never-pull: Container web of pod web-1 needs image registry.example.com/web:1, which is not on the node, and its pull policy is Never.',
    ],
    [
      'ErrImagePull',
      'rpc error: code = NotFound desc = failed to pull and unpack image "registry.example.com/web:1": registry.example.com/web:1: not found',
      'image.not-found: Container web of pod web-1 cannot get image registry.example.com/web:1: the registry does not have it.',
    ],
    [
      'ErrImagePull',
      'failed to resolve reference "registry.example.com/web:1": pull access denied, repository does not exist or may require authorization: authorization failed: 401 Unauthorized',
      'image.unauthorized: Container web of pod web-1 cannot get image registry.example.com/web:1: the registry refuses the credentials.',
    ],
    [
      'ErrImagePull',
      'dial tcp: lookup registry.example.com on 10.96.0.10:53: no such host',
      'image.registry-unreachable: Container web of pod web-1 cannot get image registry.example.com/web:1: the registry cannot be reached.',
    ],
    [
      'ImagePullBackOff',
      'toomanyrequests: You have reached your pull rate limit',
      'image.rate-limited: Container web of pod web-1 cannot get image registry.example.com/web:1: the registry limits the rate of pulls.',
    ],
    [
      'ErrImagePull',
      'no match for platform in manifest: not found',
      'image.wrong-platform: Container web of pod web-1 cannot get image registry.example.com/web:1: it has no build for the platform of the node.',
    ],
    [
      'InvalidImageName',
      "couldn't parse image",
      'image.invalid-name: Container web of pod web-1 has an image name that is not valid: registry.example.com/web:1.',
    ],
    [
      'CreateContainerConfigError',
      'configmap "web-config" not found',
      'config.object-missing: Container web of pod web-1 cannot start: ConfigMap web-config does not exist.',
    ],
    [
      'CreateContainerConfigError',
      "couldn't find key token in Secret market/web-auth",
      'config.key-missing: Container web of pod web-1 cannot start: Secret web-auth has no key token.',
    ],
    [
      'CreateContainerConfigError',
      'container has runAsNonRoot and image will run as root (pod: "web-1_market(uid)", container: web)',
      'container.run-as-non-root: Container web of pod web-1 may not run as root, but its image does: container has runAsNonRoot and image will run as root (pod: "web-1_market(uid)", container: web).',
    ],
    [
      'RunContainerError',
      'failed to create shim task: OCI runtime create failed: exec: "/bin/serve": stat /bin/serve: no such file or directory: unknown',
      'container.command-not-found: Container web of pod web-1 cannot start: its command /bin/serve does not exist in the image.',
    ],
    [
      'CreateContainerError',
      'context deadline exceeded',
      'container.create-timeout: Container web of pod web-1 is not created in time by the container runtime of its node: context deadline exceeded.',
    ],
  ];

  test.each(table)('%s (%s)', (reason, message, sentence) => {
    const world = createWorld();
    expect(problems(world.observe('10:00:00', pod(waiting(reason, message))))).toContain(sentence);
  });

  test('the back-off after a failed pull keeps the reason that the pull gave, as the same problem', () => {
    const world = createWorld();
    const image = 'registry.example.com/web:1';
    const pulled = entity(world.observe('10:00:00', pod(waiting('ErrImagePull', `${image}: not found`))), 'Pod')
      .problems[0]!;
    const backedOff = entity(
      world.observe('10:00:15', pod(waiting('ImagePullBackOff', `Back-off pulling image "${image}"`))),
      'Pod',
    ).problems[0]!;
    expect(backedOff.semantic.category).toBe('image.not-found');
    expect(backedOff.id).toBe(pulled.id);
    expect(backedOff.timestamp).toBe(pulled.timestamp);
  });
});

describe('a container that ended says how', () => {
  test('OOMKilled names the limit and how long it ran', () => {
    const world = createWorld();
    const findings = world.observe('10:00:01', pod(ended(137, { reason: 'OOMKilled' })));
    expect(problems(findings)).toEqual([
      'container.oom-killed: Container web of pod web-1 was killed for exceeding its memory limit of 64 MiB after 10 s.',
      'pod.not-ready: Pod web-1 is not ready: container web is not ready.',
    ]);
    const [oom] = entity(findings, 'Pod').problems;
    expect(oom!.entity.id).toBe('test/market/Container/web-1/web');
    expect(oom!.timestamp).toBe('2026-11-24T10:00:00.000000000Z');
    expect(oom!.semantic.attributes).toMatchObject({ containerId: 'aaa', exitCode: 137, limitBytes: 64 * 2 ** 20 });
    expect(oom!.k8sContext).toMatchObject({
      pod: 'web-1',
      container: 'web',
      workload: 'web',
      node: 'node-1',
      namespace: 'market',
    });
  });

  test('exit code 137 without a witness is not called out of memory', () => {
    const world = createWorld();
    expect(problems(world.observe('10:00:01', pod(ended(137))))[0]).toBe(
      'container.terminated: Container web of pod web-1 ended with SIGKILL (exit code 137) after 10 s.',
    );
  });

  test.each([
    [139, 'process.crashed: Container web of pod web-1 crashed with SIGSEGV (exit code 139) after 10 s.'],
    [134, 'process.crashed: Container web of pod web-1 crashed with SIGABRT (exit code 134) after 10 s.'],
    [
      127,
      'container.command-not-found: Container web of pod web-1 cannot start: its command does not exist in the image.',
    ],
    [126, 'container.not-executable: Container web of pod web-1 cannot start: its command is not executable.'],
    [3, 'container.terminated: Container web of pod web-1 ended with exit code 3 after 10 s.'],
  ])('exit code %i', (exitCode, sentence) => {
    expect(problems(createWorld().observe('10:00:01', pod(ended(exitCode))))[0]).toBe(sentence);
  });

  test('its last words go with it', () => {
    const world = createWorld();
    world.observe('09:59:40', pod());
    world.log('09:59:59.9', 'cannot bind to queue "orders"', { level: 'fatal' });
    expect(problems(world.observe('10:00:01', pod(ended(1))))[0]).toBe(
      'container.terminated: Container web of pod web-1 ended with exit code 1 after 10 s; its last words: cannot bind to queue "orders".',
    );
  });

  test('a loop of crashes is one problem with one id, not one for each crash', () => {
    const world = createWorld();
    const crash = (finishedAt: string, restartCount: number): PodParts => ({
      conditions: notReady('10:00:00'),
      status: {
        ready: false,
        restartCount,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: {
          terminated: {
            exitCode: 1,
            reason: 'Error',
            finishedAt: `2026-11-24T${finishedAt}Z`,
            containerID: `containerd://${finishedAt}`,
          },
        },
      },
    });
    const ids = (findings: ReturnType<typeof world.observe>) =>
      entity(findings, 'Pod').problems.map((problem) => `${problem.semantic.category} ${problem.id}`);
    const first = ids(world.observe('10:00:02', pod(crash('10:00:00', 1))));
    const second = ids(world.observe('10:00:32', pod(crash('10:00:30', 2))));
    expect(second).toEqual(first);
    expect(first.map((text) => text.split(' ')[0])).toEqual([
      'container.crash-loop',
      'container.terminated',
      'pod.not-ready',
    ]);
  });

  test('a restart that went unseen is told as events, once', () => {
    const world = createWorld();
    world.observe('09:59:40', pod());
    const after = pod({
      status: {
        restartCount: 1,
        containerID: 'containerd://bbb',
        state: { running: { startedAt: '2026-11-24T10:00:02Z' } },
        lastState: {
          terminated: {
            exitCode: 2,
            reason: 'Error',
            finishedAt: '2026-11-24T10:00:00Z',
            containerID: 'containerd://aaa',
          },
        },
      },
    });
    expect(happened(world.observe('10:00:03', after))).toEqual([
      'container.terminated: Container web of pod web-1 ended with exit code 2.',
      'container.restarted: Container web of pod web-1 was restarted (1 restart so far).',
    ]);
    expect(happened(world.observe('10:00:04', after))).toEqual([]);
  });

  test('an old restart is history when the watch begins', () => {
    const world = createWorld();
    const old = pod({
      status: { restartCount: 7, lastState: { terminated: { exitCode: 1, finishedAt: '2026-11-20T10:00:00Z' } } },
    });
    const findings = world.observe('10:00:00', old, { action: 'SYNC' });
    expect([...problems(findings), ...happened(findings)]).toEqual([]);
  });

  test('exit code 0 again and again is a program that does not stay, unless the kubelet stopped it for a failed probe', () => {
    const done = {
      exitCode: 0,
      reason: 'Completed',
      startedAt: '2026-11-24T10:00:00Z',
      finishedAt: '2026-11-24T10:00:02Z',
    };
    const loop = pod(waiting('CrashLoopBackOff', '', done));
    expect(problems(createWorld().observe('10:00:03', loop))).toContain(
      'container.completed-early: Container web of pod web-1 ends by itself with exit code 0 after 2 s, and is meant to keep running.',
    );
    const world = createWorld();
    world.observe('09:59:00', pod());
    const involved = {
      kind: 'Pod',
      namespace: 'market',
      name: 'web-1',
      uid: 'uid-web-1',
      fieldPath: 'spec.containers{web}',
    };
    world.observe(
      '09:59:58',
      clusterEvent(
        'Unhealthy',
        'Liveness probe failed: Get "http://10.0.0.7:9090/healthz": dial tcp 10.0.0.7:9090: connect: connection refused',
        involved,
      ),
    );
    expect(problems(world.observe('10:00:03', loop)).join()).not.toContain('completed-early');
  });
});

describe('readiness', () => {
  test('a pod that was ready and no longer is, is a problem at once', () => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    expect(
      problems(world.observe('10:00:00', pod({ conditions: notReady('10:00:00'), status: { ready: false } }))),
    ).toEqual(['pod.not-ready: Pod web-1 is not ready: container web is not ready.']);
  });

  test('a young pod has the time its probes allow, and is told when that is over without another observation', () => {
    const world = createWorld();
    const young = pod({
      metadata: { creationTimestamp: '2026-11-24T10:00:00Z' },
      container: { startupProbe: { periodSeconds: 5, failureThreshold: 6 } },
      conditions: notReady('10:00:00'),
      podStatus: { startTime: '2026-11-24T10:00:00Z' },
      status: { ready: false, state: { running: { startedAt: '2026-11-24T10:00:00Z' } } },
    });
    expect(problems(world.observe('10:00:02', young))).toEqual([]);
    expect(problems(world.tick('10:00:49'))).toEqual([]);
    expect(problems(world.tick('10:00:51'))).toEqual([
      'pod.not-ready: Pod web-1 is not ready: container web is not ready.',
    ]);
  });

  test('a readiness gate that is not met is named', () => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    const gated = pod({
      spec: { readinessGates: [{ conditionType: 'example.com/loaded' }] },
      conditions: notReady('10:00:00', { reason: 'ReadinessGatesNotReady' }),
    });
    expect(problems(world.observe('10:00:00', gated))).toEqual([
      'pod.not-ready: Pod web-1 is not ready: readiness gate example.com/loaded is not met.',
    ]);
  });
});

describe('scheduling', () => {
  const unschedulable = (message: string) =>
    pod({
      phase: 'Pending',
      spec: { nodeName: undefined, volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'web-data' } }] },
      podStatus: { containerStatuses: [] },
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message,
          lastTransitionTime: '2026-11-24T10:00:00Z',
        },
      ],
    });

  test.each([
    [
      '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found.',
      'scheduling.insufficient-resources: Pod web-1 cannot be scheduled: no node has enough cpu left.',
    ],
    [
      '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.',
      'scheduling.insufficient-resources: Pod web-1 cannot be scheduled: no node has enough nvidia.com/gpu left.',
    ],
    [
      '0/2 nodes are available: 2 node(s) had untolerated taint {dedicated: batch}.',
      'scheduling.untolerated-taint: Pod web-1 cannot be scheduled: the nodes have the taint dedicated: batch that it does not tolerate.',
    ],
    [
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
      'scheduling.node-affinity: Pod web-1 cannot be scheduled: no node matches its node selector or affinity.',
    ],
    [
      "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
      'scheduling.anti-affinity: Pod web-1 cannot be scheduled: pod affinity rules keep it off the nodes.',
    ],
    [
      "0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints.",
      'scheduling.topology-spread: Pod web-1 cannot be scheduled: its topology spread constraints cannot be met.',
    ],
    [
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
      'scheduling.host-port-conflict: Pod web-1 cannot be scheduled: its host port is taken on the nodes.',
    ],
    [
      '0/1 nodes are available: 1 Too many pods.',
      'scheduling.too-many-pods: Pod web-1 cannot be scheduled: the nodes run as many pods as they may.',
    ],
    [
      '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found',
      'scheduling.unbound-claim: Pod web-1 cannot be scheduled: a claim of its volumes is not bound.',
    ],
    [
      '0/1 nodes are available: persistentvolumeclaim "web-data" not found.',
      'pvc.not-found: Pod web-1 cannot be scheduled: the claim web-data does not exist.',
    ],
    [
      '0/1 nodes are available: 1 node(s) were unschedulable.',
      'scheduling.node-unschedulable: Pod web-1 cannot be scheduled: the nodes are cordoned.',
    ],
  ])('%s', (message, sentence) => {
    const world = createWorld();
    expect(problems(world.observe('10:00:01', unschedulable(message)))).toEqual([]);
    expect(problems(world.tick('10:00:03'))).toEqual([sentence]);
  });

  test('of several reasons the most specific names the failure, the others are kept', () => {
    const world = createWorld();
    const message =
      '0/3 nodes are available: 1 node(s) were unschedulable, 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 1 Insufficient memory.';
    const findings = world.observe('10:00:05', unschedulable(message));
    const [problem] = entity(findings, 'Pod').problems;
    expect(problem!.semantic.category).toBe('scheduling.insufficient-resources');
    expect(problem!.semantic.attributes).toMatchObject({
      resource: 'memory',
      alsoReasons: 'scheduling.untolerated-taint,scheduling.node-unschedulable',
      claims: 'web-data',
      nodes: 3,
    });
  });
});

describe('the end of a pod', () => {
  test.each([
    [
      'Evicted',
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi.',
      'pod.evicted: Pod web-1 was evicted because its node was low on memory.',
    ],
    [
      'Evicted',
      'Pod ephemeral local storage usage exceeds the total limit of containers 5Mi.',
      'pod.ephemeral-storage-exceeded: Pod web-1 was evicted for using too much local storage: Pod ephemeral local storage usage exceeds the total limit of containers 5Mi.',
    ],
  ])('%s: %s', (reason, message, sentence) => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    const failed = pod({
      phase: 'Failed',
      podStatus: { reason, message, containerStatuses: [] },
      conditions: notReady('10:00:00'),
    });
    const findings = world.observe('10:00:01', failed);
    expect(happened(findings)).toEqual([sentence]);
    expect(problems(findings)).toEqual([]);
    expect(happened(world.observe('10:00:02', failed))).toEqual([]);
  });

  test('a container that exits with 0 when its pod is evicted leaves the eviction to be told by the condition', () => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    const target = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'TerminationByKubelet',
      message: 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi".',
      lastTransitionTime: '2026-11-24T10:00:00Z',
    };
    const findings = world.observe(
      '10:00:01',
      pod({ phase: 'Succeeded', podStatus: { containerStatuses: [] }, conditions: [...notReady('10:00:00'), target] }),
    );
    expect(happened(findings)).toEqual([
      'pod.ephemeral-storage-exceeded: Pod web-1 was evicted for using too much local storage: Usage of EmptyDir volume "cache" exceeds the limit "1Mi".',
    ]);
  });

  test('completed pods and pods on their way out are no problem', () => {
    const world = createWorld();
    const completed = pod({
      phase: 'Succeeded',
      spec: { restartPolicy: 'Never' },
      conditions: notReady('10:00:00', { reason: 'PodCompleted' }),
      status: {
        ready: false,
        state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: '2026-11-24T10:00:00Z' } },
      },
    });
    const findings = world.observe('10:00:01', completed);
    expect([...problems(findings), ...happened(findings)]).toEqual([]);
    world.observe('10:00:02', pod({ name: 'web-2' }));
    const leaving = pod({
      name: 'web-2',
      metadata: { deletionTimestamp: '2026-11-24T10:00:33Z' },
      conditions: notReady('10:00:04'),
      status: {
        ready: false,
        state: { terminated: { exitCode: 143, reason: 'Error', finishedAt: '2026-11-24T10:00:04Z' } },
      },
    });
    const gone = world.observe('10:00:05', leaving);
    expect([...problems(gone), ...happened(gone)]).toEqual([]);
    expect(problems(world.tick('10:01:10'))).toEqual([
      'pod.stuck-terminating: Pod web-2 should have been gone for 30 s.',
    ]);
  });
});

test('a pod finding has the whole state: facts, relations, and its containers as entities of their own', () => {
  const world = createWorld();
  const findings = world.observe(
    '10:00:00',
    pod({
      spec: {
        serviceAccountName: 'web',
        priorityClassName: 'high',
        volumes: [
          { name: 'config', configMap: { name: 'web-config', optional: true } },
          { name: 'data', persistentVolumeClaim: { claimName: 'web-data' } },
        ],
      },
      container: { envFrom: [{ secretRef: { name: 'web-auth' } }] },
    }),
  );
  const found = entity(findings, 'Pod');
  expect(found.facts).toMatchObject({
    phase: 'Running',
    ready: true,
    ip: '10.0.0.7',
    node: 'node-1',
    ports: 'http:8080',
    workload: 'web',
    'optional:ConfigMap/web-config': true,
  });
  expect(found.createdAt).toBe('2026-11-24T09:00:00.000000000Z');
  expect(
    found.relations
      .map(({ type, from, to }) => `${from.replace('test/', '')} ${type} ${to.replace('test/', '')}`)
      .sort(),
  ).toEqual([
    'market/Pod/web-1 MOUNTS market/PersistentVolumeClaim/web-data',
    'market/Pod/web-1 OWNS market/Container/web-1/web',
    'market/Pod/web-1 RUNS_ON _/Node/node-1',
    'market/Pod/web-1 USES _/PriorityClass/high',
    'market/Pod/web-1 USES _/Registry/registry.example.com',
    'market/Pod/web-1 USES market/ConfigMap/web-config',
    'market/Pod/web-1 USES market/Secret/web-auth',
    'market/Pod/web-1 USES market/ServiceAccount/web',
    'market/ReplicaSet/web-5d4f OWNS market/Pod/web-1',
  ]);
  expect(entity(findings, 'Container').facts).toMatchObject({
    image: 'registry.example.com/web:1',
    memoryLimit: '64Mi',
    state: 'running',
    restartCount: 0,
    ports: 'http:8080',
  });
  expect(events(findings)).toEqual([]);
});
