import type { CollectedEvent } from './collector.js';
import type { Enrichment, Metadata } from './enrichment.js';
import type { Timestamp } from '../src/model/time.js';

export interface WaitingRoom {
  /** Gives the event on at once when it is complete, else within `maxWaitMs`, complete or not. */
  admit(event: CollectedEvent, source: string): void;
  /** Time of the oldest event of that source that waits: its watermark must not pass it. Null when none waits. */
  oldest(source: string): Timestamp | null;
  /** Lets everyone go as they are, and stops the timer. */
  close(): void;
}

export interface WaitingRoomOptions {
  readonly enrichment: Enrichment;
  readonly release: (event: CollectedEvent, metadata: Metadata, source: string) => void;
  /** Default 500. */
  readonly maxWaitMs?: number;
  /** Beyond it the longest waiting goes at once. Default 10_000. */
  readonly maxEvents?: number;
}

interface Waiting {
  readonly event: CollectedEvent;
  readonly source: string;
  /** By performance.now(). */
  readonly untilMs: number;
}

const checkEveryMs = 25;

/** Where events of containers that are not known yet wait for the API server to tell of them. */
export function createWaitingRoom(options: WaitingRoomOptions): WaitingRoom {
  const { enrichment, release, maxWaitMs = 500, maxEvents = 10_000 } = options;
  let waiting: Waiting[] = [];
  let seenGeneration = 0;
  let timer: NodeJS.Timeout | null = null;

  function check(): void {
    const nowMs = performance.now();
    const learnt = enrichment.generation() !== seenGeneration;
    seenGeneration = enrichment.generation();
    const still: Waiting[] = [];
    for (const one of waiting) {
      if (!learnt && one.untilMs > nowMs) {
        still.push(one);
        continue;
      }
      const { metadata, known } = enrichment.complete(one.event.metadata, one.event.timestamp);
      if (known || one.untilMs <= nowMs) release(one.event, metadata, one.source);
      else still.push(one);
    }
    waiting = still;
    if (waiting.length === 0) stopTimer();
  }

  function stopTimer(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    admit(event, source) {
      const { metadata, known } = enrichment.complete(event.metadata, event.timestamp);
      if (known) return release(event, metadata, source);
      if (waiting.length >= maxEvents) {
        const [first] = waiting.splice(0, 1);
        release(
          first!.event,
          enrichment.complete(first!.event.metadata, first!.event.timestamp).metadata,
          first!.source,
        );
      }
      waiting.push({ event, source, untilMs: performance.now() + maxWaitMs });
      timer ??= setInterval(check, checkEveryMs);
    },
    oldest(source) {
      let oldest: Timestamp | null = null;
      for (const one of waiting) {
        if (one.source === source && (oldest === null || one.event.timestamp < oldest)) oldest = one.event.timestamp;
      }
      return oldest;
    },
    close() {
      stopTimer();
      for (const { event, source } of waiting.splice(0)) {
        release(event, enrichment.complete(event.metadata, event.timestamp).metadata, source);
      }
    },
  };
}
