import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createTransform } from '../../../ingest/transform/transform.js';
import { entityTitle } from '../../../src/model/entity.js';
import type { Finding } from '../../../src/model/finding.js';
import { contentId, rawEventId } from '../../../src/model/ids.js';
import type { LogLine, SpanRecord } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';
import type { UnifiedEvent } from '../../../src/model/unified-event.js';

const startMs = Date.UTC(2026, 0, 1);
const pod = (workload: string): RawEvent['metadata'] => ({
  source: 'otlp@test',
  namespace: 'shop',
  pod: `${workload}-6f6cfc45b-h5m2n`,
  workload,
  service: workload,
});

interface Request {
  /** What cart needs for it, and what is lost on the way there. */
  readonly cartMs?: number;
  readonly wayMs?: number;
  /** Cart's lines, by their place in the code. */
  readonly lines?: readonly number[];
}

/** One request of web to cart: three spans, and the lines of cart. */
function request(second: number, { cartMs = 20, wayMs = 2, lines = [10, 20] }: Request): RawEvent[] {
  const traceId = contentId('trace', second);
  const id = (name: string): string => contentId(traceId, name).slice(0, 16);
  const at = startMs + second * 1000;
  const span = (name: string, parent: string | null, workload: string, fromMs: number, toMs: number): RawEvent => {
    const data: SpanRecord = {
      kind: 'span',
      parentSpanId: parent === null ? null : id(parent),
      name,
      spanKind: null,
      startedAt: fromEpochMs(at + fromMs),
      durationMs: toMs - fromMs,
      status: 'unset',
      attributes: {},
    };
    return made('otlp', traceId, id(name), at + toMs, { ...data }, pod(workload));
  };
  const line = (number: number, i: number): RawEvent => {
    const data: LogLine = {
      kind: 'line',
      stream: 'stdout',
      message: 'a line',
      level: 'info',
      attributes: { 'code.namespace': 'Cart', 'code.lineno': number },
    };
    return made('log', traceId, id('/items'), at + 5 + i, { ...data }, pod('cart'));
  };
  return [
    span('GET /', null, 'web', 0, cartMs + wayMs + 10),
    span('HTTP GET', 'GET /', 'web', 1, 1 + cartMs + wayMs),
    span('/items', 'HTTP GET', 'cart', 1 + wayMs / 2, 1 + wayMs / 2 + cartMs),
    ...lines.map(line),
  ];
}

function made(
  type: RawEvent['type'],
  traceId: string,
  spanId: string,
  atMs: number,
  data: RawEvent['data'],
  metadata: RawEvent['metadata'],
): RawEvent {
  const event = { type, traceId, spanId, timestamp: fromEpochMs(atMs), data, metadata };
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

/** A request each two seconds: five minutes as usual, then a minute of the other kind. `asks`: the clock is asked in between. */
function play(then: Request, asks = false): Finding[] {
  const events = Array.from({ length: 180 }, (_, i) => request(i * 2, i < 150 ? {} : then)).flat();
  events.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
  const transform = createTransform({ cluster: 'test', log: pino({ level: 'silent' }), registry: new Registry() });
  const findings: Finding[] = [];
  for (const event of events) {
    findings.push(...transform.transform(event));
    if (asks) findings.push(...transform.tick(Date.parse(event.timestamp)));
  }
  return [...findings, ...transform.tick(startMs + 400_000)];
}

/** The last word on each event. */
function last(findings: readonly Finding[]): UnifiedEvent[] {
  return [
    ...new Map(
      findings.flatMap((finding) => (finding.kind === 'event' ? [[finding.event.id, finding.event] as const] : [])),
    ).values(),
  ];
}

const told = (findings: readonly Finding[]): string[] =>
  last(findings).map(({ semantic, entity }) => `${semantic.category} ${entityTitle(entity)}`);

describe('spans as what is different about operations', () => {
  test('as usual, nothing is told but what there is and who calls whom, once', () => {
    const findings = play({});
    expect(findings.map(({ kind }) => kind).sort()).toEqual(['call', 'entity', 'entity']);
    expect(findings.find(({ kind }) => kind === 'call')).toMatchObject({
      caller: { kind: 'Pod', name: 'web-6f6cfc45b-h5m2n' },
      peer: 'cart',
    });
  });

  test('a callee that is slow by itself, and its caller’s calls', () => {
    const findings = play({ cartMs: 500 });
    expect(told(findings).sort()).toEqual([
      'app.slow Pod/shop/cart-6f6cfc45b-h5m2n',
      'call.slow Pod/shop/web-6f6cfc45b-h5m2n',
    ]);
    const slow = last(findings).find(({ semantic }) => semantic.category === 'app.slow')!;
    expect(slow.semantic.message).toBe('Pod cart-6f6cfc45b-h5m2n takes 500 ms by itself for /items, usually 20 ms.');
    expect(slow.traceContext?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(slow.timestamp).toBe(fromEpochMs(startMs + 300_502));
  });

  test('time that is lost between two that are as quick as ever', () => {
    const findings = play({ wayMs: 1000 });
    expect(told(findings)).toContain('network.delay Pod/shop/cart-6f6cfc45b-h5m2n');
    expect(told(findings).filter((text) => text.startsWith('app.slow'))).toEqual([]);
  });

  test('a line that an operation always wrote and does not write any more', () => {
    const [cut, ...others] = last(play({ lines: [10] }));
    expect(others).toEqual([]);
    expect(cut!.semantic).toMatchObject({
      category: 'app.cut-short',
      attributes: { operation: '/items', after: 'Cart#10', step: 'Cart#20' },
    });
  });

  test('when the clock is asked makes no difference', () => {
    expect(play({ cartMs: 500, lines: [10] }, true)).toEqual(play({ cartMs: 500, lines: [10] }));
  });
});
