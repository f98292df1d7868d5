import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createTransform } from '../../ingest/transform/transform.js';
import { contentId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs } from '../../src/model/time.js';
import { decodeEvents, encode } from '../../src/transport/codec.js';
import { createTransport } from '../../src/transport/create.js';
import { rawSubject } from '../../src/transport/subjects.js';
import type { Transport } from '../../src/transport/transport.js';
import { startNats } from '../servers/nats.js';
import { figure, median, type Figure } from './figure.js';

export interface BusOptions {
  /** How long rounds are repeated; each way gets at least three. */
  readonly seconds?: number;
  readonly messages?: number;
  readonly eventsPerMessage?: number;
}

interface Round {
  readonly perSecond: number;
  /** Per second of this process's CPU time, all threads: what one core would do, whoever else uses the machine. */
  readonly perCpuSecond: number;
}

export const run = (): Promise<Figure[]> => bus({});

/**
 * From JetStream to UnifiedEvents, over what this process can do at best with the same messages: the client library's own consume,
 * JSON.parse, ack. The ways take turns on the same stored messages, each round with a consumer of its own.
 */
export async function bus({ seconds = 20, messages = 400, eventsPerMessage = 500 }: BusOptions): Promise<Figure[]> {
  const server = await startNats();
  const log = pino({ level: 'silent' });
  const transport = createTransport(
    { kind: 'nats', nats: { url: server.url, stream: 'TAPIO_EVENTS' } },
    { log, registry: new Registry() },
  );
  try {
    await transport.start();
    const published = await publish(transport, messages, eventsPerMessage);
    const total = messages * eventsPerMessage;
    const connection = await connect({ servers: server.url });
    const ways: Record<string, (name: string, onFirst: () => void) => Promise<number>> = {
      parse: (name, onFirst) => consumeAndParse(connection, name, total, onFirst),
      decode: (name, onFirst) => consumeAndDecode(transport, name, total, onFirst),
      transform: (name, onFirst) => consumeAndTransform(transport, name, total, onFirst),
    };
    const rounds: Record<string, Round[]> = { parse: [], decode: [], transform: [] };
    // The first round of each only warms up the compiler.
    for (const [way, consume] of Object.entries(ways))
      await timed(total, (onFirst) => consume(`warm-up-${way}`, onFirst));
    const end = performance.now() + seconds * 1_000;
    for (let round = 0; round < 3 || performance.now() < end; round++) {
      for (const [way, consume] of Object.entries(ways)) {
        rounds[way]!.push(await timed(total, (onFirst) => consume(`${way}-${round}`, onFirst)));
      }
    }
    await connection.close();
    const at = (way: string, of: keyof Round) => median(rounds[way]!.map((round) => round[of]));
    return [
      figure('publish (batches, durable)', published, 'events/s'),
      figure('raw ceiling: consume, JSON.parse, ack', at('parse', 'perSecond'), 'events/s'),
      figure('consume, decode, ack', at('decode', 'perSecond'), 'events/s', at('parse', 'perSecond')),
      figure('consume to UnifiedEvent, ack', at('transform', 'perSecond'), 'events/s', at('parse', 'perSecond')),
      figure('raw ceiling, per core', at('parse', 'perCpuSecond'), 'events/CPU-s'),
      figure(
        'consume, decode, ack, per core',
        at('decode', 'perCpuSecond'),
        'events/CPU-s',
        at('parse', 'perCpuSecond'),
      ),
      figure(
        'consume to UnifiedEvent, per core',
        at('transform', 'perCpuSecond'),
        'events/CPU-s',
        at('parse', 'perCpuSecond'),
      ),
    ];
  } finally {
    await transport.stop();
    await server.stop();
  }
}

/** The clocks start with the first message: making a consumer is not what is measured. */
async function timed(total: number, consume: (onFirst: () => void) => Promise<number>): Promise<Round> {
  globalThis.gc?.();
  let startedAt = 0;
  let startedCpu = process.cpuUsage();
  const consumed = await consume(() => {
    if (startedAt > 0) return;
    startedAt = performance.now();
    startedCpu = process.cpuUsage();
  });
  const { user, system } = process.cpuUsage(startedCpu);
  const elapsedMs = performance.now() - startedAt;
  if (consumed !== total) throw new Error(`${consumed} events of ${total} came`);
  return { perSecond: (total / elapsedMs) * 1_000, perCpuSecond: (total / (user + system)) * 1e6 };
}

