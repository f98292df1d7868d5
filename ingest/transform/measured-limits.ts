import type { Category } from '../../src/model/categories.js';
import { entityRef } from '../../src/model/entity.js';
import type { EventFinding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { MetricsRecord } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { toEpochMs } from '../../src/model/time.js';
import { backlogs, leastBacklog, measuredLimits, type MeasuredLimit } from '../detect/measured-limits.js';
import { createMetricShifts } from '../detect/metric-shift.js';
import type { PodMemory, TransformContext } from './context.js';
import { eventFrom } from './draft.js';
import { subjectOf } from './subject.js';
import type { TelemetryPlace, TelemetryPlaces } from './telemetry.js';

export interface MeasuredLimitsReader {
  /** type `otlp`, kind `metrics`: values that are too much by themselves. */
  read(event: RawEvent): EventFinding[];
}

/** A value above its limit after a longer silence than this is a new event. */
const runGapMs = 180_000;
const defaultIntervalMs = 60_000;
const maxSeries = 20_000;
const backlogFactor = 3;

interface Over {
  readonly since: string;
  count: number;
  lastMs: number;
}

/** Metrics against fixed limits: one event for each run of values beyond one, told again with each of them. */
export function createMeasuredLimitsReader(context: TransformContext, places: TelemetryPlaces): MeasuredLimitsReader {
  const rows = new Map<string, MeasuredLimit | null>();
  const shifts = createMetricShifts();
  const runs = new Map<string, Over>();

  function rowOf(name: string): MeasuredLimit | null {
    let row = rows.get(name);
    if (row === undefined) {
      row = measuredLimits.find(({ metric }) => metric.test(name)) ?? backlogOf(name);
      rows.set(name, row);
      if (rows.size > 10_000) rows.delete(rows.keys().next().value!);
    }
    return row;
  }

  function read(event: RawEvent): EventFinding[] {
    const { values, intervalMs, attributes } = event.data as unknown as MetricsRecord;
    const findings: EventFinding[] = [];
    for (const [name, value] of Object.entries(values)) {
      const row = rowOf(name);
      if (row === null) continue;
      const { place } = places.of(event.metadata, event.timestamp);
      const apart = Object.entries(attributes ?? {})
        .map(([key, told]) => `${key}=${String(told)}`)
        .sort()
        .join(' ');
      const series = `${place.entity.id} ${name} ${apart}`;
      const tooMuch = isBacklog(row)
        ? (shifts.observe(series, toEpochMs(event.timestamp), value)?.typical ?? Infinity) * backlogFactor <= value
        : true;
      if (!tooMuch || !row.exceeds(value, values, attributes ?? {})) continue;
      findings.push(
        told(event, place, row, series, value, { intervalMs: intervalMs ?? defaultIntervalMs, attributes, name }),
      );
    }
    return findings;
  }

  function podOf({ podUid }: TelemetryPlace['k8s']): PodMemory | null {
    return (podUid === null ? undefined : context.podsByUid.get(podUid)) ?? null;
  }

  function told(
    event: RawEvent,
    { entity, k8s }: TelemetryPlace,
    row: MeasuredLimit,
    series: string,
    value: number,
    more: {
      readonly intervalMs: number;
      readonly attributes: MetricsRecord['attributes'] | undefined;
      readonly name: string;
    },
  ): EventFinding {
    const atMs = toEpochMs(event.timestamp);
    const known = runs.get(series);
    const run = known && atMs - known.lastMs <= runGapMs ? known : { since: event.timestamp, count: 0, lastMs: atMs };
    run.count += 1;
    run.lastMs = atMs;
    runs.delete(series);
    runs.set(series, run);
    if (runs.size > maxSeries) runs.delete(runs.keys().next().value!);
    const { entity: subject, victim } =
      row.of === 'node' && k8s.node !== null
        ? { entity: entityRef(entity.cluster, 'Node', null, k8s.node), victim: null }
        : subjectOf(row.category, more.attributes ?? {}, { entity, k8s }, podOf(k8s), context);
    const draft = {
      category: row.category,
      entity: subject,
      context: k8s,
      discriminator: series,
      message: `${subject.kind} ${subject.name} ${row.says(value)}.`,
      count: run.count,
      lastSeen: event.timestamp,
      attributes: { ...more.attributes, victim, [row.as]: value, metric: more.name, intervalMs: more.intervalMs },
    };
    return {
      kind: 'event',
      at: event.timestamp,
      event: eventFrom(draft, 'otlp', run.since, contentId(series, row.category, run.since)),
    };
  }

  return { read };
}

const backlogRows = new Map<Category, MeasuredLimit>();

function backlogOf(name: string): MeasuredLimit | null {
  const category = backlogs.find(({ metric }) => metric.test(name))?.category;
  if (category === undefined) return null;
  let row = backlogRows.get(category);
  if (!row) {
    row = {
      metric: /./,
      category,
      exceeds: (value) => value >= leastBacklog,
      of: 'itself',
      as: 'pending',
      says: (value) => `has ${value} messages in front of it that it has not read, and ever more`,
    };
    backlogRows.set(category, row);
  }
  return row;
}

function isBacklog(row: MeasuredLimit): boolean {
  return backlogRows.get(row.category) === row;
}
