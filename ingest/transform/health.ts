import type { HealthFinding } from '../../src/model/finding.js';
import type { SourceHealthReport } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';

/** A collector's own report, which is its watermark too. */
export function readHealth(event: RawEvent, cluster: string): HealthFinding {
  const report = event.data as unknown as SourceHealthReport;
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
