import { describe, expect, test } from '@jest/globals';
import { clusterEvent, createWorld, deployment, entity, events, happened, pod, problems } from './world.js';

const involved = {
  kind: 'Pod',
  namespace: 'market',
  name: 'web-1',
  uid: 'uid-web-1',
  fieldPath: 'spec.containers{web}',
};

describe('Kubernetes Events', () => {
  test.each([
    [
      'Liveness probe failed: Get "https://10.0.0.7:9090/healthz": dial tcp 10.0.0.7:9090: connect: connection refused',
      'probe.liveness-failed: The liveness probe of container web in pod web-1 fails on port 9090/healthz: the connection is refused; the container declares 8080, not 9090.',
      { port: 9090, path: '/healthz', declaredPort: false, declaredPorts: '8080', error: 'ECONNREFUSED' },
    ],
    [
      'Readiness probe failed: HTTP probe failed with statuscode: 503',
      'probe.readiness-failed: The readiness probe of container web in pod web-1 fails: it answers 503.',
      { status: 503 },
    ],
    [
      'Startup probe failed: Get "http://10.0.0.7:8080/ready": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      'probe.startup-failed: The startup probe of container web in pod web-1 fails on port 8080/ready: it does not answer in time.',
      { port: 8080, declaredPort: true, error: 'ETIMEDOUT' },
    ],
  ])('%s', (message, sentence, attributes) => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    const [event] = events(
      world.observe('10:00:00', clusterEvent('Unhealthy', message, involved), { action: 'ADDED' }),
    );
    expect(`${event!.semantic.category}: ${event!.semantic.message}`).toBe(sentence);
    expect(event!.semantic.attributes).toMatchObject(attributes);
    expect(event!.entity.id).toBe('test/market/Container/web-1/web');
  });

  test('a series is one event whose count grows', () => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    const probe = (count: number, port: string, last: string) =>
      clusterEvent(
        'Unhealthy',
        `Liveness probe failed: dial tcp 10.0.0.7:${port}: connect: connection refused`,
        involved,
        { count, firstTimestamp: '2026-11-24T10:00:00Z', lastTimestamp: `2026-11-24T${last}Z` },
      );
    const [first] = events(world.observe('10:00:00.5', probe(1, '9090', '10:00:00'), { action: 'ADDED' }));
    const [third] = events(world.observe('10:00:20.5', probe(3, '9090', '10:00:20')));
    expect(third!.id).toBe(first!.id);
    expect([first!.count, third!.count, third!.firstSeen, third!.lastSeen]).toEqual([
      1,
      3,
      '2026-11-24T10:00:00.000000000Z',
      '2026-11-24T10:00:20.000000000Z',
    ]);
  });

  test('what was there when the watch began, and what is stale, says nothing', () => {
    const world = createWorld();
    world.observe('09:00:00', pod());
    const old = clusterEvent('Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 500', involved, {
      lastTimestamp: '2026-11-24T09:50:00Z',
    });
    expect(world.observe('10:00:00', old, { action: 'SYNC' })).toEqual([]);
    expect(world.observe('10:00:00', old, { action: 'ADDED' })).toEqual([]);
  });

  test('readiness failures of a pod that was never ready, and of one that is leaving, are no news', () => {
    const world = createWorld();
    const unready = [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-11-24T10:00:00Z' }];
    world.observe(
      '10:00:00',
      pod({ conditions: unready, podStatus: { startTime: '2026-11-24T10:00:00Z' }, status: { ready: false } }),
    );
    const failing = clusterEvent(
      'Unhealthy',
      'Readiness probe failed: dial tcp 10.0.0.7:8080: connect: connection refused',
      involved,
    );
    const early = world.observe('10:00:03', failing, { action: 'ADDED' });
    expect([...problems(early), ...happened(early)]).toEqual([]);
    world.observe('10:00:05', pod());
    world.observe('10:01:00', pod({ metadata: { deletionTimestamp: '2026-11-24T10:01:30Z' } }));
    expect(world.observe('10:01:02', failing)).toEqual([]);
  });

  test('a pod that is still not ready when its time is up says what its readiness probe said', () => {
    const world = createWorld();
    const unready = [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-11-24T10:00:00Z' }];
    world.observe(
      '10:00:00',
      pod({
        conditions: unready,
        podStatus: { startTime: '2026-11-24T10:00:00Z' },
        status: { ready: false, state: { running: { startedAt: '2026-11-24T10:00:00Z' } } },
      }),
    );
    world.observe(
      '10:00:03',
      clusterEvent('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 500', involved),
      { action: 'ADDED' },
    );
    expect(problems(world.tick('10:00:21'))).toEqual([
      'probe.readiness-failed: The readiness probe of container web in pod web-1 fails: it answers 500.',
      'pod.not-ready: Pod web-1 is not ready: container web is not ready.',
    ]);
    expect(problems(world.observe('10:01:00', pod()))).toEqual([]);
  });

  test('what keeps a pod from starting stands as its problem until its containers run', () => {
    const world = createWorld();
    const creating = pod({
      phase: 'Pending',
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'False', lastTransitionTime: '2026-11-24T10:00:00Z' },
      ],
      status: { ready: false, containerID: '', state: { waiting: { reason: 'ContainerCreating' } } },
      podStatus: { startTime: '2026-11-24T10:00:00Z' },
    });
    world.observe('10:00:00', creating, { action: 'ADDED' });
    const missing = 'config.object-missing: Pod web-1 cannot start: Secret web-tls, which it mounts, does not exist.';
    expect(
      problems(
        world.observe(
          '10:00:01',
          clusterEvent(
            'FailedMount',
            'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found',
            involved,
          ),
          { action: 'ADDED' },
        ),
      ),
    ).toEqual([missing]);
    expect(problems(world.tick('10:05:00'))).toEqual([
      missing,
      'pod.pending: Pod web-1 is on node node-1 but its containers are not created.',
    ]);
    expect(problems(world.observe('10:06:00', pod()))).toEqual([]);
  });

  test.each([
    [
      'FailedMount',
      'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found',
      'config.object-missing: Pod web-1 cannot start: Secret web-tls, which it mounts, does not exist.',
    ],
    [
      'FailedMount',
      'MountVolume.SetUp failed for volume "cfg" : references non-existent config key: app.yaml',
      'config.key-missing: Pod web-1 cannot start: a volume asks for key app.yaml, which does not exist.',
    ],
    [
      'FailedMount',
      'MountVolume.SetUp failed for volume "nfs" : mount failed: exit status 32',
      'volume.mount-failed: Volume nfs of pod web-1 cannot be mounted: mount failed: exit status 32.',
    ],
    [
      'FailedAttachVolume',
      'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node and can\'t be attached to another',
      'volume.attach-failed: Volume pvc-1 of pod web-1 cannot be attached: Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node and can\'t be attached to another.',
    ],
    [
      'FailedCreatePodSandBox',
      'Failed to create pod sandbox: plugin type="bridge" failed (add): no IP addresses available in range set',
      'node.pod-ips-exhausted: No address is left for pod web-1 on node node-1: Failed to create pod sandbox: plugin type="bridge" failed (add): no IP addresses available in range set.',
    ],
    [
      'FailedPostStartHook',
      'PostStartHook failed',
      'container.lifecycle-hook-failed: The postStart hook of container web of pod web-1 failed: PostStartHook failed.',
    ],
    [
      'Preempted',
      'Preempted by pod x on node node-1',
      'pod.preempted: Pod web-1 had to make room for pod x, which has a higher priority.',
    ],
  ])('%s: %s', (reason, message, sentence) => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    expect(happened(world.observe('10:00:00', clusterEvent(reason, message, involved), { action: 'ADDED' }))).toEqual([
      sentence,
    ]);
  });

  test('what an object says better itself is left to it', () => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    for (const reason of ['BackOff', 'Failed', 'FailedScheduling', 'Pulled', 'Killing', 'Scheduled']) {
      expect(world.observe('10:00:00', clusterEvent(reason, 'something', involved), { action: 'ADDED' })).toEqual([]);
    }
  });

  test('a StatefulSet has its refusals in events alone', () => {
    const about = { kind: 'StatefulSet', namespace: 'market', name: 'db', uid: 'uid-db' };
    const message =
      'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: exceeded quota: small, requested: pods=1, used: pods=8, limited: pods=8';
    const [event] = events(
      createWorld().observe('10:00:00', clusterEvent('FailedCreate', message, about), { action: 'ADDED' }),
    );
    expect(event!.semantic.message).toBe(
      'db cannot create its pods: quota small is used up: pods=1 was asked for, pods=8 is used of pods=8.',
    );
    expect(event!.entity.id).toBe('test/market/ResourceQuota/small');
  });
});

