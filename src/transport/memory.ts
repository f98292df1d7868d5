import { ThroughlineError } from '../errors.js';
import { createAnnouncementQueue, type AnnouncementQueue } from './announcements.js';
import { deadLetter } from './dead-letter.js';
import { createMemoryDurable, type MemoryDurable } from './memory-durable.js';
import { createMemoryStream, type MemoryStream } from './memory-stream.js';
import type { TransportMetrics } from './metrics.js';
import { consumeDefaults, lanesOf, streamNames, subjectMatcher } from './streams.js';
import type {
  Consumer,
  ConsumeOptions,
  IncomingMessage,
  OutgoingMessage,
  ReadOptions,
  StoredMessage,
  StreamName,
  Transport,
} from './transport.js';

export interface MemoryTransportOptions {
  /** Bytes of bodies kept per stream. Defaults: raw and unified 64 MiB, results 32 MiB, dead 16 MiB. */
  readonly maxBytes?: Partial<Readonly<Record<StreamName, number>>>;
}

const mebibyte = 1_048_576;
const defaultMaxBytes: Readonly<Record<StreamName, number>> = {
  raw: 64 * mebibyte,
  unified: 64 * mebibyte,
  results: 32 * mebibyte,
  dead: 16 * mebibyte,
};

/**
 * The bus of `throughline up`: everything in this process, nothing on disk. A full stream drops its oldest messages once every
 * durable has acknowledged them; while it is full of others, publish waits.
 */
export function createMemoryTransport(
  options: MemoryTransportOptions,
  dependencies: { readonly metrics: TransportMetrics },
): Transport {
  const { metrics } = dependencies;
  const durables = new Map<StreamName, Map<string, MemoryDurable>>(streamNames.map((stream) => [stream, new Map()]));
  const streams = new Map<StreamName, MemoryStream>(
    streamNames.map((stream) => [
      stream,
      createMemoryStream({
        maxBytes: options.maxBytes?.[stream] ?? defaultMaxBytes[stream],
        floor: () => Math.min(Infinity, ...[...durables.get(stream)!.values()].map((durable) => durable.floor())),
      }),
    ]),
  );
  const followers = new Map<AnnouncementQueue, (subject: string) => boolean>();
  const consumers = new Set<Consumer>();
  let stopping = new AbortController();

  function durableOf(consume: ConsumeOptions): MemoryDurable {
    const { stream, durable: name, shards } = consume;
    const ackWaitMs = consume.ackWaitMs ?? consumeDefaults.ackWaitMs;
    const maxDeliver = consume.maxDeliver ?? consumeDefaults.maxDeliver;
    const known = durables.get(stream)!.get(name);
    if (known !== undefined) return Object.assign(known, { ackWaitMs, maxDeliver });
    const made = createMemoryDurable({
      stream: streams.get(stream)!,
      filters: lanesOf(stream, shards),
      ackWaitMs,
      maxDeliver,
      onExhausted(message, deliveries) {
        const error = new ThroughlineError(
          'EVENT_UNDELIVERABLE',
          `not acknowledged after ${deliveries} deliveries to ${name}`,
        );
        const letter = deadLetter(stream, { ...message, deliveries }, error);
        streams.get('dead')!.append(letter, true);
        metrics.published(letter);
      },
    });
    durables.get(stream)!.set(name, made);
    return made;
  }

  async function publishOne(message: OutgoingMessage): Promise<void> {
    const stream = streams.get(message.stream)!;
    while (stream.append(message) === 'full') {
      if (stopping.signal.aborted) throw new ThroughlineError('TRANSPORT_UNAVAILABLE', 'the transport was stopped');
      await stream.space.wait(stopping.signal);
    }
    metrics.published(message);
  }

  return {
    kind: 'memory',
    start() {
      if (stopping.signal.aborted) stopping = new AbortController();
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      for (const queue of followers.keys()) queue.close();
      for (const durable of [...durables.values()].flatMap((each) => [...each.values()])) durable.close();
    },

    async publish(messages) {
      for (const message of messages) await publishOne(message);
    },
    announce(subject, body) {
      for (const [queue, matches] of followers) if (matches(subject)) queue.push({ subject, body });
    },
    follow(subject, signal) {
      const queue = createAnnouncementQueue(() => followers.delete(queue));
      followers.set(queue, subjectMatcher([subject]));
      return queue.drain(signal);
    },

    consume(consume) {
      const consumer = createConsumer(consume, durableOf(consume), streams.get(consume.stream)!);
      consumers.add(consumer);
      return consumer;
    },
    read: (read) => readStream(streams.get(read.stream)!, read, stopping.signal),
    position(name) {
      const stream = streams.get(name)!;
      return Promise.resolve({ first: stream.first(), last: stream.last() });
    },
    acknowledged: (stream, durable) => Promise.resolve(durables.get(stream)!.get(durable)?.floor() ?? 0),
    health: () =>
      stopping.signal.aborted ? { connected: false, reason: 'stopped' } : { connected: true, reason: null },
  };

  function createConsumer(consume: ConsumeOptions, durable: MemoryDurable, stream: MemoryStream): Consumer {
    const ended = new AbortController();
    const holder = {
      bytesInFlight: 0,
      idle: false,
      maxBytesInFlight: consume.maxBytesInFlight ?? consumeDefaults.maxBytesInFlight,
    };
    durable.attach(holder);
    const consumer: Consumer = {
      async *[Symbol.asyncIterator](): AsyncGenerator<readonly IncomingMessage[]> {
        while (!ended.signal.aborted) {
          const messages = durable.take(holder);
          if (messages.length > 0) {
            metrics.delivered(consume.stream, messages);
            yield messages;
          } else {
            holder.idle = true;
            await stream.news.wait(ended.signal);
            holder.idle = false;
          }
        }
      },
      stop() {
        ended.abort();
        durable.detach(holder);
        consumers.delete(consumer);
        return Promise.resolve();
      },
      bytesInFlight: () => holder.bytesInFlight,
    };
    return consumer;
  }
}

async function* readStream(
  stream: MemoryStream,
  read: ReadOptions,
  stopped: AbortSignal,
): AsyncGenerator<StoredMessage> {
  const { until = Infinity, subject } = read;
  const signal = read.signal === undefined ? stopped : AbortSignal.any([stopped, read.signal]);
  const matches = subjectMatcher([subject ?? '>']);
  let next = read.from ?? (read.sinceMs === undefined ? stream.first() : stream.since(read.sinceMs));
  while (!signal.aborted) {
    next = Math.max(next, stream.first());
    for (let message = stream.at(next); message !== undefined && next <= until; message = stream.at(next)) {
      next++;
      if (matches(message.subject)) yield message;
      if (signal.aborted) return;
    }
    if (next > until) return;
    await stream.news.wait(signal);
  }
}
