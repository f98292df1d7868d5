import { describe, expect, test } from '@jest/globals';
import { createAlertReader } from '../../../ingest/transform/alerts.js';
import { createContext } from '../../../ingest/transform/context.js';
import { createTelemetryPlaces } from '../../../ingest/transform/telemetry.js';
import { entityTitle } from '../../../src/model/entity.js';
import type { EntityFinding, Finding } from '../../../src/model/finding.js';
import { rawEventId } from '../../../src/model/ids.js';
import type { ForeignAlert } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';

const cart = { namespace: 'shop', pod: 'cart-0' };

function alert(
  minute: number,
  told: Partial<Omit<ForeignAlert, 'kind'>>,
  metadata: RawEvent['metadata'] = cart,
): RawEvent {
  const event = {
    type: 'alert',
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(Date.UTC(2026, 0, 1, 12, minute)),
    data: {
      kind: 'alert',
      name: 'SomethingOdd',
      state: 'firing',
      severity: null,
      message: null,
      metric: null,
      direction: null,
      labels: {},
      ...told,
    },
    metadata: { source: 'alertmanager@test', ...metadata },
  } as const;
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

function read(...events: readonly RawEvent[]): Finding[] {
  const reader = createAlertReader(createTelemetryPlaces(createContext('test')));
  return events.flatMap((event) => reader.read(event));
}

const states = (findings: readonly Finding[]): EntityFinding[] =>
  findings.flatMap((finding) => (finding.kind === 'entity' && finding.entity.kind === 'Alert' ? finding : []));
const told = (findings: readonly Finding[]): string[] =>
  states(findings).flatMap(({ problems }) =>
    problems.map(({ semantic, entity }) => `${semantic.category} ${entityTitle(entity)}`),
  );

describe('alerts of other systems', () => {
  test('hold from when they fire until they are resolved; a repetition changes nothing', () => {
    const found = states(
      read(
        alert(0, { name: 'HighLatency', metric: 'latency', direction: 'up' }),
        alert(5, { name: 'HighLatency', metric: 'latency', direction: 'up' }),
        alert(9, { name: 'HighLatency', metric: 'latency', direction: 'up', state: 'resolved' }),
      ),
    );
    expect(found.map(({ deleted, problems }) => [deleted, problems.length])).toEqual([
      [false, 1],
      [true, 0],
    ]);
    expect(found[0]!.entity).toEqual(found[1]!.entity);
  });

  test('a resolved alert that was never heard to fire says nothing', () => {
    expect(states(read(alert(0, { state: 'resolved' })))).toEqual([]);
  });

  test('are about what their labels say, where the sender does not', () => {
    expect(
      told(
        read(
          alert(0, { name: 'KubePodCrashLooping', labels: { namespace: 'shop', pod: 'web-1', container: 'web' } }, {}),
          alert(0, { name: 'KubeNodeNotReady', labels: { node: 'worker-1' } }, {}),
        ),
      ),
    ).toEqual(['container.crash-loop Pod/shop/web-1', 'node.not-ready Node/worker-1']);
  });

  test.each([
    ['container_cpu_usage', 'up', 'app.cpu-saturated', 'cpu up'],
    ['memory_working_set', 'up', 'app.memory-growth', 'memory up'],
    ['destination_latency_p95', 'up', 'app.slow', 'in latency up'],
    ['source_latency_p95', 'up', 'call.slow', 'out latency up'],
    ['http_requests_failed', 'up', 'app.errors-up', 'errors up'],
    ['dest_success_rate', 'down', 'app.errors-up', 'in success down'],
    ['inbound_rps', 'down', 'app.load-lost', 'in requests down'],
    ['cpu_usage', 'down', 'alert.firing', 'cpu down'],
  ] as const)('%s %s means %s', (metric, direction, category, signal) => {
    const [state] = states(read(alert(0, { name: metric, metric, direction })));
    expect(state!.problems[0]!.semantic).toMatchObject({ category, attributes: { signal } });
  });

  test('the quantity alone is told too', () => {
    const [state] = states(read(alert(0, { name: 'p95', metric: 'source_latency_p95', direction: 'up' })));
    expect(state!.problems[0]!.semantic.attributes).toMatchObject({ about: 'latency', signal: 'out latency up' });
  });

  test('what was measured of a node is about the node', () => {
    expect(told(read(alert(0, { name: 'Busy', metric: 'cpu', direction: 'up' }, { node: 'worker-1' })))).toEqual([
      'node.cpu-saturated Node/worker-1',
    ]);
  });

  test('without a known name or a metric, the words tell; else that it fires', () => {
    expect(
      told(
        read(
          alert(0, { message: 'connect ECONNREFUSED 10.0.0.7:6379' }),
          alert(0, { name: 'Odd', message: 'look at this, please' }),
        ),
      ),
    ).toEqual(['call.refused Pod/shop/cart-0', 'alert.firing Pod/shop/cart-0']);
  });

  test('one rule that fires for two operations is two alerts', () => {
    const slow = (operation: string): RawEvent =>
      alert(0, { name: 'slow', metric: 'latency', direction: 'up', labels: { operation } });
    const [one, other] = states(read(slow('/pay'), slow('/refund')));
    expect(one!.entity.id).not.toBe(other!.entity.id);
  });

  test('a slow gRPC method that is not its own names who was called', () => {
    const [state] = states(
      read(
        alert(0, { name: 'slow', metric: 'latency', direction: 'up', labels: { operation: '/rates.Rates/GetRates' } }),
      ),
    );
    expect(state!.problems[0]!.semantic.attributes.callee).toBe('rates');
  });
});
