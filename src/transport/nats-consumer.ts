import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { ThroughlineError } from '../errors.js';
import { deadLetter } from './dead-letter.js';
import type { TransportMetrics } from './metrics.js';
import type { NatsLink } from './nats-connection.js';
import { createNatsLane, type NatsLane } from './nats-lane.js';
import { plainHeaders } from './nats-headers.js';
import type { Lane } from './subjects.js';
import { consumeDefaults, lanesOf, priorityReserve, yieldLimits } from './streams.js';
import type { Consumer, ConsumeOptions, IncomingMessage, OutgoingMessage } from './transport.js';
import { createWakeup } from './wakeup.js';

interface Delivery {
  readonly message: Msg;
  readonly from: NatsLane;
  readonly lane: Lane;
  /** As the server counts. */
  readonly bytes: number;
  readonly sequence: number;
  readonly deliveries: number;
  readonly storedMs: number;
  /** In the hands of whoever iterates, and until when the server waits for it. */
  deadlineMs: number;
  counted: boolean;
}

const acknowledged = '+ACK';
const inProgress = '+WPI';
const terminated = '+TERM';

export interface NatsConsumerDependencies {
  readonly link: NatsLink;
  readonly manager: JetStreamManager;
  readonly apiPrefix: string;
  readonly publish: (messages: readonly OutgoingMessage[]) => Promise<void>;
  readonly metrics: TransportMetrics;
  readonly log: Logger;
  /** Called when the consumer has stopped. */
  readonly onStopped: () => void;
}

