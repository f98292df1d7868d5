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
/** Everything is slow while caches fill and connections are made: what is typical of an edge is not known before. */
const warmUpMs = 600_000;
/** A share of failed calls that is nobody's normal: it needs no history, and need not be seen twice. */
const surelyFailing = 0.05;
/** Less than that, and slowness, has to last: one interval of one pod is often unusual (a first start, a collection of garbage). */
const lastingRun = { failed: 2, slow: 3 };
/** With a known number of calls, one that fails alone proves nothing. */
const leastFailures = 2;

/**
 * Calls from one thing to another, measured at intervals, against what is typical of the edge: all pods of a caller and of a callee are
 * samples of one thing, so that a pod that has just been made is judged by what its elders do.
 */
export function createFlowReader(places: TelemetryPlaces): FlowReader {
  // A share of 0 has no spread of its own: 1.2 % more than usual is the least that counts. History: an hour of one edge.
  const errors = createMetricShifts({ threshold: 3, minHistory: 5, absoluteFloor: 0.004, relativeFloor: 0.15 });
  // Three times what is typical, and 10 ms more: the slowest calls of a minute are few, and scatter.
  const latencies = createMetricShifts({ threshold: 5, minHistory: 10, absoluteFloor: 2, relativeFloor: 0.4 });
  const told = new Map<string, { readonly firstMs: number; readonly toldMs: number }>();
  const canary = createCanary();
  /** Of each pod by itself: the others of its edge may be well. */
  const runs = createRuns();
  const scatter = createScatter();

  function read(event: RawEvent): Finding[] {
    const flow = event.data as unknown as FlowRecord;
    const { place, introduced } = places.of(event.metadata, event.timestamp);
    const { entity, k8s } = place;
    const edge = `${entity.namespace ?? ''}/${place.service} ${flow.peer}`;
    const atMs = toEpochMs(event.timestamp);
    const findings: Finding[] = [...introduced];
    const known = told.get(edge);
    if (known === undefined || atMs - known.toldMs >= retellMs) {
      told.delete(edge);
      told.set(edge, { firstMs: known?.firstMs ?? atMs, toldMs: atMs });
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
    const apart = `${k8s.pod ?? ''} ${flow.peerPod ?? ''}`;
    const common = { peer: flow.peer, peerPod: flow.peerPod, intervalMs: flow.intervalMs };
    const who = `${title(entity)} to ${flow.peer}${flow.peerPod === null ? '' : ` (pod ${flow.peerPod})`}`;

    if (flow.errorRatio !== null) {
      const shift = errors.observe(edge, atMs, flow.errorRatio);
      const failures = flow.count === null ? Infinity : Math.round(flow.errorRatio * flow.count);
      const sure = flow.errorRatio >= surelyFailing;
      const up = failures >= leastFailures && (shift === null ? sure : shift.shifted === 'up');
      const run = runs.note(`failed ${edge} ${apart}`, up, atMs);
      const failing = up && (sure || run.length >= lastingRun.failed);
      const failingPods = flow.peerPod === null ? null : canary.note(edge, flow.peerPod, atMs, failing);
      if (failing)
        tell(
          {
            category: 'call.failed',
            message: `${percent(flow.errorRatio)} of the calls of ${who} fail${usually(shift, percent)}.`,
            count: Number.isFinite(failures) ? failures : leastFailures,
            attributes: { ...common, errorRatio: flow.errorRatio, typicalRatio: shift?.typical, failingPods },
          },
          run.sinceMs,
        );
    }
    if (flow.latencyMs !== null) {
      const shift = latencies.observe(edge, atMs, flow.latencyMs);
      const often = scatter.note(edge, shift?.shifted === 'up');
      const warm = atMs - (told.get(edge)?.firstMs ?? atMs) >= warmUpMs;
      const run = runs.note(`slow ${edge} ${apart}`, warm && !often && shift?.shifted === 'up', atMs);
      if (shift?.shifted === 'up' && run.length >= lastingRun.slow)
        tell(
          {
            category: 'call.slow',
            message: `The calls of ${who} take ${milliseconds(flow.latencyMs)}${usually(shift, milliseconds)}.`,
            count: run.length,
            attributes: { ...common, latencyMs: flow.latencyMs, typicalMs: shift.typical },
          },
          run.sinceMs,
        );
    }
    return findings;
  }

  return { read };
}

/** Which edges are far above what is typical every now and then, and so often that three times in a row says nothing. */
function createScatter(): { note(edge: string, shifted: boolean): boolean } {
  const edges = new Map<string, { seen: number; shifted: number; run: number }>();
  return {
    note(name, shifted) {
      let edge = edges.get(name);
      if (edge) edges.delete(name);
      else edge = { seen: 0, shifted: 0, run: 0 };
      edges.set(name, edge);
      if (edges.size > maxEdges) edges.delete(edges.keys().next().value!);
      edge.seen += 1;
      edge.shifted += Number(shifted);
      edge.run = shifted ? edge.run + 1 : 0;
      // What is going on now must not excuse itself.
      return edge.shifted - edge.run > rareShare * edge.seen;
    },
  };
}

const rareShare = 0.03;

interface Run {
  readonly length: number;
  readonly sinceMs: number;
}

/** How often in a row something was so, by name; of the last {@link maxEdges} names. */
function createRuns(): { note(name: string, so: boolean, atMs: number): Run } {
  const runs = new Map<string, Run>();
  return {
    note(name, so, atMs) {
      const before = runs.get(name);
      if (before) runs.delete(name);
      if (!so) return { length: 0, sinceMs: atMs };
      const run = before ? { ...before, length: before.length + 1 } : { length: 1, sinceMs: atMs };
      runs.set(name, run);
      if (runs.size > maxEdges) runs.delete(runs.keys().next().value!);
      return run;
    },
  };
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
