import type { Category } from '../../src/model/categories.js';
import type { EntityFinding, Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { LogLine, SpanRecord } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import type { TraceContext } from '../../src/model/unified-event.js';
import { createDrain } from '../detect/drain.js';
import { coverSlowEdges, type MeasuredEdge } from '../detect/edge-cover.js';
import {
  createOperationProfile,
  type CutShort,
  type FailingShift,
  type OperationProfile,
  type SlowShift,
  type Step,
} from '../detect/operation-profile.js';
import { createSpanTree } from '../detect/span-tree.js';
import { eventFrom, type DraftAttributes } from './draft.js';
import type { Scheduler } from './schedule.js';
import type { TelemetryPlace, TelemetryPlaces } from './telemetry.js';
import { duration, list } from './wording.js';

export type SpanUpdate = { readonly of: 'spans' };

export interface SpanReader {
  /** type `otlp`, kind `span`. */
  read(event: RawEvent): Finding[];
  /**
   * A log line that carries the id of the span that it was written in: a step of that operation. True when the spans of its service are
   * seen, so that an error it tells of will be judged with the operation.
   */
  logged(event: RawEvent): boolean;
  /** Spans of that service came lately. */
  sees(service: string, atMs: number): boolean;
  /** What fell due: thousands of spans become the few events that say what is different about their operations. */
  update(at: string): Finding[];
}

/** Between two looks at what is different; also how long a shift is taken to go on unseen ({@link idleMs} more, for rare operations). */
const lookEveryMs = 10_000;
const idleMs = 20_000;
/** Profiles of operations and of call edges that are remembered; the least recently used are forgotten past it. */
const maxProfiles = 10_000;
/** A service whose spans came within this is one whose spans are seen. */
const seenMs = 300_000;
/** A call relation is said again after so long. */
const restateMs = 600_000;

interface Edge {
  readonly caller: TelemetryPlace;
  readonly callee: TelemetryPlace;
  readonly total: OperationProfile;
  /** Latest calls, those of the last minute are looked at: when, and what of each was lost on the way. */
  gaps: { readonly endMs: number; readonly gapMs: number }[];
}

/** On the way between two services of a cluster time is seldom lost: one call in two hundred, say, until its own history is known. */
const gapPrior = { unusual: 0.1, usual: 20 };
const maxGaps = 20;
const edgeMs = 60_000;

/** What goes on, under one id until it has not been seen for a while. */
interface Running {
  readonly id: string;
  readonly sinceMs: number;
  lastMs: number;
  count: number;
}

interface Telling {
  readonly category: Category;
  readonly place: TelemetryPlace;
  /** Tells apart what is of one category on one thing. */
  readonly apart: string;
  readonly message: string;
  readonly attributes: DraftAttributes;
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly trace: TraceContext;
}

const statusCodes = ['http.response.status_code', 'http.status_code'];

/** Spans as runs of operations against what these operations usually do; docs/rules.md says what the events of it are linked to. */
export function createSpanReader(places: TelemetryPlaces, schedule: Scheduler<SpanUpdate>): SpanReader {
  const tree = createSpanTree<TelemetryPlace>();
  const drain = createDrain();
  const operations = new Map<string, { readonly name: string; readonly profile: OperationProfile }>();
  const edges = new Map<string, Edge>();
  /** What calls lose on the way, by the end that they have in common: `in` whoever calls it, `out` whomever it calls. */
  const ends = new Map<string, OperationProfile>();
  const placeOf = new Map<string, TelemetryPlace>();
  const running = new Map<string, Running>();
  const called = new Map<string, number>();
  const lastSpanMs = new Map<string, number>();
  /** Places first heard of by a line, to be told with what falls due next. */
  let unsaid: EntityFinding[] = [];
  let dueMs: number | null = null;

  const sees = (service: string, atMs: number): boolean => atMs - (lastSpanMs.get(service) ?? -Infinity) < seenMs;

  function due(atMs: number): void {
    if (dueMs !== null) return;
    dueMs = (Math.floor(atMs / lookEveryMs) + 1) * lookEveryMs;
    schedule.set('spans', dueMs, { of: 'spans' });
  }

  function failed({ status, attributes }: SpanRecord): boolean {
    if (status === 'error') return true;
    return statusCodes.some((name) => Number(attributes[name] ?? 0) >= 500) || attributes['error.type'] !== undefined;
  }

  /** By its place in the code where the line says it (OpenTelemetry's code attributes), else by its template. */
  function stepOf({ message, level, attributes }: LogLine): Step {
    const place = attributes['code.function.name'] ?? attributes['code.namespace'] ?? attributes['code.file.path'];
    const number = attributes['code.line.number'] ?? attributes['code.lineno'];
    const name =
      place !== undefined && number !== undefined
        ? `${String(place)}#${String(number)}`
        : drain.add(message).tokens.join(' ').slice(0, 160);
    return { name, of: 'log', error: level === 'error' || level === 'fatal' };
  }

  const remember = <Value>(map: Map<string, Value>, key: string, make: () => Value): Value => {
    let value = map.get(key);
    if (value === undefined) value = make();
    else map.delete(key);
    map.set(key, value);
    if (map.size > maxProfiles) map.delete(map.keys().next().value!);
    return value;
  };

  function take(nowMs: number, at: string): Finding[] {
    const findings: Finding[] = [];
    const { runs, calls } = tree.complete(nowMs);
    for (const { place, key, name, run } of runs) {
      placeOf.set(place.entity.id, place);
      remember(operations, `${place.service}|${key}`, () => ({
        name,
        profile: createOperationProfile(),
      })).profile.observe(place.entity.id, run);
    }
    for (const call of calls) {
      const { caller, callee, endMs, durationMs, gapMs, trace, failed: bad } = call;
      placeOf.set(caller.entity.id, caller).set(callee.entity.id, callee);
      const pair = `${caller.entity.id}>${callee.entity.id}`;
      const edge = remember(edges, pair, () => ({ caller, callee, total: createOperationProfile(), gaps: [] }));
      const run = { endMs, failed: bad, steps: [], trace };
      edge.total.observe(pair, { ...run, selfMs: durationMs });
      if (gapMs !== null) {
        edge.gaps.push({ endMs, gapMs });
        if (edge.gaps.length > maxGaps) edge.gaps.shift();
        for (const [side, place] of [
          ['in', callee],
          ['out', caller],
        ] as const) {
          const calls = remember(ends, `${side} ${place.service}`, () =>
            createOperationProfile({ minHistory: 2, slowPrior: gapPrior }),
          );
          calls.observe(place.entity.id, { ...run, failed: false, selfMs: gapMs });
        }
      }
      if (nowMs - (called.get(pair) ?? -Infinity) < restateMs) continue;
      called.set(pair, nowMs);
      findings.push({ kind: 'call', at, caller: caller.entity, peer: callee.service });
    }
    return findings;
  }

  function tell({ category, place, apart, ...said }: Telling, at: string): Finding {
    const key = `${category} ${place.entity.id} ${apart}`;
    const nowMs = toEpochMs(at);
    let known = running.get(key);
    if (!known || nowMs - known.lastMs > 2 * lookEveryMs + idleMs) {
      known = {
        id: contentId(key, fromEpochMs(said.sinceMs)),
        sinceMs: said.sinceMs,
        lastMs: nowMs,
        count: 0,
      };
      running.delete(key);
      running.set(key, known);
      if (running.size > maxProfiles) running.delete(running.keys().next().value!);
    }
    known.lastMs = nowMs;
    known.count = Math.max(known.count + 1, said.count);
    return {
      kind: 'event',
      at,
      event: eventFrom(
        {
          category,
          entity: place.entity,
          context: place.k8s,
          discriminator: apart,
          message: said.message,
          count: known.count,
          lastSeen: fromEpochMs(Math.max(known.sinceMs, said.lastMs)),
          trace: said.trace,
          attributes: { ...said.attributes, intervalMs: lookEveryMs + idleMs },
        },
        'otlp',
        fromEpochMs(known.sinceMs),
        known.id,
      ),
    };
  }

  function judgeOperations(nowMs: number): Telling[] {
    const slow = new Map<string, { name: string; shift: SlowShift }[]>();
    const failing = new Map<string, { name: string; shift: FailingShift }[]>();
    const cut = new Map<string, { name: string; shift: CutShort }[]>();
    for (const { name, profile } of operations.values()) {
      for (const shift of profile.judge(nowMs)) {
        if (shift.what === 'slow') keep(slow, shift.where, { name, shift });
        else if (shift.what === 'failing') keep(failing, shift.where, { name, shift });
        else keep(cut, `${shift.where} ${shift.missing.name}`, { name, shift });
      }
    }
    return [
      ...[...slow.values()].map(slowOperations),
      ...[...failing.values()].map(failingOperations),
      ...[...cut.values()].map(cutOperations),
    ];
  }

  function slowOperations(found: readonly { name: string; shift: SlowShift }[]): Telling {
    const worst = found.reduce((a, b) =>
      b.shift.selfMs - b.shift.typicalMs > a.shift.selfMs - a.shift.typicalMs ? b : a,
    );
    const place = placeOf.get(worst.shift.where)!;
    return {
      category: 'app.slow',
      place,
      apart: '',
      ...together(found),
      trace: worst.shift.trace,
      message: `${place.entity.kind} ${place.entity.name} takes ${duration(worst.shift.selfMs)} by itself for ${worst.name}, usually ${duration(worst.shift.typicalMs)}${others(found)}.`,
      attributes: {
        operation: worst.name,
        operations: found.length,
        latencyMs: round(worst.shift.selfMs),
        typicalMs: round(worst.shift.typicalMs),
        score: surprise(found),
      },
    };
  }

  function failingOperations(found: readonly { name: string; shift: FailingShift }[]): Telling {
    const worst = found.reduce((a, b) => (b.shift.count > a.shift.count ? b : a));
    const place = placeOf.get(worst.shift.where)!;
    const { ratio, typicalRatio, said } = worst.shift;
    return {
      category: 'app.errors-up',
      place,
      apart: '',
      ...together(found),
      trace: worst.shift.trace,
      message: `${place.entity.kind} ${place.entity.name} fails ${percent(ratio)} of its ${worst.name}, usually ${percent(typicalRatio)}${others(found)}${said === null ? '' : `; it goes through ${said}`}.`,
      attributes: {
        operation: worst.name,
        operations: found.length,
        errorRatio: round(ratio),
        typicalRatio: round(typicalRatio),
        step: said,
        score: surprise(found),
      },
    };
  }

  function cutOperations(found: readonly { name: string; shift: CutShort }[]): Telling {
    const worst = found.reduce((a, b) => (b.shift.chance < a.shift.chance ? b : a));
    const place = placeOf.get(worst.shift.where)!;
    const { missing, after, called, instead, missingSteps, typicalShare } = worst.shift;
    const step =
      missing.of === 'log'
        ? `logs ${missing.name}`
        : missing.of === 'call'
          ? `calls ${missing.name}`
          : `runs ${missing.name}`;
    const before = after === null ? 'its start' : after;
    return {
      category: 'app.cut-short',
      place,
      apart: missing.name,
      ...together(found),
      trace: worst.shift.trace,
      message: `${place.entity.kind} ${place.entity.name} no longer ${step} after ${before} in ${worst.name}, as ${percent(typicalShare)} of its runs did${instead === null ? '' : `; it goes through ${instead} instead`}.`,
      attributes: {
        operation: worst.name,
        operations: found.length,
        after: after ?? `${worst.name} start`,
        step: missing.name,
        instead,
        missing: missingSteps.length,
        peer: called === null ? null : called.split(' ')[0]!,
        score: surprise(found),
      },
    };
  }

  function judgeCalls(nowMs: number): Telling[] {
    const told: Telling[] = [];
    for (const edge of edges.values()) {
      for (const shift of edge.total.judge(nowMs)) if (shift.what === 'slow') told.push(slowCalls(edge, shift));
    }
    const delayed = new Map<string, SlowShift>();
    for (const calls of ends.values()) {
      for (const shift of calls.judge(nowMs)) {
        if (shift.what !== 'slow') continue;
        const known = delayed.get(shift.where);
        if (!known || shift.chance < known.chance) delayed.set(shift.where, shift);
      }
    }
    if (delayed.size === 0) return told;
    const measured: (MeasuredEdge & { readonly edge: Edge })[] = [];
    for (const edge of edges.values()) {
      const recent = edge.gaps.filter(({ endMs }) => endMs > nowMs - edgeMs);
      if (recent.length === 0) continue;
      const [caller, callee] = [edge.caller.entity.id, edge.callee.entity.id];
      const limitMs = Math.min(...[caller, callee].map((node) => (delayed.get(node)?.selfMs ?? Infinity) / 3));
      const lost = recent.filter(({ gapMs }) => gapMs > limitMs).length;
      measured.push({ caller, callee, slow: 2 * lost >= recent.length, edge });
    }
    for (const { node, edges: slow } of coverSlowEdges(measured, new Set(delayed.keys()))) {
      told.push(delay(placeOf.get(node)!, slow, delayed.get(node)!));
    }
    return told;
  }

  function slowCalls({ caller, callee }: Edge, shift: SlowShift): Telling {
    return {
      category: 'call.slow',
      place: caller,
      apart: callee.service,
      ...shift,
      message: `Calls of ${caller.entity.kind} ${caller.entity.name} to ${callee.service} take ${duration(shift.selfMs)}, usually ${duration(shift.typicalMs)}.`,
      attributes: { peer: callee.service, latencyMs: round(shift.selfMs), typicalMs: round(shift.typicalMs) },
    };
  }

  function delay(place: TelemetryPlace, slow: readonly { readonly edge: Edge }[], shift: SlowShift): Telling {
    const peers = slow.map(
      ({ edge }) => (edge.caller.entity.id === place.entity.id ? edge.callee : edge.caller).service,
    );
    const named = [...new Set(peers)].sort();
    return {
      category: 'network.delay',
      place,
      apart: '',
      ...shift,
      message: `Between ${place.entity.kind} ${place.entity.name} and ${list(named)} ${duration(shift.selfMs)} of each call are lost on the way, usually ${duration(shift.typicalMs)}.`,
      attributes: {
        delayMs: round(shift.selfMs),
        typicalMs: round(shift.typicalMs),
        edges: slow.length,
        peers: named.join(', '),
        score: surprise([{ shift }]),
      },
    };
  }

  return {
    read(event) {
      const span = event.data as unknown as SpanRecord;
      if (event.traceId === null || event.spanId === null) throw new Error('a span must have a trace id and a span id');
      const { place, introduced } = places.of(event.metadata, event.timestamp);
      const startMs = toEpochMs(span.startedAt);
      if (Number.isNaN(startMs))
        throw new Error('data.startedAt must be a time such as 2026-11-24T17:30:41.123456789Z');
      const endMs = toEpochMs(event.timestamp);
      lastSpanMs.set(place.service, endMs);
      tree.ended({
        place,
        trace: { traceId: event.traceId, spanId: event.spanId },
        parentSpanId: span.parentSpanId,
        name: span.name,
        startMs,
        endMs,
        failed: failed(span),
      });
      due(endMs);
      return [...introduced];
    },
    logged(event) {
      const line = event.data as unknown as LogLine;
      const atMs = toEpochMs(event.timestamp);
      tree.logged(event.spanId!, atMs, stepOf(line));
      due(atMs);
      const { place, introduced } = places.of(event.metadata, event.timestamp);
      for (const news of introduced) unsaid.push(news);
      return sees(place.service, atMs);
    },
    sees,
    update(at) {
      const nowMs = toEpochMs(at);
      dueMs = null;
      const findings: Finding[] = [...unsaid.map((news) => ({ ...news, at })), ...take(nowMs, at)];
      unsaid = [];
      for (const telling of [...judgeOperations(nowMs), ...judgeCalls(nowMs)]) findings.push(tell(telling, at));
      if (tree.size > 0) due(nowMs);
      return findings;
    },
  };
}

function keep<Item>(map: Map<string, Item[]>, key: string, item: Item): void {
  const known = map.get(key);
  if (known) known.push(item);
  else map.set(key, [item]);
}

function together(found: readonly { readonly shift: SlowShift | FailingShift | CutShort }[]): {
  sinceMs: number;
  lastMs: number;
  count: number;
} {
  return {
    sinceMs: Math.min(...found.map(({ shift }) => shift.sinceMs)),
    lastMs: Math.max(...found.map(({ shift }) => shift.lastMs)),
    count: found.reduce((sum, { shift }) => sum + shift.count, 0),
  };
}

function others(found: readonly unknown[]): string {
  return found.length === 1 ? '' : `, and ${found.length - 1} more of its operations likewise`;
}

/** How unlikely the clearest of them is by what was before, in powers of ten. */
function surprise(found: readonly { readonly shift: { readonly chance: number } }[]): number {
  return Math.round(-10 * Math.log10(Math.max(1e-30, Math.min(...found.map(({ shift }) => shift.chance))))) / 10;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
