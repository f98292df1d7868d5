import type { Category } from '../../src/model/categories.js';
import type { Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { MetricsRecord } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { createMetricShifts, type MetricJudgement, type MetricShifts } from '../detect/metric-shift.js';
import { eventFrom } from './draft.js';
import type { TelemetryPlaces } from './telemetry.js';

/** What a metric is about, and what a shift of it means. `peer`: when it was measured of the calls to another. */
interface Signal {
  readonly name: 'cpu' | 'memory' | 'latency' | 'errors' | 'success' | 'requests';
  readonly pattern: RegExp;
  readonly up: Meaning | null;
  readonly down: Meaning | null;
  /** Least spread: as a part of the typical value, and in the unit of a ratio (0 to 1). */
  readonly relativeFloor: number;
  readonly ratioFloor: number;
  /** About requests: traces of the same service tell it better, for each operation and apart from what its callees took. */
  readonly ofRequests: boolean;
}

interface Meaning {
  readonly own: Category;
  readonly node: Category | null;
  readonly call: Category | null;
  /** Besides being unusual it has to matter. `highest` and `lowest`: what the series reached before. */
  readonly matters: (judged: MetricJudgement, ratio: boolean) => boolean;
}

/** Share of failed requests that users notice: twenty times the error budget of the usual objective of 99.9 %. */
const noticed = 0.02;

/** OpenTelemetry's names (semantic conventions for system, container, Kubernetes, HTTP, RPC and messaging metrics) and what is close to them. */
const signals: readonly Signal[] = [
  {
    name: 'cpu',
    ofRequests: false,
    pattern: /(^|[._])cpu([._]|$)(?!.*(throttl|cfs|frequency|logical|physical|\.time$))/,
    relativeFloor: 0.1,
    ratioFloor: 0.05,
    // Of a limit: near it. Without a known limit: several times what it needs.
    up: {
      own: 'app.cpu-saturated',
      node: 'node.cpu-saturated',
      call: null,
      matters: ({ value, typical, highest }, ratio) => (ratio ? value >= 0.7 : value >= 3 * typical && value > highest),
    },
    down: null,
  },
  {
    name: 'memory',
    ofRequests: false,
    pattern: /(^|[._])memory([._]|$)(?!.*(page_faults|limit$|available|\.free))/,
    relativeFloor: 0.05,
    ratioFloor: 0.03,
    up: {
      own: 'app.memory-growth',
      node: 'node.memory-growth',
      call: null,
      matters: ({ value, typical, highest }, ratio) =>
        ratio ? value >= 0.8 : value >= 1.5 * typical && value > highest,
    },
    down: null,
  },
  {
    name: 'errors',
    ofRequests: true,
    pattern: /(^|[._])(errors?|failures?|failed)([._](ratio|rate|count))?($|[._])/,
    relativeFloor: 0.2,
    ratioFloor: 0.004,
    up: {
      own: 'app.errors-up',
      node: null,
      call: 'call.failed',
      matters: ({ value, typical, highest }, ratio) =>
        value > highest && (ratio ? value - typical >= noticed : value >= 2 * typical),
    },
    down: null,
  },
  {
    name: 'success',
    ofRequests: true,
    pattern: /(^|[._])(success([._]?(ratio|rate))?|availability)($|[._])/,
    relativeFloor: 0.004,
    ratioFloor: 0.004,
    up: null,
    down: {
      own: 'app.errors-up',
      node: null,
      call: 'call.failed',
      matters: ({ value, typical, lowest }) => value <= (1 - noticed) * typical && value < lowest,
    },
  },
  {
    name: 'latency',
    ofRequests: true,
    pattern: /(duration|latency|response[._]?time)($|[._])/,
    relativeFloor: 0.15,
    ratioFloor: 0,
    up: {
      own: 'app.slow',
      node: null,
      call: 'call.slow',
      // Percentiles of few requests jump: only what is far beyond every jump before.
      matters: ({ value, typical, highest }) => value >= 2 * typical && value >= 1.5 * highest,
    },
    down: null,
  },
  {
    name: 'requests',
    ofRequests: true,
    pattern: /(requests?|calls|rps|throughput|workload)([._](count|rate|total))?($|[._])/,
    relativeFloor: 0.1,
    ratioFloor: 0,
    up: {
      own: 'app.load-up',
      node: null,
      call: null,
      matters: ({ value, typical, highest }) => typical > 0 && value >= 3 * typical && value >= 1.5 * highest,
    },
    down: {
      own: 'app.load-lost',
      node: null,
      call: 'call.stopped',
      matters: ({ value, typical, lowest }) => value <= 0.3 * typical && value < lowest,
    },
  },
];

export interface MetricsReader {
  /** type `otlp`, kind `metrics`. */
  read(event: RawEvent): Finding[];
}

/** An interval that is said to have lasted no longer than this is taken at its word for how long a value holds. */
const defaultIntervalMs = 60_000;
/** One unusual value may be chance: it has to be followed by another, or to be so many times the threshold away. */
const aloneFactor = 2;
const threshold = 6;

/**
 * Series of metrics against their own history. One event for each run of shifted values, told again with each of them. `tracedAt`: the
 * spans of that service are seen at that time, so that its requests are judged by them.
 */
export function createMetricsReader(
  places: TelemetryPlaces,
  tracedAt: (service: string, atMs: number) => boolean = () => false,
): MetricsReader {
  const bySignal = new Map<string, MetricShifts>();
  const signalOf = new Map<string, Signal | null>();

  function known(name: string): Signal | null {
    let signal = signalOf.get(name);
    if (signal === undefined) {
      signal = signals.find(({ pattern }) => pattern.test(name.toLowerCase())) ?? null;
      signalOf.set(name, signal);
      if (signalOf.size > 10_000) signalOf.delete(signalOf.keys().next().value!);
    }
    return signal;
  }

  function shiftsOf(signal: Signal, ratio: boolean): MetricShifts {
    const key = `${signal.name} ${ratio}`;
    let shifts = bySignal.get(key);
    if (!shifts) {
      const { relativeFloor, ratioFloor } = signal;
      shifts = createMetricShifts({ threshold, relativeFloor, ...(ratio && { absoluteFloor: ratioFloor }) });
      bySignal.set(key, shifts);
    }
    return shifts;
  }

  return {
    read(event) {
      const { values, intervalMs, attributes } = event.data as unknown as MetricsRecord;
      const { place, introduced } = places.of(event.metadata, event.timestamp);
      const findings: Finding[] = [...introduced];
      const atMs = toEpochMs(event.timestamp);
      const traced = tracedAt(place.service, atMs);
      const told = attributes ?? {};
      const apart = Object.keys(told)
        .sort()
        .map((name) => `${name}=${String(told[name])}`)
        .join(' ');
      for (const name of Object.keys(values).sort()) {
        const signal = known(name);
        if (!signal || (signal.ofRequests && traced)) continue;
        const ratio = /(^|[._])(utilization|ratio|availability|success|\w+_(utilization|ratio))($|[._])/.test(name);
        const judged = shiftsOf(signal, ratio).observe(`${place.entity.id} ${name} ${apart}`, atMs, values[name]!);
        if (!judged?.shifted) continue;
        const meaning = judged.shifted === 'up' ? signal.up : signal.down;
        if (!meaning?.matters(judged, ratio)) continue;
        if (judged.run < 2 && Math.abs(judged.score) < aloneFactor * threshold) continue;
        const peer = typeof told.peer === 'string' ? told.peer : null;
        // Calls to nobody in particular: there is nothing to look at.
        if (peer === null && name.includes('.client.')) continue;
        const category =
          peer !== null ? meaning.call : place.entity.kind === 'Node' ? (meaning.node ?? meaning.own) : meaning.own;
        if (category === null) continue;
        const spanMs = intervalMs ?? defaultIntervalMs;
        const since = fromEpochMs(judged.sinceMs! - (intervalMs ?? 0));
        findings.push({
          kind: 'event',
          at: event.timestamp,
          event: eventFrom(
            {
              category,
              entity: place.entity,
              context: place.k8s,
              discriminator: `${name} ${apart}`,
              message: sentence(place.entity, name, peer, judged, ratio),
              count: judged.run,
              lastSeen: event.timestamp,
              attributes: {
                ...told,
                metric: name,
                value: judged.value,
                typical: judged.typical,
                score: Math.round(judged.score * 10) / 10,
                direction: judged.shifted,
                intervalMs: spanMs,
                ...(signal.name === 'latency' && { latency: judged.value, typicalLatency: judged.typical }),
              },
            },
            'otlp',
            since,
            contentId(place.entity.id, category, name, apart, since),
          ),
        });
      }
      return findings;
    },
  };
}

function sentence(
  { kind, name: thing }: { readonly kind: string; readonly name: string },
  metric: string,
  peer: string | null,
  { value, typical, score, shifted }: MetricJudgement,
  ratio: boolean,
): string {
  const shown = (number: number): string =>
    ratio ? `${Math.round(number * 1000) / 10} %` : String(Number(number.toPrecision(3)));
  const to = peer === null ? '' : ` of calls to ${peer}`;
  const way = shifted === 'up' ? 'up at' : 'down at';
  return `${kind} ${thing}: ${metric}${to} is ${way} ${shown(value)}, usually ${shown(typical)} (${Math.abs(Math.round(score))} robust deviations).`;
}
