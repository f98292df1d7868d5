import type { Logger } from 'pino';
import type { Consumer, IncomingMessage, StoredMessage, StreamName, Transport } from '../src/transport/transport.js';
import type { Lane } from '../src/transport/subjects.js';
import { createReorderBuffer, createWatermark } from './window.js';

/**
 * One hop of the pipeline: messages of a stream, put into the order of event time, handed on when the watermark has passed them, and
 * acknowledged once everything that follows from them is durable.
 *
 * Messages are taken in stream order whatever lane brings them, and every clock ends a step. What is handed on, and in which steps,
 * therefore follows from the stream alone: not from how messages were batched, nor from when they came. After a crash the state is
 * rebuilt by reading the stream again from well before the acknowledged floor; what the durable consumer then delivers a second time
 * is acknowledged as soon as what was read of it has been handled.
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

/** What one clock completed: items in order of time. */
export interface HopStep<Item> {
  readonly items: readonly Item[];
  readonly watermarkMs: number;
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
  /** How far before the oldest unacknowledged message state is rebuilt from, by the time messages were stored. */
  readonly horizonMs: number;
  /** A source that has been silent this long, while others were not, no longer holds up the rest. */
  readonly latenessMs: number;
  /** Items of equal time and key are one item that was sent twice. */
  readonly repeats: boolean;
  /** Never throws: what cannot be read is dealt with inside, once: not while `rebuilding`. */
  decode(message: StoredMessage, rebuilding: boolean): Promise<readonly HopItem<Item>[]>;
  /**
   * Resolves when all that follows from the steps is durable. `rebuilding`: their results were durable before the restart, only the
   * state is wanted.
   */
  handle(steps: readonly HopStep<Item>[], rebuilding: boolean): Promise<void>;
  /** Before anything is handled a second time: what was made durable since then, by the bus's clock, must not be made again. */
  recall(sinceMs: number): Promise<void>;
  /** The hop has stopped by itself: nothing more is acknowledged, a restart takes up where it was. */
  onFailure(error: unknown): void;
}

/** A message of which something is still to be handled. */
interface Pending {
  readonly sequence: number;
  left: number;
  /** As it was delivered; none yet when it was only read. */
  messages: IncomingMessage[];
}

interface Held<Item> {
  readonly item: Item;
  readonly pending: Pending | null;
}

interface Arrived<Item> {
  readonly sequence: number;
  readonly items: readonly HopItem<Item>[];
  readonly bytes: number;
  readonly pending: Pending | null;
}

const workingEveryMs = 10_000;
/** Messages between two calls of handle: enough to make commits large, little enough to keep them short. */
const messagesAtOnce = 128;
/** Sequences remembered as handled, for acknowledgements that were lost; a consumer has no more outstanding at once. */
const maxHandled = 100_000;
/** Items remembered against repetition, in each of two generations. */
const maxTaken = 65_536;

