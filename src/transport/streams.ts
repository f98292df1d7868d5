import type { Lane } from './subjects.js';
import type { StreamName } from './transport.js';

/** The four streams of docs/wire.md, section 1: what each is called on the bus and which subjects it stores. */
export interface StreamLayout {
  /** Name in JetStream. */
  readonly name: string;
  readonly subjects: readonly string[];
  readonly retention: StreamRetention;
}

export interface StreamRetention {
  /** Messages older than this are dropped. */
  readonly maxAgeMs: number;
  /** Beyond this the oldest are dropped. JetStream reserves it: the server refuses a stream that its disk cannot hold. */
  readonly maxBytes: number;
}

export type Retention = Readonly<Record<StreamName, StreamRetention>>;

export const consumeDefaults = { maxBytesInFlight: 64 * 1_048_576, ackWaitMs: 30_000, maxDeliver: 5 } as const;

/** What a consumer yields at once: small enough that a priority message never waits behind more than this. */
export const yieldLimits = { maxCount: 128, maxBytes: 2_097_152 } as const;

/** The part of a consumer's bytes in flight that only the priority lane may use, so that a held flood cannot shut it out. */
export const priorityReserve = 0.25;

/** How long the id of a message is remembered, so that publishing it again stores nothing. Also JetStream's default. */
export const duplicateWindowMs = 120_000;

const hourMs = 3_600_000;
const mebibyte = 1_048_576;

/** Raw exhaust outlives an outage of ingest over a weekend; results and dead letters are for people, and stay a month. */
export const defaultRetention: Retention = {
  raw: { maxAgeMs: 72 * hourMs, maxBytes: 4_096 * mebibyte },
  unified: { maxAgeMs: 72 * hourMs, maxBytes: 1_024 * mebibyte },
  results: { maxAgeMs: 30 * 24 * hourMs, maxBytes: 512 * mebibyte },
  dead: { maxAgeMs: 30 * 24 * hourMs, maxBytes: 256 * mebibyte },
};

export const streamNames: readonly StreamName[] = ['raw', 'unified', 'results', 'dead'];

/** `prefix` is `nats.stream`, the name of the raw stream. */
export function streamLayouts(
  prefix: string,
  retention: Partial<Retention> = {},
): Readonly<Record<StreamName, StreamLayout>> {
  const layout = (stream: StreamName, suffix: string, subjects: readonly string[]): StreamLayout => ({
    name: `${prefix}${suffix}`,
    subjects,
    retention: retention[stream] ?? defaultRetention[stream],
  });
  return {
    raw: layout('raw', '', ['events.>', 'priority.>', 'clock.>']),
    unified: layout('unified', '_UNIFIED', ['unified.>']),
    results: layout('results', '_RESULTS', ['results.>']),
    dead: layout('dead', '_DEAD', ['dead.>']),
  };
}

/** One pull consumer's share of a stream: the priority lane is asked first. */
export interface LaneFilter {
  readonly lane: Lane;
  /** Appended to the durable's name; '' where the stream has but one lane. */
  readonly suffix: '' | '-priority' | '-events';
  /** Subject filters; a message that matches any belongs to the lane. */
  readonly subjects: readonly string[];
}

/**
 * Lanes in the order they are drained. Only raw has two. A watermark is a word about both, and bounds only what came before it in
 * the same lane: so clock.* rides in each.
 */
export function lanesOf(stream: StreamName, shards?: readonly number[]): readonly LaneFilter[] {
  if (stream !== 'raw') return [{ lane: 'events', suffix: '', subjects: [`${stream}.>`] }];
  const filter = (lane: Lane): LaneFilter => ({
    lane,
    suffix: `-${lane}`,
    subjects: [
      ...(shards === undefined
        ? [`${lane}.>`]
        : [...shards].sort((a, b) => a - b).map((shard) => `${lane}.*.*.${shard}`)),
      'clock.>',
    ],
  });
  return [filter('priority'), filter('events')];
}

/** NATS subject matching: `*` stands for one token, a final `>` for one or more. */
export function subjectMatcher(filters: readonly string[]): (subject: string) => boolean {
  const matchers = filters.map(matcher);
  const first = matchers[0];
  if (first !== undefined && matchers.length === 1) return first;
  return (subject) => matchers.some((matches) => matches(subject));
}

function matcher(filter: string): (subject: string) => boolean {
  if (filter === '>') return () => true;
  if (!/[*>]/.test(filter)) return (subject) => subject === filter;
  if (filter.endsWith('.>') && !filter.includes('*')) {
    const prefix = filter.slice(0, -1);
    return (subject) => subject.length > prefix.length && subject.startsWith(prefix);
  }
  const form = filter
    .split('.')
    .map((part) => (part === '*' ? '[^.]+' : part === '>' ? '.+' : part.replace(/[^\w]/g, '\\$&')))
    .join('\\.');
  const pattern = new RegExp(`^${form}$`);
  return (subject) => pattern.test(subject);
}
