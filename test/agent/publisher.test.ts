import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createPublisher, type Publisher } from '../../agent/publisher.js';
import { rawEventId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs } from '../../src/model/time.js';
import { decodeEvents } from '../../src/transport/codec.js';
import { createTransport } from '../../src/transport/create.js';
import { traceSubject } from '../../src/transport/subjects.js';
import type { Transport } from '../../src/transport/transport.js';
import { describeWith } from '../servers/availability.js';
import { startNats, type NatsServer } from '../servers/nats.js';
import { temporaryFolder } from '../servers/processes.js';

const log = pino({ level: 'silent' });
const source = 'container-logs@node-1';

function line(number: number, change: { traceId?: string; namespace?: string; message?: string } = {}): RawEvent {
  const event = {
    type: 'log' as const,
    traceId: change.traceId ?? null,
    spanId: null,
    timestamp: fromEpochMs(1_764_000_000_000 + number),
    data: { kind: 'line', stream: 'stdout', message: change.message ?? `line ${number}`, level: null, attributes: {} },
    metadata: { cluster: 'test', source, node: 'node-1', namespace: change.namespace ?? 'shop' },
  };
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

function clock(number: number): RawEvent {
  return {
    ...line(number),
    id: `clock-${number}`,
    data: { kind: 'source-health', state: 'healthy', reason: null, lost: 0 },
  };
}

async function stored(transport: Transport): Promise<RawEvent[]> {
  const { first, last } = await transport.position('raw');
  const events: RawEvent[] = [];
  if (last < first) return events;
  for await (const { body } of transport.read({ stream: 'raw', from: first, until: last }))
    events.push(...decodeEvents(body).events);
  return events;
}

const messages = (events: readonly RawEvent[]): string[] => [
  ...new Map(
    events.filter(({ data }) => data.kind === 'line').map(({ id, data }) => [id, String(data['message'])]),
  ).values(),
];

describe('the publisher on the memory bus', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let transport: Transport;
  let publisher: Publisher;

  beforeEach(async () => {
    folder = temporaryFolder();
    transport = createTransport({ kind: 'memory' }, { log, registry: new Registry() });
    await transport.start();
    publisher = createPublisher({ transport, spoolPath: folder.path, spoolBytes: 1e8, log, registry: new Registry() });
    publisher.start();
  });

  afterEach(async () => {
    await publisher.stop();
    await transport.stop();
    folder.remove();
  });

  test('publishes what it was given when flush() has resolved, batched by subject', async () => {
    for (let number = 0; number < 100; number++)
      publisher.publish(line(number, { namespace: number % 2 === 0 ? 'shop' : 'bank' }));
    await publisher.flush();
    expect(await stored(transport)).toHaveLength(100);
    const { first, last } = await transport.position('raw');
    expect(last - first + 1).toBe(2);
  });

  test('a clock that is published after a flush stands behind every event before it', async () => {
    for (let number = 0; number < 1_000; number++) {
      publisher.publish(line(number, { namespace: `namespace-${number % 20}` }));
      if (number % 100 !== 99) continue;
      await publisher.flush();
      publisher.publish(clock(number));
    }
    await publisher.flush();
    const events = await stored(transport);
    for (const [at, event] of events.entries()) {
      if (event.data.kind !== 'source-health') continue;
      expect(
        events.slice(at).filter((later) => later.data.kind === 'line' && later.timestamp < event.timestamp),
      ).toEqual([]);
    }
    expect(messages(events)).toHaveLength(1_000);
  });

  test('announces an event with a trace to whoever follows the trace', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const following = transport.follow(traceSubject(traceId), new AbortController().signal)[Symbol.asyncIterator]();
    const next = following.next();
    publisher.publish(line(1, { traceId }));
    const { value } = (await next) as IteratorYieldResult<{ body: Uint8Array }>;
    expect(decodeEvents(value.body).events).toMatchObject([{ traceId, data: { message: 'line 1' } }]);
    await following.return?.();
  });

  test('an event that no message can hold is counted as lost of its source, and harms no other', async () => {
    publisher.publish(line(1));
    publisher.publish(line(2, { message: 'x'.repeat(2_000_000) }));
    publisher.publish(line(3));
    await publisher.flush();
    expect(messages(await stored(transport))).toEqual(['line 1', 'line 3']);
    expect(publisher.lost(source)).toBe(1);
    expect(publisher.lost('kernel@node-1')).toBe(0);
  });
});

describe('the publisher without a bus', () => {
  test('keeps within its spool, drops the oldest and says how many of which source', async () => {
    const folder = temporaryFolder();
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const transport = createTransport(
      { kind: 'nats', nats: { url: `nats://127.0.0.1:${port}`, stream: 'S', connectTimeoutMs: 100 } },
      { log, registry: new Registry() },
    );
    const publisher = createPublisher({
      transport,
      spoolPath: folder.path,
      spoolBytes: 100_000,
      log,
      registry: new Registry(),
    });
    publisher.start();
    for (let round = 0; round < 20; round++) {
      for (let number = 0; number < 100; number++) publisher.publish(line(round * 100 + number));
      await publisher.flush();
    }
    const lost = publisher.lost(source);
    await publisher.stop();
    expect(lost).toBeGreaterThan(1_000);
    expect(lost).toBeLessThan(2_000);
    expect(lost % 100).toBe(0);
    folder.remove();
  });
});

describeWith(['nats'], 'the publisher on a NATS server', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: NatsServer;
  let transport: Transport;

  beforeEach(async () => {
    folder = temporaryFolder();
    server = await startNats();
    transport = createTransport(
      { kind: 'nats', nats: { url: server.url, stream: 'TAPIO_EVENTS', connectTimeoutMs: 2_000 } },
      { log, registry: new Registry() },
    );
  });

  afterEach(async () => {
    await transport.stop();
    await server.stop();
    folder.remove();
  });

  function create(): Publisher {
    const publisher = createPublisher({
      transport,
      spoolPath: folder.path,
      spoolBytes: 1e8,
      log,
      registry: new Registry(),
    });
    publisher.start();
    return publisher;
  }

  async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await condition())) await delay(50);
  }

  test('loses nothing over a restart of the bus, and gives it out in order', async () => {
    const publisher = create();
    await until(() => transport.health().connected);
    const expected: string[] = [];
    const say = async (count: number): Promise<void> => {
      for (let number = 0; number < count; number++) {
        const event = line(expected.length);
        expected.push(String(event.data['message']));
        publisher.publish(event);
      }
      await publisher.flush();
    };
    await say(100);
    await server.kill();
    for (let round = 0; round < 5; round++) await say(100);
    await server.start();
    await until(() => transport.health().connected);
    await say(100);
    await until(async () => messages(await stored(transport)).length === expected.length);
    expect(messages(await stored(transport))).toEqual(expected);
    expect(publisher.lost(source)).toBe(0);
    await publisher.stop();
  }, 60_000);

  test('starts without the bus, is stopped, and the next one delivers what is in the spool', async () => {
    await server.kill();
    const first = create();
    for (let number = 0; number < 50; number++) first.publish(line(number));
    await first.flush();
    await first.stop();
    await server.start();
    const second = create();
    second.publish(line(50));
    await until(() => transport.health().connected);
    await until(async () => messages(await stored(transport)).length === 51);
    expect(messages(await stored(transport))).toEqual(Array.from({ length: 51 }, (_, number) => `line ${number}`));
    await second.stop();
  }, 60_000);
});
