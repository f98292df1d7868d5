import { toEpochMs } from '../../src/model/time.js';

/**
 * Turns error lines into bursts: the first line of a kind is told at once, then at most one update in five seconds while it goes on;
 * twelve seconds of silence end it. A burst keeps its id, so that a thousand lines are one event with count 1000.
 */
export interface LogRates<About> {
  /** One more line. Returns the burst when it is to be told now, else null. */
  seen(key: string, at: string, about: () => About): LogBurst<About> | null;
  /** The burst's update that fell due, null when nothing was added since. */
  due(key: string, at: string): LogBurst<About> | null;
  readonly size: number;
}

export interface LogBurst<About> {
  readonly key: string;
  readonly about: About;
  readonly firstSeen: string;
  lastSeen: string;
  count: number;
}

/** Event time between two updates of one burst. */
export const updateEveryMs = 5_000;
/** Silence that ends a burst: as long as the correlator waits before it takes a problem that comes back for a new one. */
const burstEndMs = 12_000;

interface Running<About> extends LogBurst<About> {
  toldMs: number;
  toldCount: number;
  lastMs: number;
}

export interface LogRatesOptions {
  readonly maxBursts?: number;
  /** Asks for {@link LogRates.due} at that time. */
  readonly schedule: (key: string, dueMs: number) => void;
}

export function createLogRates<About>({ maxBursts = 20_000, schedule }: LogRatesOptions): LogRates<About> {
  const bursts = new Map<string, Running<About>>();

  function seen(key: string, at: string, about: () => About): LogBurst<About> | null {
    const atMs = toEpochMs(at);
    let burst = bursts.get(key);
    if (burst && atMs - burst.lastMs > burstEndMs) burst = undefined;
    if (!burst) {
      burst = { key, about: about(), firstSeen: at, lastSeen: at, count: 1, toldMs: atMs, toldCount: 1, lastMs: atMs };
      bursts.delete(key);
      bursts.set(key, burst);
      if (bursts.size > maxBursts) bursts.delete(bursts.keys().next().value!);
      return burst;
    }
    burst.count += 1;
    burst.lastSeen = at;
    burst.lastMs = atMs;
    if (burst.toldCount === burst.count - 1) schedule(key, Math.max(burst.toldMs + updateEveryMs, atMs));
    return null;
  }

  function due(key: string, at: string): LogBurst<About> | null {
    const burst = bursts.get(key);
    if (!burst || burst.count === burst.toldCount) return null;
    burst.toldCount = burst.count;
    burst.toldMs = toEpochMs(at);
    return burst;
  }

  return {
    seen,
    due,
    get size() {
      return bursts.size;
    },
  };
}
