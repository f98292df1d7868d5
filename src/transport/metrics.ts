import { Counter, type Registry } from 'prom-client';
import type { IncomingMessage, OutgoingMessage, StreamName } from './transport.js';

/** What an operator sees of the bus; each name is in docs/metrics.md. */
export interface TransportMetrics {
  published(message: OutgoingMessage): void;
  delivered(stream: StreamName, messages: readonly IncomingMessage[]): void;
  reconnected(): void;
}

export function createTransportMetrics(registry: Registry): TransportMetrics {
  const registers = [registry];
  const published = new Counter({
    name: 'throughline_transport_published_total',
    help: 'Messages made durable on a stream. Flat while sources are active: publishers cannot reach the bus.',
    labelNames: ['stream'],
    registers,
  });
  const publishedBytes = new Counter({
    name: 'throughline_transport_published_bytes_total',
    help: 'Bytes of message bodies made durable on a stream.',
    labelNames: ['stream'],
    registers,
  });
  const delivered = new Counter({
    name: 'throughline_transport_delivered_total',
    help: 'Messages handed to a consumer, redeliveries included.',
    labelNames: ['stream'],
    registers,
  });
  const redelivered = new Counter({
    name: 'throughline_transport_redelivered_total',
    help: 'Messages handed out again. A steady rise: a worker fails, or is slower than its acknowledgement wait.',
    labelNames: ['stream'],
    registers,
  });
  const deadLetters = new Counter({
    name: 'throughline_transport_dead_letters_total',
    help: 'Messages given up, by the code of the reason. Any rise: read the dead stream, each letter says why.',
    labelNames: ['code'],
    registers,
  });
  const reconnects = new Counter({
    name: 'throughline_transport_reconnects_total',
    help: 'Connections to the bus that were lost and made again.',
    registers,
  });
  return {
    published(message) {
      published.inc({ stream: message.stream });
      publishedBytes.inc({ stream: message.stream }, message.body.length);
      if (message.stream === 'dead') deadLetters.inc({ code: message.headers?.['Throughline-Code'] ?? 'unknown' });
    },
    delivered(stream, messages) {
      delivered.inc({ stream }, messages.length);
      const again = messages.reduce((count, message) => count + (message.deliveries > 1 ? 1 : 0), 0);
      if (again > 0) redelivered.inc({ stream }, again);
    },
    reconnected: () => reconnects.inc(),
  };
}
