import type { Logger } from 'pino';
import type { Consumer, IncomingMessage, StoredMessage, StreamName, Transport } from '../src/transport/transport.js';
import type { Lane } from '../src/transport/subjects.js';
import { createReorderBuffer, createWatermark } from './window.js';

/**
 * One hop of the pipeline: messages of a stream, put into the order of event time, handed on when the watermark has passed them, and
 * acknowledged once everything that follows from them is durable. After a crash the state is rebuilt by reading the stream again from
 * before the acknowledged floor, in stream order; what the durable consumer then delivers a second time is only acknowledged.
 */
export interface Hop {
  start(): Promise<void>;
  stop(): Promise<void>;
  stats(): HopStats;
}

export interface HopStats {
  readonly watermarkMs: number;
  readonly buffered: number;
  readonly bufferedBytes: number;
  readonly late: number;
  readonly forced: number;
  readonly sequence: number;
}

export interface HopItem<Item> {
  readonly item: Item;
  readonly atMs: number;
  /** Breaks ties of equal times; follows from the content. */
  readonly key: string;
  /** Not null: this item is the clock of that source, and `atMs` its time. */
  readonly clockOf: string | null;
}

export interface HopOptions<Item> {
  readonly transport: Transport;
  readonly log: Logger;
  readonly stream: StreamName;
  readonly durable: string;
  /** Lanes of the stream: `priority` and `events` for raw, `events` alone for the rest. */
  readonly lanes: readonly Lane[];
  readonly shards?: readonly number[];
  readonly maxBufferBytes: number;
  /** How far before the acknowledged floor state is rebuilt from, by the time messages were stored. */
  readonly horizonMs: number;
  /** A source that has been silent this long, while others were not, no longer holds up the rest. */
  readonly latenessMs: number;
  /** Never throws: what cannot be read is dealt with inside. */
  decode(message: StoredMessage): Promise<readonly HopItem<Item>[]>;
  /**
   * Items in order of time, up to the watermark. Resolves when all that follows from them is durable. `rebuilding`: their results were
   * durable before the restart, only the state is wanted.
   */
  handle(items: readonly Item[], watermarkMs: number, rebuilding: boolean): Promise<void>;
  /** The hop has stopped by itself: nothing more is acknowledged, a restart takes up where it was. */
  onFailure(error: unknown): void;
}

interface Pending {
  readonly message: IncomingMessage;
  left: number;
}

interface Held<Item> {
  readonly item: Item;
  readonly pending: Pending | null;
}

const workingEveryMs = 10_000;

export function createHop<Item>(options: HopOptions<Item>): Hop {
  const { transport, log } = options;
  const watermark = createWatermark();
  const buffer = createReorderBuffer<Held<Item>>({ maxBytes: options.maxBufferBytes });
  const pending = new Set<Pending>();
  let consumer: Consumer | null = null;
  let running: Promise<void> | null = null;
  let stopping = false;
  let handledTo = 0;

  /** A clock speaks for the lane it came through; a source is complete only as far as both lanes are. */
  const observe = (source: string, lanes: readonly Lane[], atMs: number): void => {
    const arrivedMs = performance.now();
    for (const lane of options.lanes)
      watermark.observe(`${source} ${lane}`, lanes.includes(lane) ? atMs : -Infinity, arrivedMs);
  };

  const take = (
    items: readonly HopItem<Item>[],
    lanes: readonly Lane[],
    bytes: number,
    waiting: Pending | null,
  ): void => {
    const each = bytes / Math.max(items.length, 1);
    for (const { item, atMs, key, clockOf } of items) {
      buffer.add({ item, pending: waiting }, atMs, key, each);
      if (clockOf !== null) observe(clockOf, lanes, atMs);
    }
  };

  const release = async (rebuilding: boolean): Promise<void> => {
    for (const source of watermark.expire(options.latenessMs)) {
      log.warn({ source }, 'this source has fallen silent; the rest go on without it');
    }
    const ready = buffer.advance(watermark.currentMs());
    if (ready.length === 0) return;
    await options.handle(
      ready.map(({ item }) => item),
      watermark.currentMs(),
      rebuilding,
    );
    for (const { pending: waiting } of ready) {
      if (waiting !== null && --waiting.left === 0) {
        waiting.message.ack();
        pending.delete(waiting);
      }
    }
  };

  /** Reads what is stored, up to the end as it was on arrival. Returns that end. */
  const recover = async (): Promise<number> => {
    const { first, last } = await transport.position(options.stream);
    const floor = await transport.acknowledged(options.stream, options.durable);
    if (last === 0 || floor === 0) return 0;
    let read = 0;
    const sinceMs = Date.now() - options.horizonMs;
    for await (const message of transport.read({ stream: options.stream, sinceMs, until: last })) {
      if (stopping) return last;
      const items = await options.decode(message);
      // In stream order a clock speaks for every lane.
      take(items, options.lanes, message.body.length, null);
      await release(message.sequence <= floor);
      read++;
    }
    log.info({ stream: options.stream, read, first, floor, last }, 'state rebuilt from the stream');
    return last;
  };

  const run = async (recoveredTo: number): Promise<void> => {
    for await (const batch of consumer!) {
      for (const message of batch) {
        if (message.sequence <= recoveredTo) {
          message.ack();
          continue;
        }
        const items = await options.decode(message);
        if (items.length === 0) {
          message.ack();
          continue;
        }
        if (message.lane === 'priority' && items.every(({ clockOf }) => clockOf !== null)) {
          // The clock itself comes through the events lane as well; here it only says how far this lane is.
          for (const { clockOf, atMs } of items) observe(clockOf!, ['priority'], atMs);
          message.ack();
          continue;
        }
        const waiting: Pending = { message, left: items.length };
        pending.add(waiting);
        take(items, [message.lane], message.body.length, waiting);
        handledTo = Math.max(handledTo, message.sequence);
      }
      await release(false);
    }
  };

  /** Also while a commit is being waited for: held back or retried is not lost. */
  const work = setInterval(() => {
    for (const { message } of pending) message.working();
  }, workingEveryMs);
  work.unref();

  return {
    async start() {
      const recoveredTo = await recover();
      handledTo = recoveredTo;
      consumer = transport.consume({
        stream: options.stream,
        durable: options.durable,
        ...(options.shards && { shards: options.shards }),
      });
      running = run(recoveredTo).catch((error: unknown) => {
        if (!stopping) options.onFailure(error);
      });
    },
    async stop() {
      stopping = true;
      clearInterval(work);
      await consumer?.stop();
      await running;
    },
    stats: () => ({
      watermarkMs: watermark.currentMs(),
      buffered: buffer.size(),
      bufferedBytes: buffer.bytes(),
      late: buffer.late(),
      forced: buffer.forced(),
      sequence: handledTo,
    }),
  };
}