describe('the kernel', () => {
  const place = { namespace: 'market', pod: 'web-1', podUid: 'uid-web-1', container: 'web', containerId: 'aaa' };
  const victim = {
    kind: 'oom-victim',
    witness: 'ebpf',
    pid: 41,
    comm: 'node',
    cgroup: '/kubepods/x',
    anonRssKiB: 30_720,
    totalVmKiB: 99_999,
    oomScoreAdj: 900,
    limitBytes: 31_457_280,
  };
  const exit = {
    kind: 'process-exit',
    witness: 'ebpf',
    pid: 41,
    parentPid: 1,
    comm: 'node',
    exitCode: 0,
    signal: 9,
    coreDumped: false,
    containerInit: true,
    durationMs: 4_200,
    cgroup: '/kubepods/x',
  };

  test("a victim that was the container ends it; the two findings carry what merges them with the API's", () => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    expect(world.kernel('10:00:00.100', victim, place)).toEqual([]);
    const findings = world.kernel('10:00:00.103', exit, place);
    expect(happened(findings)).toEqual([
      'container.oom-killed: The kernel killed process node (pid 41) in container web of pod web-1 for lack of memory while it used 30 MiB; the memory limit is 30 MiB.',
      'container.terminated: Container web of pod web-1 ended with SIGKILL, killed for lack of memory after 4.2 s.',
    ]);
    expect(
      events(findings).map(({ timestamp, semantic }) => [
        timestamp.slice(17, 23),
        semantic.attributes.containerId,
        semantic.attributes.exitCode,
      ]),
    ).toEqual([
      ['00.100', 'aaa', 137],
      ['00.103', 'aaa', 137],
    ]);
  });

  test('a victim that was a child leaves the container running', () => {
    const world = createWorld();
    world.kernel('10:00:00.100', victim, place);
    expect(happened(world.kernel('10:00:00.103', { ...exit, containerInit: false }, place))).toEqual([
      'process.oom-killed: The kernel killed process node (pid 41) in container web of pod web-1 for lack of memory while it used 30 MiB; the memory limit is 30 MiB.',
    ]);
  });

  test('a victim whose exit is not seen is told a second later, at the time it was chosen', () => {
    const world = createWorld();
    world.kernel('10:00:00.100', victim, place);
    const [event] = events(world.tick('10:00:02'));
    expect(event!.semantic.category).toBe('container.oom-killed');
    expect(event!.timestamp).toBe('2026-11-24T10:00:00.100000000Z');
  });

  test("a victim outside of any container is the node's loss", () => {
    expect(happened(createWorld().kernel('10:00:00', { ...victim, witness: 'kernel-log', limitBytes: null }))).toEqual([
      'node.out-of-memory: The kernel killed process node (pid 41) on node node-1 for lack of memory while it used 30 MiB.',
    ]);
  });

  test.each([
    [{ signal: 11 }, ['process.crashed: Container web of pod web-1 crashed with SIGSEGV after 4.2 s.']],
    [
      { signal: 0, exitCode: 3 },
      ['container.terminated: Container web of pod web-1 ended with exit code 3 after 4.2 s.'],
    ],
    [
      { signal: 9 },
      [
        'process.killed: Container web of pod web-1 was killed with SIGKILL, and not for lack of memory.',
        'container.terminated: Container web of pod web-1 ended with SIGKILL after 4.2 s.',
      ],
    ],
    [{ signal: 0, exitCode: 0 }, []],
    [{ signal: 15, containerInit: false }, []],
  ])('an exit with %j', (how, sentences) => {
    expect(happened(createWorld().kernel('10:00:00', { ...exit, ...how }, place))).toEqual(sentences);
  });

  test('a child that is killed is told when its container lives on, and not when it went down with it', () => {
    const world = createWorld();
    const child = { ...exit, pid: 50, signal: 9, containerInit: false };
    expect(world.kernel('10:00:00', child, place)).toEqual([]);
    expect(happened(world.tick('10:00:02'))).toEqual([
      'process.killed: Process node in container web of pod web-1 was killed with SIGKILL after 4.2 s.',
    ]);
    world.kernel('10:01:00', child, place);
    world.kernel('10:01:00.010', { ...exit, signal: 0, exitCode: 1 }, place);
    expect(world.tick('10:02:00')).toEqual([]);
  });

  test('a container id alone is enough to know where it was', () => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    const [event] = events(world.kernel('10:00:00', { ...exit, signal: 6 }, { containerId: 'aaa' }));
    expect(event!.k8sContext).toMatchObject({ pod: 'web-1', container: 'web', workload: 'web' });
  });

  test('processes of a pod that is being deleted end as they were told to', () => {
    const world = createWorld();
    world.observe('10:00:00', pod({ metadata: { deletionTimestamp: '2026-11-24T10:00:30Z' } }));
    expect(world.kernel('10:00:01', { ...exit, signal: 15 }, place)).toEqual([]);
    expect(world.kernel('10:00:31', exit, place)).toEqual([]);
  });
});

