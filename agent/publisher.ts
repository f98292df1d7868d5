import { setTimeout as delay } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Logger } from 'pino';
import { ThroughlineError } from '../src/errors.js';
import type { RawEvent } from '../src/model/raw-event.js';
import { createBatcher } from '../src/transport/batcher.js';
import { decode, encode } from '../src/transport/codec.js';
import { lane, rawSubject, traceSubject } from '../src/transport/subjects.js';
import type { OutgoingMessage, Transport } from '../src/transport/transport.js';
import { openSpool } from './spool.js';

export interface PublisherOptions {
  /** Started by start() here, again and again until the bus can be had, unless it is started already; stopped by whoever made it. */
  readonly transport: Transport;
  readonly spoolPath: string;
  readonly spoolBytes: number;
  readonly lingerMs?: number;
  readonly log: Logger;
  readonly registry: Registry;
}

export interface Publisher {
  start(): void;
  /** Flushes; what the bus does not take stays in the spool for the next start. */
  stop(): Promise<void>;
  /** Never waits and never throws: what cannot be sent is spooled, what cannot be spooled is counted as lost of its source. */
  publish(event: RawEvent): void;
  /** Resolves when everything published before is on the bus or on the disk. */
  flush(): Promise<void>;
  /** Events of that source that were lost behind publish(). */
  lost(source: string): number;
}

/** A publish that takes longer than this counts as a bus that is away, one that lost its connection does at once. Ids make sending again harmless. */
const publishTimeoutMs = 15_000;
const connectionCheckMs = 200;
const connectAgainMs = 2_000;
const drainEveryMs = 500;
/** Small enough for a slow bus to confirm within publishTimeoutMs. */
const drainBytes = 1024 * 1024;
/** Only reached when the disk is slower than the collectors. */
const maxPendingBytes = 64 * 1024 * 1024;

/** Batches events by subject, publishes them in order, and keeps them on disk while the bus is away. Fails when the spool cannot be opened. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { transport, log, registry } = options;
  const lostBySource = new Map<string, number>();
  const spool = openSpool({
    path: options.spoolPath,
    maxBytes: options.spoolBytes,
    onDropped: (messages) => messages.forEach((message) => loseMessage(message, 'spool-full')),
  });
  const metrics = createMetrics(registry, () => spool.bytes());
  const batcher = createBatcher({
    stream: 'raw',
    publish: deliver,
    onError: (error) => log.error({ err: error }, 'events could not be delivered'),
    ...(options.lingerMs === undefined ? {} : { lingerMs: options.lingerMs }),
  });
  let stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let draining: Promise<void> | null = null;
  let away = false;

  /** In order, and so behind what is in the spool. Never rejects. */
  async function deliver(messages: readonly OutgoingMessage[]): Promise<void> {
    if (!spool.empty() || !transport.health().connected) return keep(messages);
    const left = await send(messages);
    if (left.length > 0) keep(left);
  }

  /** What the bus could not take for now. What it never will take is counted as lost. */
  async function send(messages: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]> {
    try {
      await whileConnected(transport, transport.publish(messages));
      metrics.published.inc(messages.length);
      if (away) log.info('the bus takes events again');
      away = false;
      return [];
    } catch (error) {
      if (!(error instanceof ThroughlineError && error.kind === 'poison')) {
        if (!away) log.warn({ err: error }, 'the bus is away; events go to the spool');
        away = true;
        return messages;
      }
      if (messages.length === 1) {
        log.error({ err: error, subject: messages[0]!.subject }, 'the bus refuses a message');
        loseMessage(messages[0]!, 'rejected');
        return [];
      }
      for (const [at, message] of messages.entries()) {
        const left = await send([message]);
        if (left.length > 0) return messages.slice(at);
      }
      return [];
    }
  }

  function keep(messages: readonly OutgoingMessage[]): void {
    try {
      spool.append(messages);
      metrics.spooled.inc(messages.length);
    } catch (error) {
      log.error({ err: error }, 'the spool cannot be written; events are lost');
      for (const message of messages) loseMessage(message, 'spool-failed');
    }
  }

  async function drain(): Promise<void> {
    while (!spool.empty() && transport.health().connected) {
      const messages = spool.peek(drainBytes);
      if (messages.length === 0) return;
      const left = await send(messages);
      spool.advance(messages.length - left.length);
      if (left.length > 0) return;
    }
  }

  function drainSoon(): Promise<void> {
    draining ??= drain()
      .catch((error: unknown) => log.error({ err: error }, 'the spool cannot be read'))
      .finally(() => (draining = null));
    return draining;
  }

  function loseMessage(message: OutgoingMessage, reason: LossReason): void {
    for (const event of decode<RawEvent>(message.body)) lose(event, reason);
  }

  function lose(event: RawEvent, reason: LossReason): void {
    if (event.data.kind === 'source-health') return;
    const source = event.metadata.source ?? '';
    lostBySource.set(source, (lostBySource.get(source) ?? 0) + 1);
    metrics.lost.inc({ reason });
  }

  function announce(event: RawEvent): void {
    if (event.traceId === null || !transport.health().connected) return;
    transport.announce(traceSubject(event.traceId), encode([event]));
  }

  return {
    start() {
      stopping = new AbortController();
      void connect(transport, log, stopping.signal);
      timer = setInterval(() => void drainSoon(), drainEveryMs);
    },

    async stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
      stopping.abort();
      await batcher.flush();
      await drainSoon();
      spool.close();
    },

    publish(event) {
      if (batcher.pendingBytes() > maxPendingBytes) return lose(event, 'overloaded');
      try {
        batcher.add(rawSubject(event), event.id, event);
        announce(event);
      } catch (error) {
        log.error({ err: error, eventId: event.id }, 'an event cannot be sent');
        return lose(event, 'rejected');
      }
      if (lane(event) === 'priority') {
        batcher.flush().catch((error: unknown) => log.error({ err: error }, 'events could not be delivered'));
      }
    },

    flush: () => batcher.flush(),
    lost: (source) => lostBySource.get(source) ?? 0,
  };
}

