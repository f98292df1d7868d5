import type { MemoryStream } from './memory-stream.js';
import type { Lane } from './subjects.js';
import { priorityReserve, subjectMatcher, yieldLimits, type LaneFilter } from './streams.js';
import type { IncomingMessage, StoredMessage } from './transport.js';

/** One durable consumer of the memory transport: what each lane has handed out, and what has to come again. */
export interface MemoryDurable {
  ackWaitMs: number;
  maxDeliver: number;
  /** Whoever takes messages says so first: a backlog is split between all who do. */
  attach(holder: Holder): void;
  detach(holder: Holder): void;
  /** Messages of the first lane that has any, within the holder's room; [] when there is nothing now. */
  take(holder: Holder): IncomingMessage[];
  /** The highest sequence below which nothing is left to acknowledge. */
  floor(): number;
  close(): void;
}

/** Whoever takes messages: its unacknowledged bytes are counted where they are held. */
export interface Holder {
  bytesInFlight: number;
  /** Waits for messages. */
  idle: boolean;
  /** Bytes it may hold; the priority lane may use all of them, the others leave a quarter free for it. */
  readonly maxBytesInFlight: number;
}

interface Delivery {
  readonly message: StoredMessage;
  deliveries: number;
  holder: Holder | null;
  deadlineMs: number;
}

interface LaneState {
  readonly lane: Lane;
  readonly matches: (subject: string) => boolean;
  readonly share: number;
  /** Next sequence of the stream to look at. */
  cursor: number;
  floor: number;
  /** Everything handed out and not acknowledged, whatever its state. */
  readonly outstanding: Map<number, Delivery>;
  /** In somebody's hands, in the order of their deadlines: whoever extends one moves it to the end. */
  readonly held: Map<number, Delivery>;
  /** To come again not before its deadline, by deadline. */
  readonly delayed: Delivery[];
  /** To come again now, by sequence. */
  readonly ready: Delivery[];
}

