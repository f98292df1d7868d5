import type { EventFinding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { FlowRecord } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { toEpochMs } from '../../src/model/time.js';
import { createMetricShifts, type MetricJudgement } from '../detect/metric-shift.js';
import { eventFrom } from './draft.js';
import type { TelemetryPlaces } from './telemetry.js';

export interface RetryStormReader {
  /** type `network`, kind `flow`. */
  read(event: RawEvent): EventFinding[];
}

/** A caller that sends so many times what is usual, without being asked more itself, sends again what failed. */
const stormFactor = 3;
/** Its own callers may ask a little more. */
const askedFactor = 1.5;
/** Retries are sent for what fails: without failures it is load. */
const leastErrorRatio = 0.1;
const freshMs = 60_000;
const defaultIntervalMs = 60_000;
const maxServices = 10_000;

/** Calls that rise by a multiple at a callee that fails, while what the caller itself is asked for stays as it was. */
export function createRetryStormReader(places: TelemetryPlaces): RetryStormReader {
  const counts = createMetricShifts();
  /** How much more than usual a service is asked, over all of its callers, by name. */
  const asked = new Map<string, { readonly factor: number; readonly atMs: number }>();
  const runs = new Map<string, { readonly since: string; count: number; lastMs: number }>();

  function read(event: RawEvent): EventFinding[] {
    const flow = event.data as unknown as FlowRecord;
    if (flow.count === null) return [];
    const { place } = places.of(event.metadata, event.timestamp);
    const { entity, k8s, service } = place;
    const atMs = toEpochMs(event.timestamp);
    const edge = `${service} ${flow.peer}`;
    const rate = (flow.count * 1000) / (flow.intervalMs ?? defaultIntervalMs);
    const judged = counts.observe(`${entity.id} ${flow.peer}`, atMs, rate);
    const factor = judged === null ? 1 : factorOf(judged);
    const peer = flow.peer.replace(/[:.].*$/, '');
    asked.delete(peer);
    asked.set(peer, { factor, atMs });
    if (asked.size > maxServices) asked.delete(asked.keys().next().value!);
    if (judged?.shifted !== 'up' || factor < stormFactor || (flow.errorRatio ?? 0) < leastErrorRatio) return [];
    const own = asked.get(service);
    if (own && atMs - own.atMs <= freshMs && own.factor > askedFactor) return [];
    const known = runs.get(edge);
    const run = known && atMs - known.lastMs <= freshMs ? known : { since: event.timestamp, count: 0, lastMs: atMs };
    run.count += 1;
    run.lastMs = atMs;
    runs.delete(edge);
    runs.set(edge, run);
    if (runs.size > maxServices) runs.delete(runs.keys().next().value!);
    if (run.count < 2) return [];
    const times = Math.round(factor * 10) / 10;
    const draft = {
      category: 'app.retry-storm' as const,
      entity,
      context: k8s,
      discriminator: flow.peer,
      message: `${entity.kind} ${entity.name} calls ${flow.peer} ${times} times as often as usual while it fails, and is not asked more itself: it repeats what failed.`,
      count: run.count,
      lastSeen: event.timestamp,
      attributes: {
        peer: flow.peer,
        factor: times,
        errorRatio: flow.errorRatio,
        intervalMs: flow.intervalMs ?? defaultIntervalMs,
      },
    };
    return [
      {
        kind: 'event',
        at: event.timestamp,
        event: eventFrom(draft, 'network', run.since, contentId('retries', entity.id, flow.peer, run.since)),
      },
    ];
  }

  return { read };
}

function factorOf({ value, typical }: MetricJudgement): number {
  return typical > 0 ? value / typical : 1;
}
