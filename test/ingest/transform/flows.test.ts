import { describe, expect, test } from '@jest/globals';
import { createContext } from '../../../ingest/transform/context.js';
import { createFlowReader } from '../../../ingest/transform/flows.js';
import { createTelemetryPlaces } from '../../../ingest/transform/telemetry.js';
import { entityTitle } from '../../../src/model/entity.js';
import type { Finding } from '../../../src/model/finding.js';
import type { FlowRecord } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';

const startMs = Date.UTC(2026, 0, 1);
const caller = { source: 'mesh@test', namespace: 'shop', workload: 'web', workloadKind: 'Deployment' };

function flow(minute: number, told: Partial<FlowRecord>): RawEvent {
  const data = {
    kind: 'flow',
    peer: 'cart',
    peerPod: null,
    intervalMs: 60_000,
    count: null,
    errorRatio: null,
    latencyMs: null,
    ...told,
  } as const;
  return {
    schemaVersion: 1,
    id: `${minute} ${JSON.stringify(told)}`,
    type: 'network',
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(startMs + minute * 60_000),
    data,
    metadata: caller,
  };
}

function read(events: readonly RawEvent[]): Finding[] {
  const reader = createFlowReader(createTelemetryPlaces(createContext('test')));
  return events.flatMap((event) => reader.read(event));
}

const told = (findings: readonly Finding[]): string[] =>
  findings.flatMap((finding) =>
    finding.kind === 'event' ? `${finding.event.semantic.category} ${entityTitle(finding.event.entity)}` : [],
  );
const well = (minutes: number, more: Partial<FlowRecord> = {}): RawEvent[] =>
  Array.from({ length: minutes }, (_, minute) =>
    flow(minute, { errorRatio: 0, latencyMs: 10 + (minute % 3), ...more }),
  );

describe('calls measured at intervals', () => {
  test('that one calls another is told once, and again after ten minutes', () => {
    const calls = read(well(12)).filter(({ kind }) => kind === 'call');
    expect(calls.map(({ at }) => at)).toEqual([fromEpochMs(startMs), fromEpochMs(startMs + 600_000)]);
    expect(calls[0]).toMatchObject({ peer: 'cart', caller: { kind: 'Deployment', namespace: 'shop', name: 'web' } });
  });

  test('healthy calls are no news', () => {
    expect(told(read(well(30)))).toEqual([]);
  });

  test('calls that fail are told at once when many do, and when few do only if it lasts', () => {
    const many = read([...well(15), flow(15, { errorRatio: 0.2 })]);
    expect(told(many)).toEqual(['call.failed Deployment/shop/web']);
    const event = many.find((finding) => finding.kind === 'event')!.event;
    expect(event.semantic.attributes).toMatchObject({
      peer: 'cart',
      errorRatio: 0.2,
      typicalRatio: 0,
      intervalMs: 60_000,
    });
    expect(event.semantic.message).toBe('20 % of the calls of Deployment web to cart fail, usually 0 %.');
    expect(told(read([...well(15), flow(15, { errorRatio: 0.02 })]))).toEqual([]);
    expect(told(read([...well(15), flow(15, { errorRatio: 0.02 }), flow(16, { errorRatio: 0.02 })]))).toHaveLength(1);
  });

  test('one failed call of a few proves nothing', () => {
    expect(told(read([...well(15), flow(15, { errorRatio: 0.2, count: 5 })]))).toEqual([]);
    expect(told(read([...well(15), flow(15, { errorRatio: 0.2, count: 50 })]))).toHaveLength(1);
  });

  test('slowness has to last, and one run is one event', () => {
    const slow = [15, 16, 17, 18].map((minute) => flow(minute, { latencyMs: 200 }));
    expect(told(read([...well(15), ...slow.slice(0, 2)]))).toEqual([]);
    const ids = read([...well(15), ...slow]).flatMap((finding) => (finding.kind === 'event' ? finding.event.id : []));
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test('nothing is slow while an edge is new, nor on an edge that scatters all day', () => {
    expect(told(read([...well(6), ...[6, 7, 8].map((minute) => flow(minute, { latencyMs: 200 }))]))).toEqual([]);
    const scattered = Array.from({ length: 60 }, (_, minute) =>
      flow(minute, { latencyMs: minute % 6 === 5 ? 200 : 10 }),
    );
    expect(told(read([...scattered, ...[60, 61, 62].map((minute) => flow(minute, { latencyMs: 200 }))]))).toEqual([]);
  });

  test('a new pod is judged by what its elders do, and set against them', () => {
    const elders = Array.from({ length: 10 }, (_, minute) =>
      flow(minute, { peerPod: 'cart-6f6cfc45b-aaaaa', errorRatio: 0 }),
    );
    const findings = read([
      ...elders,
      flow(10, { peerPod: 'cart-6f6cfc45b-aaaaa', errorRatio: 0 }),
      flow(10, { peerPod: 'cart-7d9bd8bfc-bbbbb', errorRatio: 0.5 }),
    ]);
    const event = findings.find((finding) => finding.kind === 'event')!.event;
    expect(event.semantic.attributes).toMatchObject({ peerPod: 'cart-7d9bd8bfc-bbbbb', failingPods: 'new' });
  });
});
