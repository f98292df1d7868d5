import { describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createReceive } from '../../ingest/receive.js';
import type { Finding } from '../../src/model/finding.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { toEpochMs } from '../../src/model/time.js';
import { decode, encode } from '../../src/transport/codec.js';
import type { OutgoingMessage } from '../../src/transport/transport.js';
import { logLine, newTransform, observation, pod, raw, time, waiting } from './transform/world.js';

function receiver() {
  const published: OutgoingMessage[] = [];
  const registry = new Registry();
  const receive = createReceive({
    transport: { publish: (messages) => Promise.resolve(void published.push(...messages)) },
    transform: newTransform(),
    cluster: 'test',
    log: pino({ level: 'silent' }),
    registry,
  });
  return { receive, published, registry };
}

const message = (body: Uint8Array, sequence = 7) => ({
  subject: 'events.log.line.3',
  body,
  sequence,
  headers: {},
  storedMs: toEpochMs(time('10:01:00')),
});
const step = (clock: string, ...items: readonly RawEvent[]) => ({ items, watermarkMs: toEpochMs(time(clock)) });
const findings = (messages: readonly OutgoingMessage[]) =>
  messages.filter(({ stream }) => stream === 'unified').flatMap(({ body }) => decode<Finding & object>(body));

describe('the receiving end of hop 1', () => {
  test('a bad event goes to the dead stream with its reason and its bytes; its batch neighbours are unharmed', async () => {
    const { receive, published, registry } = receiver();
    const good = [logLine('10:00:00', 'one'), logLine('10:00:01', 'two')];
    const body = Buffer.from(`[${JSON.stringify(good[0])},{"type":"log","id":5},${JSON.stringify(good[1])}]`);
    const items = await receive.decode(message(body), false);
    expect(items.map(({ item }) => item.id)).toEqual(good.map(({ id }) => id));
    expect(published).toHaveLength(1);
    expect(published[0]).toMatchObject({
      stream: 'dead',
      headers: { 'Throughline-Code': 'EVENT_INVALID', 'Throughline-Sequence': '7' },
    });
    expect(Buffer.from(published[0]!.body).toString()).toBe('{"type":"log","id":5}');
    expect(await registry.getSingleMetricAsString('throughline_raw_events_rejected_total')).toContain(
      'code="EVENT_INVALID"} 1',
    );
  });

  test('what is no JSON at all goes there whole', async () => {
    const { receive, published } = receiver();
    expect(await receive.decode(message(Buffer.from('\0garbage')), false)).toEqual([]);
    expect(published[0]).toMatchObject({ stream: 'dead', headers: { 'Throughline-Code': 'EVENT_UNPARSABLE' } });
  });

  test('a source-health report is the clock of its source', async () => {
    const { receive } = receiver();
    const report = raw(
      'log',
      '10:00:05',
      { kind: 'source-health', state: 'healthy', reason: null, lost: 0 },
      { source: 'container-logs@node-1' },
    );
    const [item] = await receive.decode(message(encode([report])), false);
    expect(item).toMatchObject({ clockOf: 'container-logs@node-1', atMs: toEpochMs(time('10:00:05')) });
    const { receive: other, published } = receiver();
    await other.handle([step('10:00:05', report)], false);
    expect(findings(published)).toEqual([
      {
        kind: 'health',
        at: time('10:00:05'),
        source: {
          source: 'container-logs@node-1',
          cluster: 'test',
          node: null,
          state: 'healthy',
          reason: null,
          lost: 0,
          lastSeen: time('10:00:05'),
        },
      },
    ]);
  });

  test('sorted events become findings on the unified stream, with what fell due by the watermark', async () => {
    const { receive, published } = receiver();
    await receive.handle(
      [
        step(
          '10:00:10',
          observation('10:00:00', pod(waiting('ErrImageNeverPull'))),
          logLine('10:00:01', 'boom'),
          logLine('10:00:02', 'boom'),
        ),
      ],
      false,
    );
    expect(findings(published).map(({ kind, at }) => `${at.slice(11, 19)} ${kind}`)).toEqual([
      '10:00:00 entity',
      '10:00:00 entity',
      '10:00:01 event',
      '10:00:06 event',
    ]);
    expect(published.every(({ subject }) => subject === 'unified.test')).toBe(true);
  });

  test('while state is rebuilt nothing is published again, and what comes after knows what was before', async () => {
    const { receive, published } = receiver();
    await receive.handle([step('10:00:00', observation('10:00:00', pod()))], true);
    expect(published).toEqual([]);
    const crashed = pod({ status: { restartCount: 1, state: { running: { startedAt: '2026-11-24T10:00:02Z' } } } });
    await receive.handle([step('10:00:03', observation('10:00:03', crashed))], false);
    expect(
      findings(published).flatMap((finding) => (finding.kind === 'event' ? finding.event.semantic.category : [])),
    ).toEqual(['container.restarted']);
  });

  test('a payload that is not what its kind promises is refused alone', async () => {
    const { receive, published } = receiver();
    const broken = raw('kubeapi', '10:00:00', { kind: 'pod', action: 'ADDED', object: { kind: 'Pod' } }, {});
    await receive.handle([step('10:00:01', broken, observation('10:00:01', pod()))], false);
    expect(published.map(({ stream }) => stream)).toEqual(['dead', 'unified']);
    expect(JSON.parse(Buffer.from(published[0]!.body).toString())).toEqual(broken);
  });

  test('each refused payload is a dead letter of its own, with its bytes as they were sent', async () => {
    const { receive, published } = receiver();
    const texts = ['pod-a', 'pod-b'].map((id) =>
      JSON.stringify(
        { ...raw('kubeapi', '10:00:00', { kind: 'pod', action: 'ADDED', object: { kind: 'Pod' } }, {}), id },
        null,
        1,
      ),
    );
    const items = await receive.decode(message(Buffer.from(`[ ${texts.join(' , ')} ]`)), false);
    const alone = await receive.decode(message(Buffer.from(texts[0]!), 8), false);
    await receive.handle([step('10:00:01', ...[...items, ...alone].map(({ item }) => item))], false);
    expect(published.map(({ body }) => Buffer.from(body).toString())).toEqual([...texts, texts[0]]);
    expect(new Set(published.map(({ id }) => id)).size).toBe(3);
  });

  test('a time from the future is refused, one from long ago is not', async () => {
    const { receive, published } = receiver();
    const events = [
      logLine('10:12:00', 'tomorrow'),
      { ...logLine('10:00:00', 'long ago'), timestamp: time('10:00:00').replace('2026', '2019') },
    ];
    const items = await receive.decode(message(encode(events)), false);
    expect(items.map(({ item }) => item.data.message)).toEqual(['long ago']);
    expect(published[0]!.headers!['Throughline-Reason']).toContain('is 660 s ahead');
  });

  test('many findings are split by size, in order', async () => {
    const { receive, published } = receiver();
    const pods = Array.from({ length: 400 }, (_, index) =>
      observation('10:00:00', pod({ name: `web-${index}` }), { action: 'SYNC' }),
    );
    await receive.handle([step('10:00:00', ...pods)], false);
    expect(published.length).toBeGreaterThan(1);
    expect(Math.max(...published.map(({ body }) => body.length))).toBeLessThan(300_000);
    const names = findings(published).flatMap((finding) =>
      finding.kind === 'entity' && finding.entity.kind === 'Pod' ? finding.entity.name : [],
    );
    expect(names).toEqual(pods.map(({ data }) => (data.object as { metadata: { name: string } }).metadata.name));
    expect(new Set(published.map(({ id }) => id)).size).toBe(published.length);
  });
});
