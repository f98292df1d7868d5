import { setTimeout as delay } from 'node:timers/promises';
import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import { createInbox, nanos, type Msg, type MsgImpl, type Subscription } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { NatsLink } from './nats-connection.js';

/**
 * One pull consumer, asked in bytes. JetStream's pull protocol is spoken here directly, since the client library's consume() counts
 * what it has asked for and not what is unacknowledged, and so cannot bound the bytes in a worker's hands: the client asks
 * `$JS.API.CONSUMER.MSG.NEXT` for at most so many bytes; messages come to the reply inbox under their own subjects, and a status
 * under the inbox's subject says how much of a request will not be filled (NATS ADR-37).
 */
export interface NatsLane {
  /** Creates the consumer where it is missing and begins to ask. */
  start(): Promise<void>;
  /** Bytes were given back: asks for more when it is worth it. */
  settled(bytes: number): void;
  stop(): void;
}

export interface NatsLaneOptions {
  readonly stream: string;
  readonly durable: string;
  readonly subjects: readonly string[];
  readonly ackWaitMs: number;
  /** Bytes that may be on their way or unacknowledged at once. One message that is larger by itself still comes, alone. */
  readonly maxBytes: number;
  /** `bytes` is the message's size as the server counts it: what {@link NatsLane.settled} gives back. */
  readonly onMessage: (message: Msg, bytes: number) => void;
  /** Called once: everything that was stored when the lane started has come. */
  readonly onDrained: () => void;
}

const maxMessages = 100_000;
const expiresMs = 30_000;
/** The server says so when it has nothing; three silences and the request is taken as lost. */
const heartbeatMs = 2_000;

export function createNatsLane(
  options: NatsLaneOptions,
  dependencies: {
    readonly link: NatsLink;
    readonly manager: JetStreamManager;
    readonly apiPrefix: string;
    readonly log: Logger;
  },
): NatsLane {
  const { stream, durable, maxBytes, onMessage, onDrained } = options;
  const { link, manager, apiPrefix, log } = dependencies;
  const ended = new AbortController();
  const requestSubject = `${apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${durable}`;
  let subscription: Subscription | null = null;
  let inbox = '';
  /** Asked for and neither come nor refused. */
  let asked = { bytes: 0, messages: 0 };
  let inFlightBytes = 0;
  /** The next message is larger than what was asked for: wait until something is settled. */
  let blocked = false;
  let drained = false;
  let lastHeardMs = 0;
  let recovering = false;
  let watchdog: NodeJS.Timeout | null = null;

  async function ensureConsumer(): Promise<void> {
    await manager.consumers.add(stream, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      filter_subjects: [...options.subjects],
      ack_wait: nanos(options.ackWaitMs),
      // The transport counts deliveries itself, to write the dead letter before the message is given up: an advisory could be lost.
      max_deliver: -1,
      max_ack_pending: maxMessages,
    });
  }

  function ask(): void {
    if (ended.signal.aborted || subscription === null || !link.connected()) return;
    const room = maxBytes - inFlightBytes - asked.bytes;
    const alone = blocked && inFlightBytes === 0 && asked.messages === 0;
    // Two requests may overlap, so that the wire is never idle; but a no_wait beside another is refused as if nothing were there.
    const early = asked.messages > 0 && (!drained || room < maxBytes / 4);
    if (!alone && (blocked || early || room <= 0)) return;
    blocked = false;
    const request = alone
      ? { batch: 1, expires: nanos(expiresMs), idle_heartbeat: nanos(heartbeatMs) }
      : drained
        ? { batch: maxMessages, max_bytes: room, expires: nanos(expiresMs), idle_heartbeat: nanos(heartbeatMs) }
        : { batch: maxMessages, max_bytes: room, no_wait: true };
    asked.messages += request.batch;
    asked.bytes += alone ? 0 : room;
    lastHeardMs = Date.now();
    link.connection.publish(requestSubject, JSON.stringify(request), { reply: inbox });
  }

  function onDelivery(error: Error | null, message: Msg): void {
    if (error !== null) {
      log.error({ err: error, durable }, 'the bus refuses this consumer');
      return;
    }
    lastHeardMs = Date.now();
    if (message.subject === inbox) {
      onStatus(message);
      return;
    }
    const bytes = (message as MsgImpl).size();
    asked.bytes = Math.max(0, asked.bytes - bytes);
    asked.messages = Math.max(0, asked.messages - 1);
    if (asked.messages === 0 || asked.bytes === 0) asked = { bytes: 0, messages: 0 };
    inFlightBytes += bytes;
    onMessage(message, bytes);
    ask();
  }

  /** 404 and 408: nothing there (yet); 409: a limit or a change on the server; 503: nobody knows this consumer. */
  function onStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const description = message.headers?.description.toLowerCase() ?? '';
    if (code === 100) return;
    const unfilled = Number(message.headers?.get('Nats-Pending-Messages') || asked.messages);
    asked.messages = Math.max(0, asked.messages - unfilled);
    asked.bytes = Math.max(0, asked.bytes - Number(message.headers?.get('Nats-Pending-Bytes') || asked.bytes));
    if (asked.messages === 0) asked.bytes = 0;
    if (code === 404 || code === 408) {
      if (!drained) {
        drained = true;
        onDrained();
      }
      ask();
    } else if (code === 409 && description.includes('exceeds maxbytes')) {
      blocked = true;
      ask();
    } else {
      log.warn({ durable, code, description }, 'the bus ended a request; asking anew');
      void recover();
    }
  }

  /** Forgets what was asked for, under a new inbox, so that a request of before cannot overfill the worker. */
  async function recover(): Promise<void> {
    if (recovering) return;
    recovering = true;
    unsubscribe();
    for (let pauseMs = 100; !ended.signal.aborted; pauseMs = Math.min(pauseMs * 2, 2_000)) {
      try {
        if (link.connected()) {
          await ensureConsumer();
          break;
        }
      } catch (error) {
        log.warn({ err: error, durable }, 'the consumer cannot be had; trying again');
      }
      await Promise.race([delay(pauseMs, undefined, { ref: false }), link.restored.wait(AbortSignal.timeout(pauseMs))]);
    }
    recovering = false;
    subscribe();
    ask();
  }

  function subscribe(): void {
    if (ended.signal.aborted) return;
    inbox = createInbox();
    subscription = link.connection.subscribe(inbox, { callback: onDelivery });
  }

  function unsubscribe(): void {
    subscription?.unsubscribe();
    subscription = null;
    asked = { bytes: 0, messages: 0 };
    blocked = false;
  }

  async function followConnection(): Promise<void> {
    while (!ended.signal.aborted) {
      await link.lost.wait(ended.signal);
      if (!ended.signal.aborted) await recover();
    }
  }

  return {
    async start() {
      await ensureConsumer();
      if (ended.signal.aborted) return;
      subscribe();
      ask();
      void followConnection();
      watchdog = setInterval(() => {
        if (asked.messages > 0 && Date.now() - lastHeardMs > 3 * heartbeatMs && link.connected()) void recover();
      }, heartbeatMs).unref();
    },
    settled(bytes) {
      inFlightBytes -= bytes;
      blocked = false;
      ask();
    },
    stop() {
      ended.abort();
      unsubscribe();
      if (watchdog !== null) clearInterval(watchdog);
    },
  };
}
