import { describe, expect, test } from '@jest/globals';
import { createContext } from '../../../ingest/transform/context.js';
import { createMetricsReader } from '../../../ingest/transform/metrics.js';
import { createTelemetryPlaces } from '../../../ingest/transform/telemetry.js';
import { entityTitle } from '../../../src/model/entity.js';
import type { Finding } from '../../../src/model/finding.js';
import { rawEventId } from '../../../src/model/ids.js';
import type { MetricsRecord } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';

const startMs = Date.UTC(2026, 0, 1);
const resource = {
  namespace: 'shop',
  pod: 'cart-6f6cfc45b-h5m2n',
  workload: 'cart',
  service: 'cart',
  node: 'worker-1',
};

function record(
  minute: number,
  values: MetricsRecord['values'],
  attributes: MetricsRecord['attributes'] = {},
  metadata: RawEvent['metadata'] = resource,
): RawEvent {
  const event = {
    type: 'otlp',
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(startMs + minute * 60_000),
    data: { kind: 'metrics', values, intervalMs: 60_000, attributes },
    metadata: { source: 'otlp@test', ...metadata },
  } as const;
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

/** One record a minute. */
function read(events: readonly RawEvent[]): Finding[] {
  const reader = createMetricsReader(createTelemetryPlaces(createContext('test')));
  return events.flatMap((event) => reader.read(event));
}

const told = (findings: readonly Finding[]): string[] =>
  findings.flatMap((finding) =>
    finding.kind === 'event' ? `${finding.event.semantic.category} ${entityTitle(finding.event.entity)}` : [],
  );
const usual = (name: string, value: number): RawEvent[] =>
  Array.from({ length: 10 }, (_, minute) => record(minute, { [name]: value * (1 + (minute % 3) / 100) }));

describe('metrics against their own history', () => {
  test('a pod that only metrics tell of becomes an entity, a part of its workload, on its node; once', () => {
    const [first, ...more] = read(usual('k8s.pod.cpu_limit_utilization', 0.1));
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      kind: 'entity',
      entity: { kind: 'Pod', namespace: 'shop', name: 'cart-6f6cfc45b-h5m2n' },
      relations: [
        { type: 'OWNS', from: 'test/shop/Deployment/cart', to: 'test/shop/Pod/cart-6f6cfc45b-h5m2n' },
        { type: 'RUNS_ON', from: 'test/shop/Pod/cart-6f6cfc45b-h5m2n', to: 'test/_/Node/worker-1' },
      ],
    });
  });

  test('CPU at its limit, far from what is usual, is told with what is usual and since when', () => {
    const name = 'k8s.pod.cpu_limit_utilization';
    const findings = read([...usual(name, 0.1), record(10, { [name]: 0.99 }), record(11, { [name]: 0.98 })]);
    const events = findings.flatMap((finding) => (finding.kind === 'event' ? finding.event : []));
    expect(events).toHaveLength(2);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    expect(events[1]).toMatchObject({
      type: 'otlp',
      timestamp: fromEpochMs(startMs + 9 * 60_000),
      lastSeen: fromEpochMs(startMs + 11 * 60_000),
      count: 2,
      semantic: {
        category: 'app.cpu-saturated',
        message:
          'Pod cart-6f6cfc45b-h5m2n: k8s.pod.cpu_limit_utilization is up at 98 %, usually 10.1 % (18 robust deviations).',
        attributes: { metric: name, value: 0.98, intervalMs: 60_000, direction: 'up' },
      },
    });
  });

  test('what is unusual and does not matter is not told: CPU far below its limit, a moment’s latency, fewer errors', () => {
    const small = read([
      ...usual('k8s.pod.cpu_limit_utilization', 0.01),
      record(10, { 'k8s.pod.cpu_limit_utilization': 0.4 }),
    ]);
    const once = read([
      ...usual('http.server.request.duration', 10),
      record(10, { 'http.server.request.duration': 25 }),
    ]);
    const fewer = read([...usual('http.server.error_ratio', 0.5), record(10, { 'http.server.error_ratio': 0 })]);
    const other = read([...usual('jvm.threads', 10), record(10, { 'jvm.threads': 5000 })]);
    expect([small, once, fewer, other].map(told)).toEqual([[], [], [], []]);
  });

  test('directions and subjects have categories of their own; what was measured of calls names the peer', () => {
    const cases: [string, number, number, MetricsRecord['attributes'], RawEvent['metadata'], string][] = [
      [
        'http.server.request.duration.p99',
        10,
        500,
        {},
        { namespace: 'shop', service: 'cart' },
        'app.slow Service/shop/cart',
      ],
      [
        'http.client.request.duration',
        10,
        500,
        { peer: 'mail' },
        { namespace: 'shop', workload: 'cart' },
        'call.slow Deployment/shop/cart',
      ],
      [
        'http.server.error_ratio',
        0.01,
        0.5,
        {},
        { namespace: 'shop', service: 'cart' },
        'app.errors-up Service/shop/cart',
      ],
      ['availability', 1, 0.2, {}, { service: 'cart' }, 'app.errors-up Service/cart'],
      [
        'http.server.requests.count',
        100,
        5,
        {},
        { namespace: 'shop', service: 'cart' },
        'app.load-lost Service/shop/cart',
      ],
      ['system.cpu.utilization', 0.1, 0.99, {}, { node: 'worker-1' }, 'node.cpu-saturated Node/worker-1'],
      ['k8s.pod.memory.working_set', 1e8, 9e8, {}, resource, 'app.memory-growth Pod/shop/cart-6f6cfc45b-h5m2n'],
    ];
    for (const [name, typical, shifted, attributes, metadata, wanted] of cases) {
      const before = Array.from({ length: 8 }, (_, minute) =>
        record(minute, { [name]: typical }, attributes, metadata),
      );
      const after = [8, 9].map((minute) => record(minute, { [name]: shifted }, attributes, metadata));
      expect(new Set(told(read([...before, ...after])))).toEqual(new Set([wanted]));
    }
  });
});
