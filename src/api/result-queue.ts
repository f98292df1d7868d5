import { apiError } from './errors.js';
import type { PublishedResult } from './feed.js';

/** What waits for one subscriber, in stream order. */
export interface ResultQueue {
  push(published: PublishedResult): void;
  /** The next; waits for one. Null once ended; rejects with SUBSCRIPTION_OVERFLOW. */
  take(): Promise<PublishedResult | null>;
  /** Nothing more comes; what waits is dropped. */
  end(): void;
}

export interface ResultQueueOptions {
  readonly max: number;
  /** Told how many revisions were dropped in favour of a newer one of the same incident. */
  readonly onCoalesced: (count: number) => void;
}

/**
 * Bounded: a full queue keeps only the newest revision of each incident, which tells a late reader all that the older ones would;
 * when even that does not fit, it fails with SUBSCRIPTION_OVERFLOW, and the reader can come back by cursor.
 */
export function createResultQueue({ max, onCoalesced }: ResultQueueOptions): ResultQueue {
  let waiting: PublishedResult[] = [];
  let state: 'open' | 'ended' | Error = 'open';
  let wake: (() => void) | null = null;

  function settle(next: 'ended' | Error): void {
    if (state !== 'open') return;
    state = next;
    waiting = [];
    wake?.();
  }

  return {
    push(published) {
      if (state !== 'open') return;
      waiting.push(published);
      if (waiting.length > max) {
        const newest = new Map(waiting.map((each) => [each.result.incidentId, each]));
        const kept = waiting.filter((each) => newest.get(each.result.incidentId) === each);
        onCoalesced(waiting.length - kept.length);
        waiting = kept;
      }
      if (waiting.length > max) {
        settle(apiError('SUBSCRIPTION_OVERFLOW', 'Too slow: more incidents changed than may wait. Go on by cursor.'));
      }
      wake?.();
    },
    async take() {
      while (state === 'open' && waiting.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = null;
      }
      if (state instanceof Error) throw state;
      return waiting.shift() ?? null;
    },
    end: () => settle('ended'),
  };
}
