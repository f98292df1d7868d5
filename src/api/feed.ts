import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CorrelationResult } from '../model/correlation-result.js';
import { decode } from '../transport/codec.js';
import type { StoredMessage, Transport } from '../transport/transport.js';
import { apiError } from './errors.js';
import type { ApiMetrics } from './metrics.js';
import { createResultQueue, type ResultQueue } from './result-queue.js';

export interface PublishedResult {
  /** Position in the results stream; as text it is the cursor that subscribers get. */
  readonly sequence: number;
  readonly result: CorrelationResult;
}

export interface FollowOptions {
  /** Cursor to go on from; absent: from now. */
  readonly after: string | null | undefined;
  readonly matches: (result: CorrelationResult) => boolean;
}

/** The results stream, read once for all subscribers of this process. */
export interface ResultFeed {
  start(): void;
  stop(): Promise<void>;
  /**
   * Results after a cursor, in order, none twice and none left out, except that a subscriber who cannot keep up gets only the newest
   * of several revisions of one incident. Fails with CURSOR_INVALID for what is no cursor of this stream, CURSOR_EXPIRED when the stream
   * no longer holds what follows it, TRANSPORT_UNAVAILABLE when the bus is away. Iteration fails with SUBSCRIPTION_OVERFLOW when the
   * subscriber is too slow even so; it ends when this process stops.
   */
  follow(options: FollowOptions): Promise<AsyncIterableIterator<PublishedResult>>;
}

export interface ResultFeedDependencies {
  readonly transport: Pick<Transport, 'read' | 'position'>;
  /** Results that may wait for one subscriber. */
  readonly maxQueue: number;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
}

const retryDelayMs = 500;

export function createResultFeed({ transport, maxQueue, metrics, log }: ResultFeedDependencies): ResultFeed {
  const stopping = new AbortController();
  const queues = new Set<ResultQueue>();
  let running: Promise<void> | null = null;
  /** The last sequence that was handed to the queues; null until the end of the stream is known. */
  let handed: number | null = null;

  async function tail(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        handed ??= (await transport.position('results')).last;
        for await (const message of transport.read({ stream: 'results', from: handed + 1, signal })) {
          const published = decoded(message);
          // Both in one turn of the event loop: whoever joins sees either both or neither.
          handed = message.sequence;
          if (published) for (const queue of queues) queue.push(published);
        }
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'the results stream cannot be followed; trying again');
      }
      await delay(retryDelayMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  function decoded(message: StoredMessage): PublishedResult | null {
    try {
      const [result] = decode<CorrelationResult>(message.body);
      return result ? { sequence: message.sequence, result } : null;
    } catch (error) {
      log.error({ err: error, sequence: message.sequence }, 'a result cannot be read and is passed over');
      return null;
    }
  }

  /** The cursor as a sequence, once the stream is sure to hold everything after it. */
  async function checked(after: string): Promise<number> {
    const { first, last } = await transport.position('results');
    const sequence = /^\d{1,15}$/.test(after) ? Number(after) : NaN;
    if (!(sequence <= last))
      throw apiError('CURSOR_INVALID', 'This cursor is not one of the results stream as it is now.');
    if (sequence < first - 1) {
      throw apiError(
        'CURSOR_EXPIRED',
        'The results that follow this cursor are no longer kept: ask for the incidents again.',
      );
    }
    return sequence;
  }

  async function endOfStream(queue: ResultQueue): Promise<number> {
    try {
      return (await transport.position('results')).last;
    } catch (error) {
      queues.delete(queue);
      throw error;
    }
  }

  return {
    start() {
      running ??= tail();
    },
    async stop() {
      stopping.abort();
      for (const queue of queues) queue.end();
      await running;
    },
    async follow({ after, matches }) {
      const cursor = after === null || after === undefined ? null : await checked(after);
      const queue = createResultQueue({ max: maxQueue, onCoalesced: metrics.coalesced });
      const leaving = new AbortController();
      // From here on everything new is in the queue; what lies between the cursor and here is read from the stream.
      queues.add(queue);
      const joinedAt = handed ?? (await endOfStream(queue));
      let last = cursor ?? joinedAt;
      const range = { stream: 'results', from: last + 1, until: joinedAt, signal: leaving.signal } as const;
      const history = last < joinedAt ? transport.read(range)[Symbol.asyncIterator]() : null;
      let reading = history;
      metrics.subscribed(1);

      /** Whichever way it ends: by the subscriber, by the queue, by a failed read. */
      function leave(): void {
        if (leaving.signal.aborted) return;
        leaving.abort();
        queues.delete(queue);
        queue.end();
        metrics.subscribed(-1);
      }

      async function next(): Promise<IteratorResult<PublishedResult>> {
        try {
          const published = await following();
          if (published) return { done: false, value: published };
        } catch (error) {
          leave();
          throw error;
        }
        leave();
        return { done: true, value: undefined };
      }

      async function following(): Promise<PublishedResult | null> {
        while (reading) {
          const message = await reading.next();
          if (message.done) {
            reading = null;
            last = Math.max(last, joinedAt);
          } else {
            last = message.value.sequence;
            const published = decoded(message.value);
            if (published && matches(published.result)) return published;
          }
          if (leaving.signal.aborted) return null;
        }
        for (;;) {
          const published = await queue.take();
          if (published === null) return null;
          if (published.sequence <= last) continue;
          last = published.sequence;
          if (matches(published.result)) return published;
        }
      }

      const followed: AsyncIterableIterator<PublishedResult> = {
        next,
        async return() {
          leave();
          await history?.return?.();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]: () => followed,
      };
      return followed;
    },
  };
}
