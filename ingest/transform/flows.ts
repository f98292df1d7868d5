import type { EntityRef } from '../../src/model/entity.js';
import type { Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { FlowRecord } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { createCanary } from '../detect/canary.js';
import { createMetricShifts, type MetricJudgement } from '../detect/metric-shift.js';
import { eventFrom, type Draft } from './draft.js';
import type { TelemetryPlaces } from './telemetry.js';

export interface FlowReader {
  read(event: RawEvent): Finding[];
}

/** The relation is told again this often, in event time: the correlator forgets callers that were deleted and came back. */
const retellMs = 600_000;
const maxEdges = 20_000;
/** Without a history a share of failed calls as small as this is nobody's normal. */
const surelyFailing = 0.05;
/** With a known number of calls, one that fails alone proves nothing. */
const leastFailures = 2;

/**
 * Calls from one thing to another, measured at intervals, against what is typical of the edge: all pods of a caller and of a callee are
 * samples of one thing, so that a pod that has just been made is judged by what its elders do.
 */
export function createFlowReader(places: TelemetryPlaces): FlowReader {
  // A share of 0 has no spread of its own: 1.2 % more than usual is the least that counts. History: an hour of one edge.
  const errors = createMetricShifts({ threshold: 3, minHistory: 5, absoluteFloor: 0.004, relativeFloor: 0.15 });
  // More than double, and 10 ms, above what is typical.
  const latencies = createMetricShifts({ threshold: 5, minHistory: 5, absoluteFloor: 2, relativeFloor: 0.25 });
  const told = new Map<string, number>();
  const canary = createCanary();

  function read(event: RawEvent): Finding[] {
    const flow = event.data as unknown as FlowRecord;
    const { place, introduced } = places.of(event.metadata, event.timestamp);
    const { entity, k8s } = place;
    const edge = `${entity.namespace ?? ''}/${place.service} ${flow.peer}`;
    const atMs = toEpochMs(event.timestamp);
    const findings: Finding[] = [...introduced];
    const toldMs = told.get(edge);
    if (toldMs === undefined || atMs - toldMs >= retellMs) {
      told.delete(edge);
      told.set(edge, atMs);
      if (told.size > maxEdges) told.delete(told.keys().next().value!);
      findings.push({ kind: 'call', at: event.timestamp, caller: entity, peer: flow.peer });
    }
    const tell = (draft: Omit<Draft, 'entity' | 'context' | 'discriminator'>, sinceMs: number): void => {
      const from = flow.peerPod ?? '';
      const begun = fromEpochMs(sinceMs);
      const id = contentId(entity.id, flow.peer, from, draft.category, begun);
      const whole: Draft = {
        ...draft,
        entity,
        context: k8s,
        discriminator: `${flow.peer} ${from}`,
        lastSeen: event.timestamp,
      };
      findings.push({ kind: 'event', at: event.timestamp, event: eventFrom(whole, 'network', begun, id) });
    };
    const common = { peer: flow.peer, peerPod: flow.peerPod, intervalMs: flow.intervalMs };
    const who = `${title(entity)} to ${flow.peer}${flow.peerPod === null ? '' : ` (pod ${flow.peerPod})`}`;

    if (flow.errorRatio !== null) {
      const shift = errors.observe(edge, atMs, flow.errorRatio);
      const failures = flow.count === null ? Infinity : Math.round(flow.errorRatio * flow.count);
      const failing =
        failures >= leastFailures && (shift === null ? flow.errorRatio >= surelyFailing : shift.shifted === 'up');
      const failingPods = flow.peerPod === null ? null : canary.note(edge, flow.peerPod, atMs, failing);
      if (failing)
        tell(
          {
            category: 'call.failed',
            message: `${percent(flow.errorRatio)} of the calls of ${who} fail${usually(shift, percent)}.`,
            count: Number.isFinite(failures) ? failures : leastFailures,
            attributes: { ...common, errorRatio: flow.errorRatio, typicalRatio: shift?.typical, failingPods },
          },
          since(shift, atMs),
        );
    }
    if (flow.latencyMs !== null) {
      const shift = latencies.observe(edge, atMs, flow.latencyMs);
      if (shift?.shifted === 'up')
        tell(
          {
            category: 'call.slow',
            message: `The calls of ${who} take ${milliseconds(flow.latencyMs)}${usually(shift, milliseconds)}.`,
            count: shift.run,
            attributes: { ...common, latencyMs: flow.latencyMs, typicalMs: shift.typical },
          },
          since(shift, atMs),
        );
    }
    return findings;
  }

  return { read };
}

function since(shift: MetricJudgement | null, atMs: number): number {
  return shift?.sinceMs ?? atMs;
}

function title({ kind, name }: EntityRef): string {
  return `${kind} ${name}`;
}

function usually(shift: MetricJudgement | null, show: (value: number) => string): string {
  return shift === null ? '' : `, usually ${show(shift.typical)}`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 1000) / 10} %`;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
}