describe('log lines', () => {
  test('errors of one meaning are one burst: told at once, then every five seconds while it goes on, under one id', () => {
    const world = createWorld();
    world.observe('09:59:00', pod());
    const line = (user: number) =>
      `POST http://cart:8080/cart/user-${user} failed: connect ECONNREFUSED 10.96.0.9:8080`;
    const told = events(world.log('10:00:00.0', line(1)));
    expect(told.map(({ semantic }) => semantic.message)).toEqual([
      'Container web of pod web-1 is refused by cart:8080: POST http://cart:8080/cart/user-1 failed: connect ECONNREFUSED 10.96.0.9:8080.',
    ]);
    expect(told[0]!.semantic.attributes).toMatchObject({
      peer: 'cart:8080',
      peerHost: 'cart',
      peerAddress: '10.96.0.9:8080',
      error: 'ECONNREFUSED',
    });
    for (let second = 1; second < 5; second += 1) expect(world.log(`10:00:0${second}.0`, line(second))).toEqual([]);
    const [update] = events(world.log('10:00:05.5', line(9)));
    expect([update!.id, update!.count, update!.firstSeen, update!.lastSeen]).toEqual([
      told[0]!.id,
      5,
      '2026-11-24T10:00:00.000000000Z',
      '2026-11-24T10:00:04.000000000Z',
    ]);
    const [last] = events(world.tick('10:00:20'));
    expect([last!.id, last!.count]).toEqual([told[0]!.id, 6]);
    expect(world.tick('10:05:00')).toEqual([]);
    const [later] = events(world.log('10:06:00', line(1)));
    expect(later!.id).not.toBe(told[0]!.id);
  });

  test('a trace id of the first line goes with the burst, and none is invented', () => {
    const [event] = events(createWorld().log('10:00:00', 'boom', {}));
    expect(event!.traceContext).toBeNull();
  });

  test('healthy traffic says nothing', () => {
    const world = createWorld();
    const lines: readonly [string, string | null][] = [
      ['GET /items 200', 'info'],
      ['connect ECONNREFUSED in a debug line', 'debug'],
      ['last 10s: 20 ok, 0 failed', 'warn'],
      ['10.0.0.1 - - [24/Nov/2026:10:00:00 +0000] "GET /errors HTTP/1.1" 200 512', null],
      ['0 errors, 0 warnings', null],
      ['listening on :8080', null],
    ];
    for (const [message, level] of lines) expect(world.log('10:00:00', message, { level })).toEqual([]);
    expect(world.tick('11:00:00')).toEqual([]);
  });

  test('a pod on its way out loses its connections; nobody is alarmed', () => {
    const world = createWorld();
    world.observe('10:00:00', pod({ metadata: { deletionTimestamp: '2026-11-24T10:00:30Z' } }));
    expect(world.log('10:00:01', 'connect ECONNREFUSED 10.96.0.9:8080')).toEqual([]);
  });
});

