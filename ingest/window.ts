/**
 * Event time. Collectors publish, once a second, a clock: "nothing earlier will come from me" (docs/wire.md, watermark). The watermark
 * is the least of these clocks; what lies behind it is complete, and is handed on sorted by (time, key), so that the same events give
 * the same order whatever order they arrived in.
 */
export interface Watermark {
  /** A clock of a source, and when it arrived (any clock that does not go back). Clocks of event time never go back either. */
  observe(source: string, atMs: number, arrivedMs: number): void;
  /**
   * Forgets sources that have said nothing for this long while others have, so that a dead agent does not hold up the rest. Returns
   * their names. It is arrival that counts, and a gap in which nobody spoke counts for little: a replay at full speed, or a pause of
   * the whole pipeline, expires nobody.
   */
  expire(silentMs: number): string[];
  /** -Infinity until the first clock is seen. */
  currentMs(): number;
}

/** Sources speak once a second: a longer gap between any two clocks is a pause of the pipeline, not the silence of one source. */
const longestGapMs = 2_000;

export function createWatermark(): Watermark {
  const clocks = new Map<string, { atMs: number; heardMs: number }>();
  let arrivedLastMs = NaN;
  /** Grows with arrival times, without their pauses. */
  let spokenMs = 0;
  let floor = -Infinity;
  let currentMs = -Infinity;

  const recompute = (): void => {
    let least = Infinity;
    for (const { atMs } of clocks.values()) if (atMs < least) least = atMs;
    if (least !== Infinity && least > floor) floor = least;
    currentMs = floor;
  };

  return {
    observe(source, atMs, arrivedMs) {
      if (arrivedMs > arrivedLastMs) spokenMs += Math.min(arrivedMs - arrivedLastMs, longestGapMs);
      arrivedLastMs = arrivedMs;
      const before = clocks.get(source);
      if (before !== undefined) before.heardMs = spokenMs;
      if (before !== undefined && atMs <= before.atMs) return;
      clocks.set(source, { atMs, heardMs: spokenMs });
      recompute();
    },
    expire(silentMs) {
      const gone = [...clocks].filter(([, { heardMs }]) => spokenMs - heardMs > silentMs).map(([source]) => source);
      for (const source of gone) clocks.delete(source);
      if (gone.length > 0) recompute();
      return gone.sort();
    },
    currentMs: () => currentMs,
  };
}

export interface ReorderBuffer<Item> {
  /** `key` breaks ties of equal times and must follow from the content alone. */
  add(item: Item, atMs: number, key: string, bytes: number): void;
  /** What is at or before the watermark, sorted by (time, key). */
  advance(watermarkMs: number): Item[];
  /** Items that came after the watermark had passed their time: still handed on, next, but out of order. */
  late(): number;
  /** Items handed on early because the buffer was full. */
  forced(): number;
  size(): number;
  bytes(): number;
}

interface Slot<Item> {
  readonly item: Item;
  readonly atMs: number;
  readonly key: string;
  readonly bytes: number;
}

/** `maxBytes` bounds what is held back; beyond it the earliest half is handed on at the next advance whatever the watermark says. */
export function createReorderBuffer<Item>(options: { readonly maxBytes: number }): ReorderBuffer<Item> {
  let slots: Slot<Item>[] = [];
  let held = 0;
  let passedMs = -Infinity;
  let lateCount = 0;
  let forcedCount = 0;

  return {
    add(item, atMs, key, bytes) {
      if (atMs <= passedMs) lateCount++;
      slots.push({ item, atMs, key, bytes });
      held += bytes;
    },
    advance(watermarkMs) {
      if (watermarkMs > passedMs) passedMs = watermarkMs;
      if (slots.length === 0) return [];
      let ready = slots.filter((slot) => slot.atMs <= passedMs);
      if (ready.length > 0) slots = slots.filter((slot) => slot.atMs > passedMs);
      if (held - sum(ready) > options.maxBytes) {
        const sorted = slots.sort(order);
        const forced = sorted.slice(0, Math.ceil(sorted.length / 2));
        slots = sorted.slice(forced.length);
        forcedCount += forced.length;
        passedMs = Math.max(passedMs, forced.at(-1)!.atMs);
        ready = ready.concat(forced);
      }
      held -= sum(ready);
      return ready.sort(order).map((slot) => slot.item);
    },
    late: () => lateCount,
    forced: () => forcedCount,
    size: () => slots.length,
    bytes: () => held,
  };
}

function order(a: Slot<unknown>, b: Slot<unknown>): number {
  return a.atMs - b.atMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function sum(slots: readonly Slot<unknown>[]): number {
  let bytes = 0;
  for (const slot of slots) bytes += slot.bytes;
  return bytes;
}
