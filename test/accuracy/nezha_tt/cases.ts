import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { toEpochMs } from '../../../src/model/time.js';
import { caseFolders } from '../dataset.js';
import type { AccuracyCase } from '../set.js';
import { inOrder, readLogs, readMetrics, readSpans, type Reading } from './files.js';

/** The two continuous hours without a fault, and what all cases share: no cases themselves. */
export const quietFolder = 'quiet_day2';
const sharedFolder = 'common';
const sharedFolders = [sharedFolder, quietFolder];
/** A row of metrics is of the minute that ends with it; it is written this long after the last span of the minute at most. */
const metricsLateMs = 20_000;
/** Metrics without a fault that are told ahead of a case: an hour. */
const historyMs = 3_600_000;
/** Between the fault-free minute, moved ahead of the case, and the case itself. */
const pauseMs = 5_000;

const read = (folder: string, name: (kind: string) => string, reading: Reading): RawEvent[] => [
  ...readSpans(join(folder, name('trace')), reading),
  ...readLogs(join(folder, name('log')), reading),
];
const first = (events: readonly RawEvent[]): number =>
  events.reduce((ms, { timestamp }) => Math.min(ms, toEpochMs(timestamp)), Infinity);
const last = (events: readonly RawEvent[]): number =>
  events.reduce((ms, { timestamp }) => Math.max(ms, toEpochMs(timestamp)), -Infinity);
const between = (events: readonly RawEvent[], fromMs: number, toMs: number): RawEvent[] =>
  events.filter(({ timestamp }) => toEpochMs(timestamp) > fromMs && toEpochMs(timestamp) <= toMs);

/**
 * Each case twice. `stream`: the fault-free minute of its day, the minute before the fault, and its first two minutes, as one stream.
 * `paper`: what the set's paper compares, the fault-free minute and the second minute of the fault. In both the fault-free data, which
 * is of another hour of the day, is moved to just before. Last, the quiet hours as one case.
 */
export async function* nezhaCases(folder: string): AsyncIterable<AccuracyCase> {
  for (const half of caseFolders(folder, sharedFolders)) {
    for (const id of readdirSync(half).sort()) {
      const at = join(half, id);
      if (!existsSync(join(at, 'trace_m2.csv'))) continue;
      yield await Promise.resolve(caseOf(folder, at, id, ['m0', 'm1', 'm2'], 'stream'));
      yield await Promise.resolve(caseOf(folder, at, id, ['m2'], 'paper'));
    }
  }
  const quiet = join(folder, quietFolder);
  if (!existsSync(quiet)) return;
  const reading = { source: 'nezha_tt@quiet', shiftMs: 0 };
  const files = readdirSync(quiet).filter((name) => name.endsWith('_trace.csv'));
  yield {
    id: 'quiet',
    group: 'quiet',
    events: inOrder(files.flatMap((name) => readSpans(join(quiet, name), reading))),
  };
}

function caseOf(folder: string, at: string, id: string, minutes: readonly string[], group: string): AccuracyCase {
  const reading = { source: `nezha_tt@${id}`, shiftMs: 0 };
  const seen = minutes.flatMap((minute) => read(at, (kind) => `${kind}_${minute}.csv`, reading));
  const startMs = first(seen);
  const calm = join(folder, sharedFolder, new Date(startMs).toISOString().slice(0, 10));
  const calmFile = (kind: string): string => `faultfree_${kind}.csv`;
  const metricsOf = (shiftMs: number): RawEvent[] =>
    readMetrics(join(calm, 'faultfree_metric_pods.csv'), { ...reading, shiftMs });
  const rows = between(
    readMetrics(join(at, 'metric_pods.csv'), reading),
    group === 'paper' ? startMs : -Infinity,
    last(seen) + metricsLateMs,
  );
  const minuteShiftMs = startMs - pauseMs - last(read(calm, calmFile, reading));
  const metricsShiftMs = first(rows) - 60_000 - last(metricsOf(0));
  return {
    id: group === 'stream' ? id : `${id}.${group}`,
    group,
    events: inOrder([
      ...read(calm, calmFile, { ...reading, shiftMs: minuteShiftMs }),
      ...between(metricsOf(metricsShiftMs), first(rows) - historyMs, Infinity),
      ...seen,
      ...rows,
    ]),
  };
}
