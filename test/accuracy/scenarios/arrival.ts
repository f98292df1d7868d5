import type { RawEvent } from '../../../src/model/raw-event.js';
import { toEpochMs } from '../../../src/model/time.js';

/** What comes off the bus: an event, or the clock of a source ("nothing earlier will come from me"). */
export type Arrival =
  { readonly event: RawEvent; readonly clockOf?: undefined } | { readonly clockOf: string; readonly atMs: number };

const secondMs = 1_000;

/** In order of time, with the clocks of all sources at the end of every second in which something was said. */
export function inOrder(events: readonly RawEvent[], settleMs: number): Arrival[] {
  const sources = sourcesOf(events);
  const arrivals: Arrival[] = [];
  const clocks = (atMs: number): void => {
    for (const clockOf of sources) arrivals.push({ clockOf, atMs });
  };
  let endMs = -Infinity;
  for (const event of [...events].sort(byTime)) {
    const atMs = toEpochMs(event.timestamp);
    if (atMs > endMs) {
      if (endMs > -Infinity) clocks(endMs);
      endMs = Math.ceil((atMs + 1) / secondMs) * secondMs - 1;
    }
    arrivals.push({ event });
  }
  for (let ms = endMs; ms <= endMs + settleMs; ms += secondMs) clocks(ms);
  return arrivals;
}

/**
 * The same, as a bad network brings it: each source late by up to five seconds of its own, its events in any order between two of its
 * clocks, and everything twice.
 */
export function disturbed(events: readonly RawEvent[], settleMs: number, seed: number): Arrival[] {
  const draw = random(seed);
  const delays = new Map(sourcesOf(events).map((source) => [source, 5 * secondMs * draw()]));
  const placed: { readonly arrival: Arrival; readonly atMs: number }[] = [];
  for (const arrival of inOrder(events, settleMs)) {
    if (arrival.clockOf !== undefined) {
      placed.push({ arrival, atMs: arrival.atMs + delays.get(arrival.clockOf)! });
      continue;
    }
    const ms = toEpochMs(arrival.event.timestamp);
    // Not before the clock that ended the second before, and not after the one that ends this.
    const startMs = Math.floor((ms + 1) / secondMs) * secondMs - 1 + delays.get(arrival.event.metadata.source ?? '')!;
    for (let copy = 0; copy < 2; copy++) placed.push({ arrival, atMs: startMs + 0.5 + 998 * draw() });
  }
  return placed.sort((a, b) => a.atMs - b.atMs).map(({ arrival }) => arrival);
}

export function sourcesOf(events: readonly RawEvent[]): string[] {
  return [...new Set(events.map(({ metadata }) => metadata.source ?? ''))].sort();
}

export function byTime(a: RawEvent, b: RawEvent): number {
  return a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : a.id < b.id ? -1 : 1;
}

/** Mulberry32: the same seed gives the same numbers, below 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
