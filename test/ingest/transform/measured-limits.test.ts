import { beforeEach, describe, expect, test } from '@jest/globals';
import type { UnifiedEvent } from '../../../src/model/unified-event.js';
import { createWorld, events, raw, type World } from './world.js';

let world: World;
beforeEach(() => {
  world = createWorld();
});

function measured(
  at: string,
  values: Readonly<Record<string, number>>,
  metadata: Readonly<Record<string, string>> = {
    namespace: 'market',
    pod: 'web-1',
    podUid: 'uid-web-1',
    node: 'node-1',
  },
): UnifiedEvent[] {
  const data = { kind: 'metrics', values, intervalMs: 10_000, attributes: {} };
  return events(world.transform.transform(raw('otlp', at, data, { source: 'otlp@node-1', ...metadata })));
}

const told = (found: readonly UnifiedEvent[]): string[] =>
  found.map(({ semantic, entity }) => `${semantic.category} on ${entity.kind}/${entity.name}`);

describe('values that are too much by themselves', () => {
  test('need no history, and are told of the thing they are about', () => {
    expect(told(measured('10:00:00', { 'tcp.retransmit.ratio': 0.05 }))).toEqual(['network.packet-loss on Pod/web-1']);
    expect(told(measured('10:00:00', { 'conntrack.insert_failed.rate': 2 }))).toEqual([
      'node.conntrack-race on Node/node-1',
    ]);
  });

  test('are nothing below their limit', () => {
    expect(
      measured('10:00:00', {
        'tcp.retransmit.ratio': 0.01,
        'conntrack.insert_failed.rate': 0,
        'nodejs.eventloop.utilization': 0.6,
        'jvm.gc.time.ratio': 0.1,
        'postgresql.replication.lag.seconds': 3,
      }),
    ).toEqual([]);
  });

  test('a ratio may be told as a percentage', () => {
    expect(told(measured('10:00:00', { 'jvm.gc.time.ratio': 62 }))).toEqual(['app.gc-thrash on Pod/web-1']);
  });

  test('a number of entries means something only beside how many there may be', () => {
    expect(measured('10:00:00', { node_nf_conntrack_entries: 260_000 })).toEqual([]);
    const full = { node_nf_conntrack_entries: 260_000, node_nf_conntrack_entries_limit: 262_144 };
    expect(told(measured('10:00:10', full))).toEqual(['node.conntrack-full on Node/node-1']);
  });

  test('a clock may be off in either direction', () => {
    expect(told(measured('10:00:00', { node_timex_offset_seconds: -0.4 }))).toEqual([
      'node.clock-skewed on Node/node-1',
    ]);
    expect(measured('10:00:10', { node_timex_offset_seconds: -0.002 })).toEqual([]);
  });

  test('one run of values is one event, a later one another', () => {
    const [first] = measured('10:00:00', { 'tcp.retransmit.ratio': 0.05 });
    const [second] = measured('10:00:10', { 'tcp.retransmit.ratio': 0.07 });
    const [later] = measured('10:20:00', { 'tcp.retransmit.ratio': 0.07 });
    expect(second).toMatchObject({ id: first!.id, count: 2, firstSeen: first!.firstSeen });
    expect(later!.id).not.toBe(first!.id);
  });
});

describe('backlogs', () => {
  const lags = (values: readonly number[]): UnifiedEvent[] =>
    values.flatMap((lag, i) => measured(`10:${String(i).padStart(2, '0')}:00`, { 'kafka.consumer.lag': lag }));

  test('are one when they are large and far more than they were', () => {
    expect(told(lags([20, 30, 25, 22, 31, 28, 4_000, 9_000])).at(-1)).toBe('queue.consumer-behind on Pod/web-1');
  });

  test.each([
    ['small', [20, 30, 25, 22, 31, 28, 400]],
    ['large as they always were', [5_000, 5_100, 4_900, 5_050, 5_020, 5_200, 5_300]],
  ])('are none when they are %s', (_, values) => {
    expect(lags(values)).toEqual([]);
  });
});
