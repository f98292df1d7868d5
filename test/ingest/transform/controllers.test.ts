import { describe, expect, test } from '@jest/globals';
import { clusterEvent, createWorld, happened, problems, type World } from './world.js';

function object(apiVersion: string, kind: string, name: string, fields: object = {}, metadata: object = {}): object {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: 'market', uid: `uid-${kind}-${name}`, ...metadata },
    ...fields,
  };
}

describe('Helm', () => {
  const revision = (status: string, at: string): object =>
    object(
      'v1',
      'Secret',
      'sh.helm.release.v1.web.v3',
      { type: 'helm.sh/release.v1' },
      {
        labels: {
          owner: 'helm',
          name: 'web',
          version: '3',
          status,
          modifiedAt: String(Date.parse(`2026-11-24T${at}Z`) / 1000),
        },
      },
    );

  test('a release that failed is told, one that was deployed is not', () => {
    const world = createWorld();
    expect(problems(world.observe('10:00:01', revision('failed', '10:00:00')))).toEqual([
      'helm.release-failed: Revision 3 of Helm release web failed, and what it had changed by then stays changed.',
    ]);
    expect(problems(world.observe('10:05:00', revision('deployed', '10:04:59')))).toEqual([]);
  });

  test('one that is under way is given the time that Helm itself waits', () => {
    const world = createWorld();
    expect(problems(world.observe('10:00:01', revision('pending-upgrade', '10:00:00')))).toEqual([]);
    expect(problems(world.tick('10:05:59'))).toEqual([]);
    expect(problems(world.tick('10:06:00'))).toEqual([
      'helm.release-failed: Revision 3 of Helm release web is stuck as pending-upgrade.',
    ]);
  });

  test('the words of Helm stand in a HelmRelease of Flux', () => {
    const release = object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'web', {
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'UpgradeFailed',
            message: 'Helm upgrade failed: cannot patch "web" with kind Deployment: field is immutable',
            lastTransitionTime: '2026-11-24T10:00:00Z',
          },
        ],
      },
    });
    expect(problems(createWorld().observe('10:00:01', release))).toEqual([
      'helm.release-failed: Helm release web failed: Helm upgrade failed: cannot patch "web" with kind Deployment: field is immutable.',
    ]);
  });
});

describe('controllers of custom resources', () => {
  const widget = (generation: number, observedGeneration: number): object =>
    object('example.com/v1', 'Widget', 'w', { status: { observedGeneration } }, { generation });
  const afterFiveMinutes = (world: World): string[] => problems(world.tick('10:06:00'));

  test('that took up changes before, and take up the next one no more, are told after five minutes', () => {
    const world = createWorld();
    world.observe('10:00:00', widget(2, 2));
    expect(problems(world.observe('10:00:30', widget(3, 2)))).toEqual([]);
    expect(afterFiveMinutes(world)).toEqual([
      'object.not-reconciled: Widget w was changed, and its controller has not taken that up: generation 3, observed 2.',
    ]);
  });

  test('that write the field once and never again are not', () => {
    const world = createWorld();
    world.observe('10:00:00', widget(1, 1));
    world.observe('10:00:30', widget(3, 1));
    expect(afterFiveMinutes(world)).toEqual([]);
  });
});

describe('autoscalers that turn', () => {
  const autoscaler = (desiredReplicas: number): object =>
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' } },
      status: { desiredReplicas },
    });
  const swing = (world: World, sizes: readonly number[]): string[] =>
    sizes.flatMap((size, index) =>
      problems(world.observe(`10:${String(index * 5).padStart(2, '0')}:00`, autoscaler(size))),
    );

  test('four times within the hour swing, until they rest for a quarter', () => {
    const world = createWorld();
    expect(swing(world, [2, 6, 2, 6, 2, 6])).toEqual([
      'hpa.thrashing: Autoscaler web has turned 4 times within an hour, between 2 and 6 replicas.',
    ]);
    expect(problems(world.tick('10:41:00'))).toEqual([]);
  });

  test('with the load of a day do not', () => {
    expect(swing(createWorld(), [2, 3, 5, 6, 4, 3, 2, 3])).toEqual([]);
  });
});

describe('claims', () => {
  const claim = { kind: 'PersistentVolumeClaim', namespace: 'market', name: 'data', uid: 'uid-data' };

  test('what cannot be resized says so by an event of the claim', () => {
    expect(
      happened(
        createWorld().observe('10:00:00', clusterEvent('VolumeResizeFailed', 'resize volume failed: quota', claim), {
          action: 'ADDED',
        }),
      ),
    ).toEqual([
      'volume.resize-failed: The volume of PersistentVolumeClaim data cannot be resized: resize volume failed: quota.',
    ]);
  });

  test('a snapshot is told of when its driver refuses it, not while it is made', () => {
    const snapshot = (status: object): object =>
      object('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', 's', {
        spec: { source: { persistentVolumeClaimName: 'data' } },
        status,
      });
    const world = createWorld();
    expect(problems(world.observe('10:00:00', snapshot({ readyToUse: false })))).toEqual([]);
    const error = { time: '2026-11-24T10:00:05Z', message: 'SnapshotLimitExceeded' };
    expect(problems(world.observe('10:00:06', snapshot({ readyToUse: false, error })))).toEqual([
      'snapshot.failed: Snapshot s of claim data cannot be made: SnapshotLimitExceeded.',
    ]);
  });
});
