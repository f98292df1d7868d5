import {
  jetstream,
  jetstreamManager,
  JetStreamApiError,
  type ConsumerInfo,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import type { Logger } from 'pino';
import { ThroughlineError } from '../errors.js';
import { createAnnouncementQueue } from './announcements.js';
import { fitted } from './dead-letter.js';
import type { TransportMetrics } from './metrics.js';
import { connectNats, type NatsConnectOptions, type NatsLink } from './nats-connection.js';
import { createNatsConsumer } from './nats-consumer.js';
import { publishAll } from './nats-publish.js';
import { readStored } from './nats-read.js';
import { ensureStream } from './nats-streams.js';
import { lanesOf, streamLayouts, streamNames, type Retention } from './streams.js';
import type { Consumer, OutgoingMessage, StreamName, Transport } from './transport.js';

export interface NatsTransportOptions extends NatsConnectOptions {
  /** Name of the raw stream, and the prefix of the others: `nats.stream`. */
  readonly stream: string;
  readonly retention?: Partial<Retention>;
  /** Copies of each stream, in a NATS cluster. Default 1. */
  readonly replicas?: number;
  /** How long publish keeps trying without progress before it fails. Default 10_000. */
  readonly publishTimeoutMs?: number;
}

/** NATS JetStream behind the transport port; docs/wire.md is what it keeps to. */
export function createNatsTransport(
  options: NatsTransportOptions,
  dependencies: { readonly log: Logger; readonly metrics: TransportMetrics },
): Transport {
  const { log, metrics } = dependencies;
  const layouts = streamLayouts(options.stream, options.retention);
  const consumers = new Set<Consumer>();
  let session: {
    readonly link: NatsLink;
    readonly client: JetStreamClient;
    readonly manager: JetStreamManager;
  } | null = null;
  let stopping = new AbortController();

  function active(): NonNullable<typeof session> {
    if (session === null) throw new ThroughlineError('TRANSPORT_UNAVAILABLE', 'the transport is not started');
    return session;
  }

  async function publish(messages: readonly OutgoingMessage[]): Promise<void> {
    const { link, client } = active();
    const maxPayload = link.connection.info?.max_payload ?? Infinity;
    const sendable = messages.map((each) => (each.stream === 'dead' ? fitted(each, maxPayload) : each));
    await publishAll(sendable, options.publishTimeoutMs ?? 10_000, {
      link,
      client,
      streamNameOf: (message) => layouts[message.stream].name,
      signal: stopping.signal,
    });
    for (const message of messages) metrics.published(message);
  }

  async function position(stream: StreamName): Promise<{ first: number; last: number }> {
    const { state } = await active().manager.streams.info(layouts[stream].name);
    return { first: state.messages === 0 ? state.last_seq + 1 : state.first_seq, last: state.last_seq };
  }

  async function ensureStreams(manager: JetStreamManager): Promise<void> {
    for (const stream of streamNames) await ensureStream(manager, layouts[stream], options.replicas ?? 1);
  }

  /** The server that is back may be another, or one without its disk: what is missing is made anew, as at the start. */
  function onReconnect(): void {
    metrics.reconnected();
    if (session === null) return;
    ensureStreams(session.manager).catch((error: unknown) => {
      if (!stopping.signal.aborted)
        log.error({ err: error }, 'the streams cannot be looked after; the next reconnect tries again');
    });
  }

  return {
    kind: 'nats',
    async start() {
      if (session !== null) return;
      stopping = new AbortController();
      const link = await connectNats(options, { log, onReconnect });
      try {
        const manager = await jetstreamManager(link.connection);
        await ensureStreams(manager);
        session = { link, manager, client: jetstream(link.connection) };
      } catch (cause) {
        await link.close();
        if (cause instanceof ThroughlineError) throw cause;
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ThroughlineError('TRANSPORT_UNAVAILABLE', `JetStream at ${options.url} cannot be used: ${reason}`, {
          cause,
        });
      }
    },
    async stop() {
      if (session === null) return;
      const { link } = session;
      stopping.abort();
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      await link.close();
      session = null;
    },

    publish,
    announce(subject, body) {
      if (session?.link.connected()) session.link.connection.publish(subject, body);
    },
    follow(subject, signal) {
      const subscription = active().link.connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) queue.push({ subject: message.subject, body: message.data });
          else log.warn({ err: error, subject }, 'the bus refuses this subject');
        },
      });
      const queue = createAnnouncementQueue(() => subscription.unsubscribe());
      return queue.drain(AbortSignal.any([signal, stopping.signal]));
    },

    consume(consume) {
      const { link, manager, client } = active();
      const consumer = createNatsConsumer(layouts[consume.stream].name, consume, {
        link,
        manager,
        apiPrefix: client.apiPrefix,
        publish,
        metrics,
        log,
        onStopped: () => consumers.delete(consumer),
      });
      consumers.add(consumer);
      return consumer;
    },
    read(read) {
      const signal = read.signal === undefined ? stopping.signal : AbortSignal.any([read.signal, stopping.signal]);
      const { client, link } = active();
      const maxPayloadBytes = link.connection.info?.max_payload ?? 1_048_576;
      return readStored(layouts[read.stream].name, read, signal, { client, position, maxPayloadBytes });
    },
    position,
    async acknowledged(stream, durable) {
      const { manager } = active();
      // Before the lanes are asked: what is stored later must not count as acknowledged.
      const { last } = await position(stream);
      const floors = lanesOf(stream).map(async ({ suffix }) => {
        try {
          return floorOf(await manager.consumers.info(layouts[stream].name, `${durable}${suffix}`), last);
        } catch (error) {
          if (error instanceof JetStreamApiError && error.status === 404) return 0;
          throw error;
        }
      });
      return Math.min(...(await Promise.all(floors)));
    },
    health() {
      if (session === null) return { connected: false, reason: 'not started' };
      return { connected: session.link.connected(), reason: session.link.reason() };
    },
  };
}

/** A lane that has nothing left of its own is acknowledged as far as the stream goes, not only up to its own last message. */
function floorOf(info: ConsumerInfo, last: number): number {
  if (info.num_pending === 0 && info.num_ack_pending === 0) return last;
  return info.num_ack_pending === 0 ? info.delivered.stream_seq : info.ack_floor.stream_seq;
}