/** The lanes of one durable behind one iterator: what the priority lane has comes first. `streamName` is the name in JetStream. */
export function createNatsConsumer(
  streamName: string,
  options: ConsumeOptions,
  dependencies: NatsConsumerDependencies,
): Consumer {
  const { link, publish, metrics, log, onStopped } = dependencies;
  const { stream, durable } = options;
  const maxBytesInFlight = options.maxBytesInFlight ?? consumeDefaults.maxBytesInFlight;
  const ackWaitMs = options.ackWaitMs ?? consumeDefaults.ackWaitMs;
  const maxDeliver = options.maxDeliver ?? consumeDefaults.maxDeliver;
  const ended = new AbortController();
  const news = createWakeup();
  /** Came, and not yet handed out: one queue per lane, in the order of draining. */
  const queues: Delivery[][] = [];
  /** Handed out, in the order of their deadlines. */
  const held = new Set<Delivery>();
  let bytesInFlight = 0;

  const filters = lanesOf(stream, options.shards);
  const lanes = filters.map((filter, index): NatsLane => {
    const queue: Delivery[] = [];
    queues.push(queue);
    const share = filters.length === 1 ? 1 : index === 0 ? priorityReserve : 1 - priorityReserve;
    const from: NatsLane = createNatsLane(
      {
        stream: streamName,
        durable: `${durable}${filter.suffix}`,
        subjects: filter.subjects,
        ackWaitMs,
        maxBytes: Math.floor(maxBytesInFlight * share),
        onMessage: (message, bytes) => onMessage(message, bytes, { from, lane: filter.lane }, queue),
        // What is stored in an earlier lane comes before anything of a later one.
        onDrained: () => start(index + 1),
      },
      dependencies,
    );
    return from;
  });

  const keepAlive = setInterval(tend, Math.max(50, ackWaitMs / 3)).unref();
  start(0);

  function start(index: number): void {
    lanes[index]?.start().catch((error: unknown) => {
      if (ended.signal.aborted) return;
      log.warn({ err: error, durable }, 'the consumer cannot be started; trying again');
      setTimeout(() => start(index), 500).unref();
    });
  }

  function onMessage(message: Msg, bytes: number, origin: Pick<Delivery, 'from' | 'lane'>, queue: Delivery[]): void {
    const place = placeOf(message);
    const delivery: Delivery = { ...origin, ...place, message, bytes, deadlineMs: 0, counted: true };
    bytesInFlight += bytes;
    if (place.deliveries > maxDeliver) {
      void giveUp(delivery);
      return;
    }
    queue.push(delivery);
    news.wake();
  }

  /** The dead letter must be durable before the message is given up; until then it comes again. */
  async function giveUp(delivery: Delivery): Promise<void> {
    const { message, sequence } = delivery;
    const error = new ThroughlineError(
      'EVENT_UNDELIVERABLE',
      `not acknowledged after ${maxDeliver} deliveries to ${durable}`,
    );
    const stored = { subject: message.subject, body: message.data, sequence, headers: {}, deliveries: maxDeliver };
    try {
      await publish([deadLetter(stream, stored, error)]);
      respond(message, terminated);
    } catch (cause) {
      log.error({ err: cause, durable, sequence }, 'a dead letter cannot be written; its message will come again');
    }
    release(delivery);
  }

  function release(delivery: Delivery): void {
    held.delete(delivery);
    if (!delivery.counted) return;
    delivery.counted = false;
    bytesInFlight -= delivery.bytes;
    delivery.from.settled(delivery.bytes);
  }

  function hold(delivery: Delivery): void {
    delivery.deadlineMs = Date.now() + ackWaitMs;
    held.delete(delivery);
    held.add(delivery);
  }

  /** An acknowledgement that cannot be sent means one more delivery, no loss. */
  function respond(message: Msg, payload: string): void {
    if (link.connected()) message.respond(payload);
  }

  /** What waits here is worked at; what was handed out and let lapse is in flight elsewhere by now, and no longer counted here. */
  function tend(): void {
    for (const queue of queues) for (const { message } of queue) respond(message, inProgress);
    const nowMs = Date.now();
    for (const delivery of held) {
      if (delivery.deadlineMs > nowMs) break;
      release(delivery);
    }
  }

  function take(): IncomingMessage[] {
    const queue = queues.find(({ length }) => length > 0);
    if (queue === undefined) return [];
    let count = 0;
    for (let bytes = 0; count < Math.min(queue.length, yieldLimits.maxCount) && bytes < yieldLimits.maxBytes; count++) {
      bytes += queue[count]!.bytes;
    }
    return queue.splice(0, count).map(incoming);
  }

  function incoming(delivery: Delivery): IncomingMessage {
    const { message, sequence, deliveries, storedMs, lane } = delivery;
    let settled = false;
    hold(delivery);
    const settle = (payload: string) => {
      if (settled) return;
      settled = true;
      respond(message, payload);
      release(delivery);
    };
    return {
      subject: message.subject,
      body: message.data,
      sequence,
      lane,
      deliveries,
      storedMs,
      get headers() {
        return plainHeaders(message.headers);
      },
      ack: () => settle(acknowledged),
      nak: (delayMs) => settle(`-NAK {"delay": ${Math.round(delayMs * 1e6)}}`),
      working() {
        if (settled || !delivery.counted) return;
        respond(message, inProgress);
        hold(delivery);
      },
    };
  }

  return {
    async *[Symbol.asyncIterator](): AsyncGenerator<readonly IncomingMessage[]> {
      while (!ended.signal.aborted) {
        const messages = take();
        if (messages.length > 0) {
          metrics.delivered(stream, messages);
          yield messages;
        } else {
          await news.wait(ended.signal);
        }
      }
    },
    async stop() {
      if (ended.signal.aborted) return;
      ended.abort();
      clearInterval(keepAlive);
      for (const lane of lanes) lane.stop();
      // Nobody has seen these: the next consumer need not wait for their deadline.
      for (const queue of queues) for (const { message } of queue.splice(0)) respond(message, '-NAK');
      onStopped();
      if (link.connected()) await link.connection.flush().catch(() => {});
    },
    bytesInFlight: () => bytesInFlight,
  };
}

/**
 * From the reply subject, `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`; the
 * longer form has domain and account before the stream and a token after pending.
 */
function placeOf(message: Msg): Pick<Delivery, 'sequence' | 'deliveries' | 'storedMs'> {
  const tokens = (message.reply ?? '').split('.');
  const at = tokens.length === 9 ? 4 : 6;
  return {
    deliveries: Number(tokens[at]),
    sequence: Number(tokens[at + 1]),
    // In nanoseconds.
    storedMs: Number(tokens[at + 3]) / 1e6,
  };
}
