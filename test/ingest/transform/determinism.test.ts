import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { toEpochMs } from '../../../src/model/time.js';
import { clusterEvent, deployment, logLine, newTransform, notReady, observation, pod, raw, waiting } from './world.js';

const place = { namespace: 'market', pod: 'web-1', podUid: 'uid-web-1', container: 'web', containerId: 'aaa' };
const involved = {
  kind: 'Pod',
  namespace: 'market',
  name: 'web-1',
  uid: 'uid-web-1',
  fieldPath: 'spec.containers{web}',
};

/** A bad minute of one pod, from every source. */
const story: readonly RawEvent[] = [
  observation('09:59:00', pod(), { action: 'SYNC' }),
  observation('09:59:00', deployment(), { action: 'SYNC' }),
  logLine('10:00:00.1', 'GET http://api:8080/x failed: connect ECONNREFUSED 10.0.0.1:8080'),
  logLine('10:00:00.9', 'GET http://api:8080/y failed: connect ECONNREFUSED 10.0.0.1:8080'),
  raw(
    'ebpf',
    '10:00:01',
    {
      kind: 'oom-victim',
      witness: 'ebpf',
      pid: 7,
      comm: 'web',
      cgroup: null,
      anonRssKiB: 1,
      totalVmKiB: 1,
      oomScoreAdj: 0,
      limitBytes: null,
    },
    { node: 'node-1', ...place },
  ),
  observation(
    '10:00:02',
    pod({
      conditions: notReady('10:00:01'),
      status: {
        ready: false,
        state: {
          terminated: {
            exitCode: 137,
            reason: 'OOMKilled',
            finishedAt: '2026-11-24T10:00:01Z',
            containerID: 'containerd://aaa',
          },
        },
      },
    }),
  ),
  observation('10:00:03', deployment({ status: { availableReplicas: 1 } })),
  observation(
    '10:00:04',
    clusterEvent('Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 500', involved),
    { action: 'ADDED' },
  ),
  observation(
    '10:00:05',
    pod({
      ...waiting('CrashLoopBackOff', '', { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-11-24T10:00:01Z' }),
      phase: 'Running',
    }),
  ),
  logLine('10:00:09', 'order 15 was lost', { level: 'error' }),
  logLine('10:00:09.5', 'order 16 was lost', { level: 'error' }),
  observation('10:00:40', pod()),
];

function replay(events: readonly RawEvent[], ticks: readonly number[] = []): string[] {
  const transform = newTransform();
  const out: string[] = [];
  events.forEach((event, index) => {
    for (const finding of transform.transform(event)) out.push(JSON.stringify(finding));
    const nextMs = toEpochMs(events[index + 1]?.timestamp ?? '2026-11-24T11:00:00.000000000Z');
    const nowMs = toEpochMs(event.timestamp);
    // A tick anywhere between two events, as a watermark may stand there.
    for (const part of ticks)
      for (const finding of transform.tick(nowMs + (nextMs - nowMs) * part)) out.push(JSON.stringify(finding));
  });
  for (const finding of transform.tick(toEpochMs('2026-11-24T11:00:00.000000000Z'))) out.push(JSON.stringify(finding));
  return out;
}

test('however often the clock is asked in between, the findings are the same, byte for byte', () => {
  const expected = replay(story);
  expect(expected.length).toBeGreaterThan(15);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 4 }), (parts) => {
      expect(
        replay(
          story,
          [...parts].sort((one, other) => one - other),
        ),
      ).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

test('the same event twice gives the same ids', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: story.length - 1 }), (index) => {
      const ids = (events: readonly RawEvent[]) =>
        new Set(
          replay(events).flatMap((text) => [...text.matchAll(/"id":"([0-9a-f]{32})"/g)].map((match) => match[1]!)),
        );
      const twice = [...story.slice(0, index + 1), ...story.slice(index)];
      expect(ids(twice)).toEqual(ids(story));
    }),
    { numRuns: 30 },
  );
});

test('objects of different things at one moment may come in any order', () => {
  const moment = [1, 2, 3, 4, 5].map((number) =>
    observation('10:00:00', pod({ name: `web-${number}`, ...waiting('ErrImageNeverPull') }), { action: 'ADDED' }),
  );
  const sorted = (events: readonly RawEvent[]) => replay(events).sort();
  const expected = sorted(moment);
  fc.assert(
    fc.property(fc.shuffledSubarray(moment, { minLength: moment.length }), (shuffled) => {
      expect(sorted(shuffled)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test('what a broken agent sends is refused by throwing, and leaves the rest as it was', () => {
  const transform = newTransform();
  expect(() =>
    transform.transform(raw('kubeapi', '10:00:00', { kind: 'pod', action: 'ADDED', object: { kind: 'Pod' } }, {})),
  ).toThrow();
  expect(transform.transform(observation('10:00:01', pod()))).toHaveLength(2);
});