export function createMemoryDurable(options: {
  readonly stream: MemoryStream;
  readonly filters: readonly LaneFilter[];
  readonly ackWaitMs: number;
  readonly maxDeliver: number;
  /** Told a message that was delivered too often; it counts as acknowledged afterwards. */
  readonly onExhausted: (message: StoredMessage, deliveries: number) => void;
}): MemoryDurable {
  const { stream, onExhausted } = options;
  const holders = new Set<Holder>();
  let timer: NodeJS.Timeout | null = null;
  const lanes = options.filters.map((filter, index): LaneState => ({
    lane: filter.lane,
    matches: subjectMatcher(filter.subjects),
    share: options.filters.length > 1 && index > 0 ? 1 - priorityReserve : 1,
    cursor: stream.first(),
    floor: stream.first() - 1,
    outstanding: new Map(),
    held: new Map(),
    delayed: [],
    ready: [],
  }));

  const durable: MemoryDurable = {
    ackWaitMs: options.ackWaitMs,
    maxDeliver: options.maxDeliver,
    attach: (holder) => void holders.add(holder),
    detach: (holder) => void holders.delete(holder),
    take(holder) {
      if (holders.size > 1 && available()) {
        // Turns: who took last comes last, as long as somebody before it waits with empty hands.
        const next = [...holders].find((each) => each === holder || (each.idle && each.bytesInFlight === 0));
        if (next !== holder) {
          stream.news.wake();
          return [];
        }
        holders.delete(holder);
        holders.add(holder);
      }
      for (const lane of lanes) {
        const backlog = stream.last() - lane.cursor + 1 + lane.ready.length;
        const taken = takeFrom(lane, holder, Math.min(yieldLimits.maxCount, Math.ceil(backlog / holders.size)));
        if (taken.length > 0) {
          if (holders.size > 1) stream.news.wake();
          return taken;
        }
      }
      return [];
    },
    floor() {
      for (const lane of lanes) skip(lane);
      return Math.min(...lanes.map((lane) => lane.floor));
    },
    close() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
  return durable;

  function available(): boolean {
    return lanes.some((lane) => {
      skip(lane);
      return lane.ready.length > 0 || stream.at(lane.cursor) !== undefined;
    });
  }

  /** Passes over what belongs to other lanes, so that it does not hold up the floor. */
  function skip(lane: LaneState): void {
    if (lane.cursor < stream.first()) lane.cursor = stream.first();
    for (let next = stream.at(lane.cursor); next !== undefined && !lane.matches(next.subject);) {
      next = stream.at(++lane.cursor);
    }
    while (lane.floor + 1 < lane.cursor && !lane.outstanding.has(lane.floor + 1)) lane.floor++;
  }

  function takeFrom(lane: LaneState, holder: Holder, maxCount: number): IncomingMessage[] {
    const taken: IncomingMessage[] = [];
    let bytes = 0;
    while (taken.length < maxCount && bytes < yieldLimits.maxBytes) {
      skip(lane);
      const again = lane.ready[0];
      const message = again?.message ?? stream.at(lane.cursor);
      if (message === undefined) break;
      const size = message.body.length;
      // Whoever holds nothing may take one message, however large: else it would never come.
      if (holder.bytesInFlight + size > holder.maxBytesInFlight * lane.share && holder.bytesInFlight > 0) break;
      if (again === undefined) lane.cursor++;
      else lane.ready.shift();
      const delivery = again ?? { message, deliveries: 0, holder: null, deadlineMs: 0 };
      lane.outstanding.set(message.sequence, delivery);
      if (++delivery.deliveries > durable.maxDeliver) {
        onExhausted(message, durable.maxDeliver);
        acknowledge(lane, delivery);
        continue;
      }
      delivery.holder = holder;
      holder.bytesInFlight += size;
      bytes += size;
      hold(lane, delivery);
      taken.push(incoming(lane, delivery));
    }
    if (taken.length > 0) schedule();
    return taken;
  }

  function hold(lane: LaneState, delivery: Delivery): void {
    delivery.deadlineMs = Date.now() + durable.ackWaitMs;
    lane.held.delete(delivery.message.sequence);
    lane.held.set(delivery.message.sequence, delivery);
  }

  function release(lane: LaneState, delivery: Delivery): void {
    lane.held.delete(delivery.message.sequence);
    if (delivery.holder !== null) delivery.holder.bytesInFlight -= delivery.message.body.length;
    delivery.holder = null;
  }

  function acknowledge(lane: LaneState, delivery: Delivery): void {
    release(lane, delivery);
    lane.outstanding.delete(delivery.message.sequence);
    remove(lane.ready, delivery);
    remove(lane.delayed, delivery);
    skip(lane);
    stream.space.wake();
    stream.news.wake();
  }

  function incoming(lane: LaneState, delivery: Delivery): IncomingMessage {
    const { subject, body, sequence, headers, storedMs } = delivery.message;
    const deliveries = delivery.deliveries;
    let settled = false;
    /** Whether this very delivery is still the current one: a late word about an earlier one changes nothing but an ack. */
    const current = () => !settled && delivery.deliveries === deliveries && delivery.holder !== null;
    return {
      subject,
      body,
      sequence,
      storedMs,
      headers,
      lane: lane.lane,
      deliveries,
      ack() {
        if (settled || !lane.outstanding.has(sequence)) return;
        settled = true;
        acknowledge(lane, delivery);
      },
      nak(delayMs) {
        if (!current()) return;
        settled = true;
        release(lane, delivery);
        delivery.deadlineMs = Date.now() + delayMs;
        insert(lane.delayed, delivery, (each) => each.deadlineMs);
        schedule();
      },
      working() {
        if (current()) hold(lane, delivery);
      },
    };
  }

  /** One timer for the earliest deadline of all lanes. */
  function schedule(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const nowMs = Date.now();
    let earliestMs = Infinity;
    let due = false;
    for (const lane of lanes) {
      for (const delivery of lane.held.values()) {
        if (delivery.deadlineMs > nowMs) {
          earliestMs = Math.min(earliestMs, delivery.deadlineMs);
          break;
        }
        release(lane, delivery);
        insert(lane.ready, delivery, (each) => each.message.sequence);
        due = true;
      }
      for (let next = lane.delayed[0]; next !== undefined; next = lane.delayed[0]) {
        if (next.deadlineMs > nowMs) {
          earliestMs = Math.min(earliestMs, next.deadlineMs);
          break;
        }
        lane.delayed.shift();
        insert(lane.ready, next, (each) => each.message.sequence);
        due = true;
      }
    }
    if (earliestMs < Infinity) timer = setTimeout(schedule, Math.max(1, earliestMs - nowMs)).unref();
    if (due) stream.news.wake();
  }
}

function insert<Item>(sorted: Item[], item: Item, key: (item: Item) => number): void {
  let at = sorted.length;
  while (at > 0 && key(sorted[at - 1]!) > key(item)) at--;
  sorted.splice(at, 0, item);
}

function remove<Item>(items: Item[], item: Item): void {
  const at = items.indexOf(item);
  if (at !== -1) items.splice(at, 1);
}
