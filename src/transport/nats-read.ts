import { setTimeout as delay } from 'node:timers/promises';
import { DeliverPolicy, type JetStreamClient, type OrderedConsumerOptions } from '@nats-io/jetstream';
import { plainHeaders } from './nats-headers.js';
import type { ReadOptions, StoredMessage, Transport } from './transport.js';

interface ReadDependencies {
  readonly client: JetStreamClient;
  readonly position: Transport['position'];
  /** Largest message that the server takes. */
  readonly maxPayloadBytes: number;
}

const pollMs = 100;
/** How much is read ahead of whoever iterates, in messages of the largest size: a request for less than the next message gets nothing. */
const readAheadMessages = 4;

/**
 * Stored messages by an ordered consumer, which the client makes anew at its cursor after every interruption. With `until`, the
 * stream is read in closed passes up to what is stored now, since a filter may leave nothing to come that would say "past the end".
 */
export async function* readStored(
  streamName: string,
  options: ReadOptions,
  signal: AbortSignal,
  dependencies: ReadDependencies,
): AsyncGenerator<StoredMessage> {
  const { until } = options;
  if (until === undefined) {
    yield* pass(streamName, options, Infinity, signal, dependencies);
    return;
  }
  let next = options.from;
  while (!signal.aborted && (next === undefined || next <= until)) {
    const { last } = await dependencies.position(options.stream);
    const end = Math.min(until, last);
    if (last >= (next ?? 1)) {
      yield* pass(streamName, next === undefined ? options : { ...options, from: next }, end, signal, dependencies);
      next = end + 1;
    } else {
      await delay(pollMs);
    }
  }
}

/** From the cursor to `end`; ends before it when nothing that matches is left. With an infinite end it follows the tail. */
async function* pass(
  streamName: string,
  options: ReadOptions,
  end: number,
  signal: AbortSignal,
  { client, maxPayloadBytes }: ReadDependencies,
): AsyncGenerator<StoredMessage> {
  const consumer = await client.consumers.get(streamName, start(options));
  const { num_pending: pending } = await consumer.info(true);
  if (pending === 0 && end < Infinity) {
    await consumer.delete().catch(() => false);
    return;
  }
  const messages = await consumer.consume({ max_bytes: readAheadMessages * maxPayloadBytes, expires: 5_000 });
  const close = () => void messages.close();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  try {
    for await (const message of messages) {
      const sequence = message.seq;
      if (sequence > end || signal.aborted) return;
      // A consumer made anew before its first message starts from the beginning of the stream.
      const storedMs = message.time.getTime();
      const early = options.from === undefined && options.sinceMs !== undefined && storedMs < options.sinceMs;
      if (!early) {
        yield {
          subject: message.subject,
          body: message.data,
          sequence,
          headers: plainHeaders(message.headers),
          storedMs,
        };
      }
      if (sequence === end || (message.info.pending === 0 && end < Infinity)) return;
    }
  } finally {
    signal.removeEventListener('abort', close);
    await messages.close();
    await consumer.delete().catch(() => false);
  }
}

function start(options: ReadOptions): Partial<OrderedConsumerOptions> {
  const filter = options.subject === undefined ? {} : { filter_subjects: options.subject };
  if (options.from !== undefined) {
    return { ...filter, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, options.from) };
  }
  if (options.sinceMs !== undefined) {
    const time = new Date(options.sinceMs).toISOString();
    return { ...filter, deliver_policy: DeliverPolicy.StartTime, opt_start_time: time };
  }
  return { ...filter, deliver_policy: DeliverPolicy.All };
}
