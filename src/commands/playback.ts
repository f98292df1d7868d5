import { setTimeout as delay } from 'node:timers/promises';
import { rawEventId } from '../model/ids.js';
import type { RawEvent } from '../model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../model/time.js';
import { createBatcher } from '../transport/batcher.js';
import { rawSubject } from '../transport/subjects.js';
import type { Transport } from '../transport/transport.js';

export interface PlaybackOptions {
  readonly transport: Transport;
  /** Recorded seconds per second; null: as fast as the bus takes them. */
  readonly speed: number | null;
  readonly signal: AbortSignal;
  /** Called now and then with how far it is, in recorded time. */
  readonly progress?: (playedMs: number, events: number) => void;
}

export interface Played {
  readonly events: number;
  /** Event time of the last event; -Infinity when there was none. */
  readonly lastMs: number;
}

/** Quiet time told after the end, so that what was open settles, resolves and can no longer be reopened. */
const settleMs = 150_000;
/** Within a recording clocks come every second: only between two of them is there more, and nobody waits for that. */
const longestGapMs = 10_000;
const maxPendingBytes = 8 * 1_048_576;

/**
 * Publishes recorded events as an agent would: in their order, and each clock after all that came before it, so that the watermark of
 * the recording holds. Ends with a clock of every source, far enough on for every story to come to its end.
 */
export async function play(events: AsyncIterable<RawEvent>, options: PlaybackOptions): Promise<Played> {
  const { transport, speed, signal } = options;
  const failures: Error[] = [];
  const batcher = createBatcher({
    stream: 'raw',
    publish: (messages) => transport.publish(messages),
    onError: (error) => failures.push(error instanceof Error ? error : new Error(String(error), { cause: error })),
  });
  const clocks = new Map<string, RawEvent>();
  const startedMs = performance.now();
  let firstMs = NaN;
  let lastMs = -Infinity;
  let count = 0;

  for await (const event of events) {
    if (signal.aborted) break;
    const atMs = toEpochMs(event.timestamp);
    if (Number.isNaN(firstMs)) firstMs = atMs;
    if (count > 0) firstMs += Math.max(0, atMs - lastMs - longestGapMs);
    if (atMs > lastMs) lastMs = atMs;
    if (speed !== null) {
      const waitMs = (atMs - firstMs) / speed - (performance.now() - startedMs);
      if (waitMs > 5) {
        await batcher.flush();
        await delay(waitMs, undefined, { signal }).catch(() => undefined);
      }
    }
    const clock = event.data.kind === 'source-health';
    if (clock) {
      clocks.set(event.metadata.source ?? 'unknown', event);
      await batcher.flush();
    }
    batcher.add(rawSubject(event), event.id, event);
    if (clock || batcher.pendingBytes() > maxPendingBytes) await batcher.flush();
    count++;
    if (count % 500 === 0) options.progress?.(lastMs - firstMs, count);
    if (failures[0]) throw failures[0];
  }
  await batcher.flush();
  for (const clock of clocks.values()) {
    const event = later(clock, lastMs + settleMs);
    batcher.add(rawSubject(event), event.id, event);
  }
  await batcher.flush();
  options.progress?.(lastMs - firstMs, count);
  return { events: count, lastMs };
}

function later(clock: RawEvent, atMs: number): RawEvent {
  const event = { ...clock, timestamp: fromEpochMs(atMs) };
  return { ...event, id: rawEventId(event) };
}

/** Resolves when a durable consumer has acknowledged all that its stream holds, twice in a row. */
export async function drained(
  transport: Transport,
  consumers: readonly (readonly ['raw' | 'unified', string])[],
  signal: AbortSignal,
): Promise<void> {
  for (let calm = 0; calm < 2 && !signal.aborted;) {
    let behind = false;
    for (const [stream, durable] of consumers) {
      const { last } = await transport.position(stream);
      if ((await transport.acknowledged(stream, durable)) < last) behind = true;
    }
    calm = behind ? 0 : calm + 1;
    await delay(50, undefined, { signal }).catch(() => undefined);
  }
}
