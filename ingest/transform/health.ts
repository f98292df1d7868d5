import type { HealthFinding } from '../../src/model/finding.js';
import type { SourceHealthReport, SourceState } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';

const states: ReadonlySet<unknown> = new Set(['healthy', 'degraded', 'down'] satisfies SourceState[]);

/** A collector's own report, which is its watermark too. */
export function readHealth(event: RawEvent, cluster: string): HealthFinding {
  const report = event.data as unknown as SourceHealthReport;
  if (!states.has(report.state)) throw new Error('data.state must be healthy, degraded or down');
  if (!Number.isSafeInteger(report.lost) || report.lost < 0) throw new Error('data.lost must be a whole number');
  if (report.reason !== null && typeof report.reason !== 'string')
    throw new Error('data.reason must be a text or null');
  return {
    kind: 'health',
    at: event.timestamp,
    source: {
      source: event.metadata.source ?? 'unknown',
      cluster: event.metadata.cluster ?? cluster,
      node: event.metadata.node ?? null,
      state: report.state,
      reason: report.reason,
      lost: report.lost,
      lastSeen: event.timestamp,
    },
  };
}
