import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createCorrelator } from '../../../ingest/correlator.js';
import { loadRules } from '../../../ingest/rules/load.js';
import { createTransform } from '../../../ingest/transform/transform.js';
import { createReorderBuffer, createWatermark } from '../../../ingest/window.js';
import { packageRoot } from '../../../src/config/package-root.js';
import type { CorrelationResult } from '../../../src/model/correlation-result.js';
import { entityTitle } from '../../../src/model/entity.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { toEpochMs } from '../../../src/model/time.js';
import { inOrder, type Arrival } from './arrival.js';
import type { Scenario } from './scenario.js';
import { cluster, createWorld, startMs } from './world.js';

const rules = loadRules([join(packageRoot(), 'ingest/rules')]);
const log = pino({ level: 'silent' });
/** Event time that is let pass after the last event: longer than any story needs to settle. */
export const settleMs = 60_000;

/** Every revision that the engine makes of what arrives: the windows of the first hop, transform and correlator. */
export function revisions(arrivals: readonly Arrival[]): CorrelationResult[] {
  const watermark = createWatermark();
  const buffer = createReorderBuffer<RawEvent>({ maxBytes: Infinity });
  const transform = createTransform({ cluster, log, registry: new Registry() });
  const correlator = createCorrelator({ cluster, rules, minEvents: 2 });
  const results: CorrelationResult[] = [];
  // Every source has spoken before: a new one cannot hold up what has been decided.
  for (const source of new Set(arrivals.flatMap(({ clockOf }) => clockOf ?? [])))
    watermark.observe(source, startMs - 1_000, startMs - 1_000);
  let last = '';
  let nowMs = -Infinity;
  for (const arrival of arrivals) {
    if (arrival.clockOf === undefined) {
      const { event } = arrival;
      buffer.add(event, toEpochMs(event.timestamp), event.id, 1);
      continue;
    }
    watermark.observe(arrival.clockOf, arrival.atMs, arrival.atMs);
    if (watermark.currentMs() === nowMs) continue;
    nowMs = watermark.currentMs();
    for (const event of buffer.advance(nowMs)) {
      if (event.id !== last) correlator.take(transform.transform(event));
      last = event.id;
    }
    correlator.take(transform.tick(nowMs));
    correlator.advance(nowMs);
    results.push(...correlator.drain().results);
  }
  return results;
}

/** The last revision of each incident that was not merged into another, the one that opened first first. */
export function incidents(events: readonly RawEvent[]): CorrelationResult[] {
  return latest(revisions(inOrder(events, settleMs)));
}

export function latest(results: readonly CorrelationResult[]): CorrelationResult[] {
  const byId = new Map<string, CorrelationResult>();
  for (const result of results) byId.set(result.incidentId, result);
  return [...byId.values()].filter(({ mergedInto }) => mergedInto === null);
}

/** What is at rank 1, in the form in which a scenario expects it. */
export interface Verdict {
  readonly category: string;
  readonly on: string;
  readonly confidence: number;
  /** The sentence. */
  readonly says: string;
}

export function verdicts(found: readonly CorrelationResult[]): Verdict[] {
  return found.map(({ category, rootCauseEntity, confidence, rootCause }) => ({
    category,
    on: entityTitle(rootCauseEntity),
    confidence,
    says: rootCause,
  }));
}

export function eventsOf(play: Scenario['play'], withoutEvidence = false): RawEvent[] {
  const w = createWorld({ withoutEvidence });
  play(w);
  return w.events();
}

/** Whether this is what the scenario expects at rank 1. */
export function isExpected({ expect }: Scenario, { category, on, says }: Omit<Verdict, 'confidence'>): boolean {
  return (
    expect !== 'silent' &&
    expect.category.some((each) => each === category) &&
    expect.on.some((pattern) => fits(on, pattern)) &&
    (expect.says?.test(says) ?? true)
  );
}

function fits(title: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.\\^$+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(title);
}
