import { describe, expect, test } from '@jest/globals';
import { createWorld, happened, notReady, pod, problems, type PodParts } from './world.js';

const killed = (startedAt: string, finishedAt: string, containerID: string): object => ({
  terminated: { exitCode: 137, reason: 'OOMKilled', startedAt, finishedAt, containerID },
});
const of = (found: readonly string[], category: string): string[] =>
  found.filter((text) => text.startsWith(`${category}: `));

describe('a container that grows', () => {
  const again = (restartCount: number, lastState: object, startedAt: string): PodParts => ({
    status: { restartCount, state: { running: { startedAt } }, lastState },
  });

  test('is told of at its second kill after a long run', () => {
    const world = createWorld();
    world.observe(
      '02:00:00',
      pod(again(1, killed('2026-11-23T21:00:00Z', '2026-11-24T02:00:00Z', 'a'), '2026-11-24T02:00:01Z')),
    );
    const second = pod(again(2, killed('2026-11-24T02:00:01Z', '2026-11-24T07:10:00Z', 'b'), '2026-11-24T07:10:01Z'));
    expect(of(happened(world.observe('07:10:02', second)), 'container.memory-leak')).toEqual([
      'container.memory-leak: Container web of pod web-1 grows until it reaches its memory limit: killed after runs of 5 h and 5 h.',
    ]);
    expect(of(happened(world.observe('07:11:00', second)), 'container.memory-leak')).toEqual([]);
  });

  test.each([
    ['its runs are short', '2026-11-24T07:09:00Z', '2026-11-24T07:10:00Z'],
    ['its runs are of very different length', '2026-11-24T06:50:00Z', '2026-11-24T07:10:00Z'],
  ])('is not, when %s', (_, startedAt, finishedAt) => {
    const world = createWorld();
    world.observe(
      '02:00:00',
      pod(again(1, killed('2026-11-23T21:00:00Z', '2026-11-24T02:00:00Z', 'a'), '2026-11-24T02:00:01Z')),
    );
    const second = pod(again(2, killed(startedAt, finishedAt, 'b'), '2026-11-24T07:10:01Z'));
    expect(of(happened(world.observe('07:10:02', second)), 'container.memory-leak')).toEqual([]);
  });
});

describe('a pod that is ready and not ready in turns', () => {
  const turn = (world: ReturnType<typeof createWorld>, minute: string, status: object = {}): string[] => {
    const found = happened(world.observe(`10:${minute}:00`, pod({ conditions: notReady(`10:${minute}:00`), status })));
    world.observe(`10:${minute}:08`, pod());
    return of(found, 'pod.readiness-flapping');
  };

  test('is told of from the third turn', () => {
    const world = createWorld();
    world.observe('10:00:00', pod());
    expect(turn(world, '01')).toEqual([]);
    expect(turn(world, '03')).toEqual([]);
    expect(turn(world, '05')).toEqual([
      'pod.readiness-flapping: Pod web-1 is ready and not ready in turns: 3 times within 4 min.',
    ]);
  });

  test('is not, when its container ends each time', () => {
    const world = createWorld();
    world.observe('10:00:00', pod());
    const ended = { ready: false, state: { terminated: { exitCode: 1, finishedAt: '2026-11-24T10:00:00Z' } } };
    for (const minute of ['01', '03', '05', '07']) expect(turn(world, minute, ended)).toEqual([]);
  });
});

describe('a pod that was asked to stop', () => {
  const stopping = (exitCode: number, finishedAt: string): object =>
    pod({
      metadata: { deletionTimestamp: '2026-11-24T10:00:30Z', deletionGracePeriodSeconds: 30 },
      status: { ready: false, state: { terminated: { exitCode, reason: 'Error', finishedAt } } },
    });

  test('and used up its grace period was killed', () => {
    const world = createWorld();
    world.observe('10:00:00', pod());
    const found = happened(world.observe('10:00:31', stopping(137, '2026-11-24T10:00:30Z')));
    expect(of(found, 'container.grace-period-exceeded')).toEqual([
      'container.grace-period-exceeded: Container web of pod web-1 did not stop within its grace period of 30 s, and was killed.',
    ]);
  });

  test.each([
    ['ends in time', 143, '2026-11-24T10:00:03Z'],
    ['is killed by somebody else before', 137, '2026-11-24T10:00:10Z'],
  ])('and %s is left alone', (_, exitCode, finishedAt) => {
    const world = createWorld();
    world.observe('10:00:00', pod());
    expect(
      of(happened(world.observe('10:00:31', stopping(exitCode, finishedAt))), 'container.grace-period-exceeded'),
    ).toEqual([]);
  });
});