async function publish(transport: Transport, messages: number, eventsPerMessage: number): Promise<number> {
  const bodies = [];
  for (let message = 0; message < messages; message++) {
    const events = Array.from({ length: eventsPerMessage }, (_, index) => logLine(message * eventsPerMessage + index));
    const ids = events.map(({ id }) => id);
    bodies.push({
      stream: 'raw' as const,
      subject: rawSubject(events[0]!),
      body: encode(events),
      id: contentId(...ids),
    });
  }
  const startedAt = performance.now();
  await transport.publish(bodies);
  return ((messages * eventsPerMessage) / (performance.now() - startedAt)) * 1_000;
}

/** The client library's own consume, asked in bytes since asked in messages it stalls under load, and JSON.parse of what comes. */
async function consumeAndParse(
  connection: NatsConnection,
  durable: string,
  total: number,
  onFirst: () => void,
): Promise<number> {
  const manager = await jetstreamManager(connection);
  await manager.consumers.add('TAPIO_EVENTS', {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    filter_subject: 'events.>',
  });
  const consumer = await jetstream(connection).consumers.get('TAPIO_EVENTS', durable);
  let seen = 0;
  for await (const message of await consumer.consume({ max_bytes: 64 * 1_048_576 })) {
    onFirst();
    const { buffer, byteOffset, byteLength } = message.data;
    const events = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString('utf8')) as unknown[];
    seen += events.length;
    message.ack();
    if (seen >= total) break;
  }
  await connection.flush();
  await manager.consumers.delete('TAPIO_EVENTS', durable);
  return seen;
}

async function consumeAndDecode(
  transport: Transport,
  durable: string,
  total: number,
  onFirst: () => void,
): Promise<number> {
  const consumer = transport.consume({ stream: 'raw', durable });
  let seen = 0;
  for await (const messages of consumer) {
    onFirst();
    for (const message of messages) {
      const { events, rejected } = decodeEvents(message.body);
      if (rejected.length > 0) throw rejected[0]!.error;
      seen += events.length;
      message.ack();
    }
    if (seen >= total) break;
  }
  await consumer.stop();
  return seen;
}

async function consumeAndTransform(
  transport: Transport,
  durable: string,
  total: number,
  onFirst: () => void,
): Promise<number> {
  const consumer = transport.consume({ stream: 'raw', durable });
  const transform = createTransform({ cluster: 'bench', log: pino({ level: 'silent' }), registry: new Registry() });
  let seen = 0;
  let found = 0;
  for await (const messages of consumer) {
    onFirst();
    for (const message of messages) {
      const { events, rejected } = decodeEvents(message.body);
      if (rejected.length > 0) throw rejected[0]!.error;
      for (const event of events) found += transform.transform(event).length;
      seen += events.length;
      message.ack();
    }
    if (seen >= total) break;
  }
  await consumer.stop();
  if (found === 0) throw new Error('no UnifiedEvent came out');
  return seen;
}

const startMs = Date.UTC(2026, 10, 24, 17);
const services = ['checkout', 'cart', 'payment', 'catalog', 'search', 'frontend', 'email', 'shipping'];

/** A web service's log: mostly requests, now and then a warning, once in a thousand lines an error. 10,000 lines a second of event time. */
function logLine(n: number): RawEvent {
  const service = services[n % services.length]!;
  const [level, message] =
    n % 1_000 === 999
      ? ['error', `order ${n} failed: connect ECONNREFUSED 10.96.${n % 250}.${n % 199}:5432`]
      : n % 100 === 50
        ? ['warn', `slow query: ${n % 900} ms for SELECT items of cart ${n}`]
        : ['info', `GET /api/${service}/items/${n % 5_000} 200 ${n % 90} ms`];
  return {
    schemaVersion: 1,
    id: contentId('bench', n),
    type: 'log',
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(startMs + n / 10),
    data: { kind: 'line', stream: 'stdout', message, level, attributes: {} },
    metadata: {
      cluster: 'bench',
      source: 'container-logs@node-1',
      node: 'node-1',
      namespace: 'shop',
      pod: `${service}-6d5f9c7b8-x2x7q`,
      podUid: `5f0c3c0e-9f4b-4a58-9d56-4d9b2d7d1c1${n % services.length}`,
      container: 'app',
      workload: service,
    },
  };
}