describe('changes', () => {
  const change = (path: string, from: unknown, to: unknown) => ({
    path,
    from: from === null ? null : JSON.stringify(from),
    to: to === null ? null : JSON.stringify(to),
  });
  const container = 'spec.template.spec.containers[web]';

  test.each([
    [
      [change(`${container}.resources.limits.memory`, '128Mi', '30Mi')],
      'change.spec: Deployment web was changed by kubectl-patch: memory limit of container web from 128Mi to 30Mi.',
    ],
    [
      [change(`${container}.image`, 'web:1', 'web:2')],
      'change.image: The image of container web in Deployment web was changed from web:1 to web:2 by kubectl-patch.',
    ],
    [[change('spec.replicas', 2, 5)], 'change.scale: Deployment web was scaled from 2 to 5 replicas by kubectl-patch.'],
    [
      [change('spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt', null, '2026-11-24T10:00:00Z')],
      'change.restart: A restart of Deployment web was asked for by kubectl-patch.',
    ],
    [
      [change(`${container}.env[MODE].value`, 'a', 'b')],
      'change.spec: Deployment web was changed by kubectl-patch: variable MODE of container web from a to b.',
    ],
  ])('%j', (changes, sentence) => {
    expect(happened(createWorld().observe('10:00:00', deployment(), { changes, changedBy: 'kubectl-patch' }))).toEqual([
      sentence,
    ]);
  });

  test('a ConfigMap names its key and values, a Secret its key alone', () => {
    const object = (kind: string) => ({
      apiVersion: 'v1',
      kind,
      metadata: { name: 'web-config', namespace: 'market', uid: `uid-${kind}` },
    });
    const [config] = events(
      createWorld().observe('10:00:00', object('ConfigMap'), {
        changes: [change('data.API_URL', 'http://api:8080', 'http://api:8089')],
      }),
    );
    expect(config!.semantic.message).toBe(
      'ConfigMap web-config was changed: API_URL from http://api:8080 to http://api:8089.',
    );
    expect(config!.semantic.attributes).toMatchObject({
      keys: 'API_URL',
      from: 'http://api:8080',
      to: 'http://api:8089',
    });
    const [secret] = events(
      createWorld().observe('10:00:00', object('Secret'), {
        changes: [change('data.token', 'redacted (8 bytes)', 'redacted (9 bytes)')],
      }),
    );
    expect(secret!.semantic.attributes).toEqual({ keys: 'token', paths: 'data.token' });
  });

  test('what controllers do is no decision of anybody, and a status is no change', () => {
    const world = createWorld();
    expect(
      happened(
        world.observe('10:00:00', deployment(), {
          changes: [change('spec.replicas', 2, 3)],
          changedBy: 'kube-controller-manager',
        }),
      ),
    ).toEqual([]);
    expect(happened(world.observe('10:00:01', deployment()))).toEqual([]);
    expect(happened(world.observe('10:00:02', pod(), { action: 'ADDED' }))).toEqual([]);
    expect(
      happened(
        world.observe('10:00:03', deployment({ metadata: { name: 'other', uid: 'other' } }), { action: 'SYNC' }),
      ),
    ).toEqual([]);
    expect(
      happened(
        world.observe('10:00:04', deployment({ metadata: { name: 'new', uid: 'new' } }), {
          action: 'ADDED',
          changedBy: 'kubectl-create',
        }),
      ),
    ).toEqual(['change.created: Deployment new was created by kubectl-create.']);
  });
});

