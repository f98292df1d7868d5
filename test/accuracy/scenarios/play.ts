import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createCorrelator } from '../../../ingest/correlator.js';
import { loadRules } from '../../../ingest/rules/load.js';
import { createTransform } from '../../../ingest/transform/transform.js';
import { packageRoot } from '../../../src/config/package-root.js';
import type { CorrelationResult } from '../../../src/model/correlation-result.js';
import { entityTitle } from '../../../src/model/entity.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { toEpochMs } from '../../../src/model/time.js';

import type { Scenario } from './scenario.js';
import { cluster, createWorld } from './world.js';

const rules = loadRules([join(packageRoot(), 'ingest/rules')]);
const log = pino({ level: 'silent' });
/** Event time that is let pass after the last event: longer than any story needs to settle. */
export const settleMs = 60_000;

/** Every revision that transform and correlator make of these events; the hops between them only order, and here all is in order. */
export function revisions(events: readonly RawEvent[]): CorrelationResult[] {
  const sorted = [...events].sort((a, b) =>
    a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : a.id < b.id ? -1 : 1,
  );
  const transform = createTransform({ cluster, log, registry: new Registry() });
  const correlator = createCorrelator({ cluster, rules, minEvents: 2 });
  const results: CorrelationResult[] = [];
  let seen = '';
  for (const event of sorted) {
    if (event.id === seen) continue;
    seen = event.id;
    correlator.take(transform.transform(event));
  }
  const lastMs = toEpochMs(sorted.at(-1)!.timestamp);
  for (let ms = lastMs; ms <= lastMs + settleMs; ms += 1000) {
    correlator.take(transform.tick(ms));
    correlator.advance(ms);
    results.push(...correlator.drain().results);
  }
  return results;
}

/** The last revision of each incident that was not merged into another, the one that opened first first. */
export function incidents(events: readonly RawEvent[]): CorrelationResult[] {
  const byId = new Map<string, CorrelationResult>();
  for (const result of revisions(events)) byId.set(result.incidentId, result);
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
