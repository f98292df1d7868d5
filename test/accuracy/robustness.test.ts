import { describe, expect, test } from '@jest/globals';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { rawEventId } from '../../src/model/ids.js';
import type { SourceState } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { byTime, disturbed, inOrder } from './scenarios/arrival.js';
import { all } from './scenarios/catalogue.js';
import { eventsOf, incidents, isExpected, latest, revisions, settleMs, verdicts } from './scenarios/play.js';
import { createWorld, startMs } from './scenarios/world.js';

const bytes = (results: readonly CorrelationResult[]): string =>
  results.map((result) => JSON.stringify(result)).join('\n');
const told = (events: readonly RawEvent[]): { category: string; on: string }[] =>
  verdicts(incidents(events)).map(({ category, on }) => ({ category, on }));

describe.each(all.map((scenario) => [scenario.id, scenario] as const))('%s', (id, scenario) => {
  const events = eventsOf((w) => scenario.play(w));
  const base = revisions(inOrder(events, settleMs));
  const verdict = verdicts(latest(base)).map(({ category, on }) => ({ category, on }));

  test('sources that are late, events out of order and everything twice change no byte', () => {
    expect(bytes(revisions(disturbed(events, settleMs, Number(id.slice(1)))))).toBe(bytes(base));
  });

  test('what is told half way is what is told by who was there from the beginning', () => {
    const half = revisions(inOrder(events.slice(0, Math.ceil(events.length * 0.8)), 0));
    expect(bytes(base).startsWith(bytes(half))).toBe(true);
  });

  test('500 unrelated events change no verdict', () => {
    expect(told(withOrdinaryLife(events))).toEqual(verdict);
  });

  if (scenario.expect === 'silent') return;

  test('is not told as what it is without what is decisive', () => {
    const [first] = verdicts(incidents(eventsOf((w) => scenario.play(w), true)));
    expect(first !== undefined && isExpected(scenario, first) ? first : null).toBeNull();
  });

  test.each(sourceKinds(events))('without %s it is less sure, and blames nothing that nobody saw', (kind) => {
    const left = withoutSource(events, kind, 'healthy');
    const down = latest(revisions(inOrder(withoutSource(events, kind, 'down'), settleMs)));
    const seen = new Set(left.map(({ timestamp }) => timestamp));
    for (const { timeline } of down)
      expect(timeline.filter(({ at, kind: what }) => what === 'EVENT' && !seen.has(at))).toEqual([]);
    const up = verdicts(incidents(left));
    expect(verdicts(down).map(({ category, on }) => ({ category, on }))).toEqual(
      up.map(({ category, on }) => ({ category, on })),
    );
    verdicts(down).forEach(({ confidence }, index) => expect(confidence).toBeLessThan(up[index]!.confidence));
  });
});

test('a healthy shop at work for ten minutes is told nothing of', () => {
  const w = createWorld();
  for (let second = 5; second < 600; second += 5) {
    w.at(second);
    for (const name of ['frontend', 'cart', 'catalog', 'checkout'])
      for (const letter of ['a', 'b']) {
        const pod = `Pod/shop/${name}-5f7b9-${letter}`;
        w.log(pod, `GET /${name}/${second} 200 in ${1 + (second % 7)} ms`, 'info');
        w.metrics(pod, {
          'k8s.pod.cpu.usage': 0.1 + 0.01 * (second % 9),
          'k8s.pod.memory.working_set': 120e6 + 1e5 * (second % 11),
        });
      }
    w.flow('Pod/shop/frontend-5f7b9-a', 'cart:7070', { count: 40 + (second % 13), latencyMs: 4 + (second % 3) });
  }
  expect(told(w.events())).toEqual([]);
});

/** Collectors that say something after the beginning. */
function sourceKinds(events: readonly RawEvent[]): string[] {
  const later = events.filter(({ data }) => data.kind !== 'source-health' && data.action !== 'SYNC');
  return [...new Set(later.map(kindOf))].sort();
}

function kindOf({ metadata }: RawEvent): string {
  return (metadata.source ?? '').split('@')[0]!;
}

/** What there was at the beginning is known; from then on this collector says nothing but how it is. */
function withoutSource(events: readonly RawEvent[], kind: string, state: SourceState): RawEvent[] {
  const left = events.filter((event) => kindOf(event) !== kind || event.data.action === 'SYNC');
  const sources = new Set(events.filter((event) => kindOf(event) === kind).map(({ metadata }) => metadata.source!));
  const timestamp = fromEpochMs(startMs + 999);
  for (const source of sources) {
    const { type, metadata } = events.find((event) => event.metadata.source === source)!;
    const data = { kind: 'source-health', state, reason: null, lost: 0 };
    const place = { ...(metadata.cluster !== undefined && { cluster: metadata.cluster }), source };
    const event = { type, traceId: null, spanId: null, timestamp, data, metadata: place };
    left.push({ schemaVersion: 1, id: rawEventId(event), ...event });
  }
  return left.sort(byTime);
}

/** Pods of another namespace that start, and write lines that say nothing bad. */
function withOrdinaryLife(events: readonly RawEvent[]): RawEvent[] {
  const endMs = toEpochMs([...events].sort(byTime).at(-1)!.timestamp);
  const [
    {
      metadata: { cluster },
    },
  ] = events as [RawEvent, ...RawEvent[]];
  const added: RawEvent[] = [];
  for (let index = 0; index < 250; index++) {
    const timestamp = fromEpochMs(Math.floor(startMs + ((endMs - startMs) * index) / 250));
    const name = `teller-${index % 25}`;
    const place = { ...(cluster !== undefined && { cluster }), namespace: 'bank', node: 'n2' };
    const started = '2026-11-20T08:00:00Z';
    const running = {
      name: 'teller',
      ready: true,
      restartCount: 0,
      image: 'bank/teller:1',
      imageID: '',
      containerID: `containerd://${name}`,
      state: { running: { startedAt: started } },
    };
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: 'bank',
        uid: `uid-${name}`,
        resourceVersion: String(index),
        creationTimestamp: started,
      },
      spec: { nodeName: 'n2', containers: [{ name: 'teller', image: 'bank/teller:1' }] },
      status: {
        phase: 'Running',
        startTime: started,
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: started }],
        containerStatuses: [running],
      },
    };
    const common = { schemaVersion: 1, traceId: null, spanId: null, timestamp } as const;
    added.push({
      ...common,
      id: `ordinary-pod-${index}`,
      type: 'kubeapi',
      data: { kind: 'pod', action: 'SYNC', changes: [], changedBy: null, object },
      metadata: { ...place, source: 'kubernetes@n1' },
    });
    added.push({
      ...common,
      id: `ordinary-line-${index}`,
      type: 'log',
      data: {
        kind: 'line',
        stream: 'stdout',
        message: `transfer ${index} booked in ${index % 9} ms`,
        level: 'info',
        attributes: {},
      },
      metadata: { ...place, pod: name, podUid: `uid-${name}`, container: 'teller', source: 'container-logs@n2' },
    });
  }
  return [...events, ...added].sort(byTime);
}