export function createHop<Item>(options: HopOptions<Item>): Hop {
  const { transport, log, stream } = options;
  const watermark = createWatermark();
  const buffer = createReorderBuffer<Held<Item>>({ maxBytes: options.maxBufferBytes });
  const pending = new Map<number, Pending>();
  const handled = new Set<number>();
  const isRepeated = createRepeats();
  /** Decoded, and waiting until every lane has come as far. */
  let arrived: Arrived<Item>[] = [];
  let arrivedBytes = 0;
  const reached = new Map<Lane, number>();
  let steps: { readonly ready: readonly Held<Item>[]; readonly watermarkMs: number }[] = [];
  let consumer: Consumer | null = null;
  let running: Promise<void> | null = null;
  let stopping = false;
  let handledTo = 0;
  /** Spent in handle: no source is silent because this hop was busy. */
  let busyMs = 0;

  const settle = (waiting: Pending): void => {
    if (--waiting.left > 0) return;
    for (const message of waiting.messages) message.ack();
    pending.delete(waiting.sequence);
    handled.add(waiting.sequence);
    if (handled.size > maxHandled) handled.delete(handled.values().next().value!);
  };

  const expect = (sequence: number, left: number, messages: IncomingMessage[]): Pending => {
    const waiting = { sequence, left, messages };
    pending.set(sequence, waiting);
    return waiting;
  };

  const step = (): void => {
    const watermarkMs = watermark.currentMs();
    const ready = buffer.advance(watermarkMs);
    if (ready.length > 0) steps.push({ ready, watermarkMs });
  };

  const enter = ({ sequence, items, bytes, pending: waiting }: Arrived<Item>): void => {
    const each = bytes / Math.max(items.length, 1);
    let clock = false;
    for (const { item, atMs, key, clockOf } of items) {
      if (clockOf !== null) {
        watermark.observe(clockOf, atMs, performance.now() - busyMs);
        clock = true;
      }
      if (options.repeats && isRepeated(`${atMs} ${key}`)) {
        if (waiting !== null) settle(waiting);
        continue;
      }
      buffer.add({ item, pending: waiting }, atMs, key, each);
    }
    handledTo = Math.max(handledTo, sequence);
    if (clock || buffer.bytes() > options.maxBufferBytes) step();
  };

  const flush = async (rebuilding: boolean): Promise<void> => {
    if (steps.length === 0) return;
    const taken = steps;
    steps = [];
    const beganMs = performance.now();
    await options.handle(
      taken.map(({ ready, watermarkMs }) => ({ items: ready.map(({ item }) => item), watermarkMs })),
      rebuilding,
    );
    busyMs += performance.now() - beganMs;
    for (const { ready } of taken) {
      for (const { pending: waiting } of ready) if (waiting !== null) settle(waiting);
    }
  };

  /** Reads what is stored, up to the end as it was on arrival. Returns that end. */
  const recover = async (): Promise<number> => {
    const { first, last } = await transport.position(stream);
    if (first > last) return last;
    const floor = await transport.acknowledged(stream, options.durable);
    const oldestMs = await storedMs(Math.min(Math.max(first, floor + 1), last), last);
    await options.recall(oldestMs);
    let read = 0;
    let rebuilding = true;
    for await (const message of transport.read({ stream, sinceMs: oldestMs - options.horizonMs, until: last })) {
      if (stopping) return last;
      if (rebuilding && message.sequence > floor) {
        await flush(true);
        rebuilding = false;
      }
      const items = await options.decode(message, rebuilding);
      const waiting = rebuilding || items.length === 0 ? null : expect(message.sequence, items.length, []);
      enter({ sequence: message.sequence, items, bytes: message.body.length, pending: waiting });
      if (++read % messagesAtOnce === 0) await flush(rebuilding);
    }
    await flush(rebuilding);
    log.info({ stream, read, first, floor, last }, 'state rebuilt from the stream');
    return last;
  };

  const storedMs = async (sequence: number, until: number): Promise<number> => {
    for await (const message of transport.read({ stream, from: sequence, until })) return message.storedMs;
    return Date.now();
  };

  /** True when there is nothing more to do with it than what is being done already. */
  const isKnown = (message: IncomingMessage, recoveredTo: number): boolean => {
    const waiting = pending.get(message.sequence);
    if (waiting) {
      waiting.messages.push(message);
      return true;
    }
    if (message.sequence > recoveredTo && (message.deliveries === 1 || !handled.has(message.sequence))) return false;
    message.ack();
    return true;
  };

  const receive = async (message: IncomingMessage): Promise<void> => {
    const items = await options.decode(message, false);
    // The clock itself comes through the events lane as well; here it only says how far this lane is.
    const copy = message.lane === 'priority' && items.every(({ clockOf }) => clockOf !== null);
    if (items.length === 0 || copy) {
      message.ack();
      return;
    }
    const { sequence, body } = message;
    arrived.push({ sequence, items, bytes: body.length, pending: expect(sequence, items.length, [message]) });
    arrivedBytes += body.length;
  };

  /** Takes what every lane has come past, in stream order; all of it when it is too much to wait with. */
  const proceed = (): void => {
    const complete = arrivedBytes > options.maxBufferBytes ? Infinity : Math.min(...reached.values());
    const now = arrived.filter(({ sequence }) => sequence <= complete);
    if (now.length === 0) return;
    arrived = arrived.filter(({ sequence }) => sequence > complete);
    for (const each of now.sort((a, b) => a.sequence - b.sequence)) {
      arrivedBytes -= each.bytes;
      enter(each);
    }
  };

  const run = async (recoveredTo: number): Promise<void> => {
    for (const lane of options.lanes) reached.set(lane, recoveredTo);
    for await (const batch of consumer!) {
      for (const message of batch) {
        reached.set(message.lane, Math.max(reached.get(message.lane) ?? 0, message.sequence));
        if (isKnown(message, recoveredTo)) continue;
        await receive(message);
      }
      proceed();
      for (const source of watermark.expire(options.latenessMs)) {
        log.warn({ source }, 'this source has fallen silent; the rest go on without it');
        step();
      }
      await flush(false);
    }
  };

  /** Also while a commit is being waited for: held back or retried is not lost. */
  const work = setInterval(() => {
    for (const { messages } of pending.values()) for (const message of messages) message.working();
  }, workingEveryMs);
  work.unref();

  return {
    async start() {
      const recoveredTo = await recover();
      consumer = transport.consume({
        stream,
        durable: options.durable,
        ...(options.shards && { shards: options.shards }),
        // More than the buffer holds before it hands on by force: else both would wait for a clock that is not asked for.
        maxBytesInFlight: 2 * options.maxBufferBytes,
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

/** Whether a text was given before, among the last 65,536 at least. In two generations, so that forgetting costs nothing. */
function createRepeats(): (text: string) => boolean {
  let recent = new Set<string>();
  let older = new Set<string>();
  return (text) => {
    if (recent.has(text) || older.has(text)) return true;
    if (recent.size >= maxTaken) {
      older = recent;
      recent = new Set();
    }
    recent.add(text);
    return false;
  };
}
