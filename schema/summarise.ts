import type { IncidentStatus } from '../src/model/correlation-result.js';
import { toEpochMs } from '../src/model/time.js';
import { severities, type Severity } from '../src/model/unified-event.js';
import type { Stats } from './stats.js';

/** One incident, as far as figures are made of it; times as text, because only Neo4j can subtract them. */
export interface StatsRow {
  readonly status: IncidentStatus;
  readonly severity: Severity;
  readonly category: string | null;
  readonly entityId: string | null;
  readonly openedAt: string;
  readonly resolvedAt: string | null;
  /** Time of the root-cause event. */
  readonly causedAt: string | null;
}

export const maxStatsIncidents = 20_000;
const topEntities = 10;

/** `incidents` are newest first; more than {@link maxStatsIncidents} are cut. */
export function summarise(incidents: readonly StatsRow[]): Stats {
  const rows = incidents.slice(0, maxStatsIncidents);
  const bySeverity = tally(rows.map((row) => row.severity));
  return {
    open: rows.filter((row) => row.status !== 'RESOLVED').length,
    opened: rows.length,
    bySeverity: [...severities].reverse().flatMap((severity) => {
      const count = bySeverity.get(severity);
      return count ? [{ severity, count }] : [];
    }),
    byCategory: mostFrequent(rows.map((row) => row.category)).map(([category, count]) => ({ category, count })),
    topRootCauseEntities: mostFrequent(rows.map((row) => row.entityId))
      .slice(0, topEntities)
      .map(([entityId, count]) => ({ entityId, count })),
    meanTimeToDetectMs: meanMs(rows.map((row) => [row.causedAt, row.openedAt])),
    meanTimeToResolveMs: meanMs(rows.map((row) => [row.openedAt, row.resolvedAt])),
    truncated: incidents.length > maxStatsIncidents,
  };
}

function tally<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function mostFrequent(keys: readonly (string | null)[]): [string, number][] {
  return [...tally(keys.filter((key) => key !== null))].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** A root cause can come to light after the incident was opened; then it was detected at once. */
function meanMs(spans: readonly (readonly [string | null, string | null])[]): number | null {
  const lengths = spans.flatMap(([from, to]) => (from && to ? [Math.max(0, toEpochMs(to) - toEpochMs(from))] : []));
  return lengths.length === 0 ? null : lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}
