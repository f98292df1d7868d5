import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ThroughlineError } from '../src/errors.js';
import type { OutgoingMessage, StoredMessage, StreamName, Transport } from '../src/transport/transport.js';

/**
 * What a hop says, said once: after a restart it remembers what its stream already holds, however long the bus itself remembers
 * message ids. While the bus is away it goes on trying.
 */
export interface Outbox {
  /** Reads what the stream was given since then, by the bus's clock. */
  recall(sinceMs: number): Promise<void>;
  /** Messages of other streams go through as they are. Fails when the signal aborts, or when the bus will never take a message. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
}

export interface OutboxOptions {
  readonly transport: Pick<Transport, 'publish' | 'position' | 'read'>;
  readonly stream: StreamName;
  /** The ids under which a stored message was published. */
  readonly idOf: (message: StoredMessage) => string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const retryMs = 1_000;

export function createOutbox({ transport, stream, idOf, log, signal }: OutboxOptions): Outbox {
  const said = new Set<string>();

  return {
    async recall(sinceMs) {
      const { first, last } = await transport.position(stream);
      if (first > last) return;
      for await (const message of transport.read({ stream, sinceMs, until: last })) said.add(idOf(message));
    },
    async publish(messages) {
      const unsaid = messages.filter((message) => message.stream !== stream || !said.has(message.id));
      while (unsaid.length > 0) {
        try {
          await transport.publish(unsaid);
          return;
        } catch (error) {
          if (signal.aborted || !(error instanceof ThroughlineError) || error.kind !== 'transient') throw error;
          log.warn({ err: error }, 'the bus is away; nothing is acknowledged until it is back');
          await delay(retryMs, undefined, { signal });
        }
      }
    },
  };
}