describe('an init container that runs on and on', () => {
  const initialising = (restartPolicy?: string): object =>
    pod({
      phase: 'Pending',
      conditions: notReady('10:00:00'),
      metadata: { creationTimestamp: '2026-11-24T10:00:00Z' },
      spec: { initContainers: [{ name: 'wait', image: 'busybox', ...(restartPolicy && { restartPolicy }) }] },
      status: { ready: false, containerID: '', state: { waiting: { reason: 'PodInitializing' } } },
      podStatus: {
        startTime: '2026-11-24T10:00:00Z',
        initContainerStatuses: [
          {
            name: 'wait',
            ready: false,
            restartCount: 0,
            containerID: 'containerd://w',
            state: { running: { startedAt: '2026-11-24T10:00:01Z' } },
          },
        ],
      },
    });

  test('is told of when a migration would have been done, with what it said', () => {
    const world = createWorld();
    world.observe('10:00:01', initialising());
    world.log('10:02:00', 'waiting for ledger', {
      level: null,
      stream: 'stderr',
      metadata: { namespace: 'market', pod: 'web-1', podUid: 'uid-web-1', container: 'wait' },
    });
    expect(problems(world.tick('10:05:00'))).toEqual([]);
    expect(problems(world.tick('10:08:00'))).toEqual([
      'container.init-hanging: Init container wait of pod web-1 runs on and on, and the pod cannot start; it said: waiting for ledger.',
    ]);
  });

  test('is meant to, as a sidecar', () => {
    const world = createWorld();
    world.observe('10:00:01', initialising('Always'));
    expect(problems(world.tick('10:12:00')).filter((text) => text.startsWith('container.init-hanging'))).toEqual([]);
  });
});

describe('a node that rejects a pod', () => {
  test.each([
    [
      'OutOfcpu',
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 1100, capacity: 3920",
      'pod.rejected-by-node',
    ],
    [
      'UnexpectedAdmissionError',
      'Allocate failed due to no healthy devices present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected',
      'pod.device-unavailable',
    ],
    ['DeadlineExceeded', 'Pod was active on the node longer than the specified deadline', 'pod.failed'],
  ])('for %s (%s) makes %s of it', (reason, message, category) => {
    const world = createWorld();
    const found = world.observe(
      '10:00:02',
      pod({ phase: 'Failed', podStatus: { reason, message, containerStatuses: [] } }),
    );
    expect(happened(found).map((text) => text.split(':')[0])).toContain(category);
  });
});

describe('a tag that is moved', () => {
  const running = (name: string, digest: string, image = 'registry.example.com/web:1'): object =>
    pod({ name, container: { image }, status: { imageID: `registry.example.com/web@sha256:${digest.repeat(64)}` } });

  test('is seen when a new pod of the same template runs another image', () => {
    const world = createWorld();
    expect(happened(world.observe('10:00:00', running('web-1', 'a')))).toEqual([]);
    expect(happened(world.observe('10:00:01', running('web-2', 'a')))).toEqual([]);
    expect(happened(world.observe('10:00:02', running('web-3', 'b')))).toEqual([
      'change.image: Tag registry.example.com/web:1 of container web in Deployment web now stands for another image (digest sha256:bbbbbbbbbbbb, before sha256:aaaaaaaaaaaa): pod web-3 runs other code than its siblings.',
    ]);
  });

  test('cannot be, where the image is given by digest', () => {
    const world = createWorld();
    const byDigest = `registry.example.com/web@sha256:${'a'.repeat(64)}`;
    world.observe('10:00:00', running('web-1', 'a', byDigest));
    expect(happened(world.observe('10:00:02', running('web-2', 'b', byDigest)))).toEqual([]);
  });
});