type LossReason = 'spool-full' | 'spool-failed' | 'rejected' | 'overloaded';

async function connect(transport: Transport, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await transport.start();
    } catch (error) {
      log.warn({ err: error }, 'the bus cannot be had yet; events go to the spool');
    }
    await delay(connectAgainMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The adapter goes on trying for a while by itself; what it would lose in a crash meanwhile is safer on disk. */
async function whileConnected(transport: Transport, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadlineMs = performance.now() + publishTimeoutMs;
  const away = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const { connected, reason } = transport.health();
      if (connected && performance.now() < deadlineMs) return;
      reject(
        new ThroughlineError(
          'TRANSPORT_UNAVAILABLE',
          connected ? `no confirmation within ${publishTimeoutMs} ms` : (reason ?? 'not connected'),
        ),
      );
    }, connectionCheckMs);
  });
  try {
    await Promise.race([work, away]);
  } finally {
    clearInterval(timer);
  }
}

function createMetrics(registry: Registry, spoolBytes: () => number) {
  const registers = [registry];
  new Gauge({
    name: 'throughline_agent_spool_bytes',
    help: 'Bytes on disk that wait for the bus. Above zero for long: the bus is away or slower than the agent.',
    registers,
    collect() {
      this.set(spoolBytes());
    },
  });
  return {
    published: new Counter({
      name: 'throughline_agent_messages_published_total',
      help: 'Messages that the bus has confirmed.',
      registers,
    }),
    spooled: new Counter({
      name: 'throughline_agent_messages_spooled_total',
      help: 'Messages that were put on disk because the bus was away.',
      registers,
    }),
    lost: new Counter({
      name: 'throughline_agent_events_lost_total',
      help: 'Events lost between collector and bus, by reason. Any rise means evidence is missing from incidents.',
      labelNames: ['reason'],
      registers,
    }),
  };
}