test('a rolling update leaves no problem behind', () => {
  const world = createWorld();
  const rollout = (updatedReplicas: number, replicas: number, availableReplicas: number, reason: string) =>
    deployment({
      metadata: { generation: 4 },
      status: {
        observedGeneration: 4,
        updatedReplicas,
        replicas,
        availableReplicas,
        conditions: [{ type: 'Progressing', status: 'True', reason }],
      },
    });
  const fresh = (name: string, ready: boolean) =>
    pod({
      name,
      metadata: { creationTimestamp: '2026-11-24T10:00:00Z' },
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-11-24T10:00:01Z' },
      ],
      podStatus: { startTime: '2026-11-24T10:00:00Z' },
      status: { ready, containerID: `containerd://${name}`, state: { running: { startedAt: '2026-11-24T10:00:01Z' } } },
    });
  world.observe('09:59:00', deployment(), { action: 'SYNC' });
  world.observe('09:59:00', pod(), { action: 'SYNC' });
  const steps = [
    world.observe('10:00:00', rollout(1, 3, 2, 'ReplicaSetUpdated')),
    world.observe('10:00:01', fresh('web-2', false), { action: 'ADDED' }),
    world.observe(
      '10:00:02',
      clusterEvent('Unhealthy', 'Readiness probe failed: dial tcp 10.0.0.8:8080: connect: connection refused', {
        ...involved,
        name: 'web-2',
        uid: 'uid-web-2',
      }),
      { action: 'ADDED' },
    ),
    world.observe('10:00:04', fresh('web-2', true)),
    world.observe('10:00:05', pod({ metadata: { deletionTimestamp: '2026-11-24T10:00:35Z' } })),
    world.observe(
      '10:00:06',
      pod({
        metadata: { deletionTimestamp: '2026-11-24T10:00:35Z' },
        phase: 'Failed',
        status: {
          ready: false,
          state: { terminated: { exitCode: 143, reason: 'Error', finishedAt: '2026-11-24T10:00:06Z' } },
        },
      }),
    ),
    world.observe('10:00:07', pod(), { action: 'DELETED' }),
    world.observe('10:00:08', rollout(2, 2, 2, 'NewReplicaSetAvailable')),
    world.tick('11:00:00'),
  ];
  expect(steps.flatMap(problems)).toEqual([]);
  expect(steps.flatMap(happened)).toEqual([]);
  expect(entity(steps[6]!, 'Pod').deleted).toBe(true);
});
