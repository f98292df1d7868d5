import { rawEventId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs } from '../../src/model/time.js';

const start = Date.UTC(2026, 10, 24, 17);

/** The n-th line of a log, a millisecond after the one before. */
export function logLine(
  n: number,
  change: { message?: string; traceId?: string; namespace?: string; source?: string } = {},
): RawEvent {
  const event = {
    type: 'log' as const,
    traceId: change.traceId ?? null,
    spanId: null,
    timestamp: fromEpochMs(start + n),
    data: {
      kind: 'line',
      stream: 'stderr',
      message: change.message ?? `request ${n} failed: connection refused`,
      level: 'error',
      attributes: {},
    },
    metadata: {
      cluster: 'test',
      source: change.source ?? 'container-logs@node-1',
      node: 'node-1',
      namespace: change.namespace ?? 'shop',
      pod: 'checkout-6d5f9c7b8-x2x7q',
      podUid: '5f0c3c0e-9f4b-4a58-9d56-4d9b2d7d1c11',
      container: 'app',
      workload: 'checkout',
    },
  };
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

/** A kernel OOM kill: what rides in the priority lane. */
export function oomVictim(n: number): RawEvent {
  const event = {
    type: 'ebpf' as const,
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(start + n),
    data: { kind: 'oom-victim', pid: 4_000 + n, comm: 'java' },
    metadata: { cluster: 'test', source: 'kernel@node-1', node: 'node-1', namespace: 'shop' },
  };
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

/** The watermark of a source. */
export function clock(n: number, source = 'container-logs@node-1'): RawEvent {
  const event = {
    type: 'log' as const,
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(start + n),
    data: { kind: 'source-health', state: 'healthy', reason: null, lost: 0 },
    metadata: { cluster: 'test', source, node: 'node-1' },
  };
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}
