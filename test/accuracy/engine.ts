import { join } from 'node:path';
import { graphql } from 'graphql';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { loadExperiences } from '../../ingest/correlate/experience.js';
import { createIngest, type IngestOptions } from '../../ingest/ingest.js';
import { loadRules } from '../../ingest/rules/load.js';
import { createLoaders } from '../../schema/loaders.js';
import { createSchema } from '../../schema/schema.js';
import { createResultFeed } from '../../src/api/feed.js';
import { createApiMetrics } from '../../src/api/metrics.js';
import { drained } from '../../src/commands/playback.js';
import { loadConfig } from '../../src/config/load-config.js';
import { packageRoot } from '../../src/config/package-root.js';
import { createGraphStore } from '../../src/graph/create.js';
import { rawEventId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { createBatcher } from '../../src/transport/batcher.js';
import { createTransport } from '../../src/transport/create.js';
import { rawSubject } from '../../src/transport/subjects.js';
import type { Transport } from '../../src/transport/transport.js';

/** One incident as the GraphQL API tells it. */
export interface Told {
  readonly id: string;
  readonly status: string;
  readonly severity: string;
  readonly title: string;
  readonly summary: string;
  /** The sentence about the root cause. */
  readonly rootCause: string;
  readonly confidence: number;
  readonly openedAt: string;
  readonly rootCauseEntity: ToldEntity | null;
  /** Rank 1 first. */
  readonly rootCauses: readonly ToldCause[];
  readonly affected: readonly { readonly role: string; readonly entity: ToldEntity }[];
}

export interface ToldEntity {
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
}

export interface ToldCause {
  readonly rank: number;
  readonly confidence: number;
  readonly category: string;
  readonly entity: ToldEntity;
  readonly event: {
    readonly message: string;
    readonly entity: ToldEntity;
    readonly attributes: readonly { readonly name: string; readonly value: string }[];
  };
}

export interface Engine {
  /** What the whole pipeline makes of these events, the incident that opened first first. */
  explain(events: readonly RawEvent[], settleMs?: number): Promise<Told[]>;
}

const defaultSettleMs = 30_000;
/** A clock after each so many events lets the hops work while more comes, so that the streams in memory do not fill. */
const eventsPerClock = 2_000;

const question = `query ($after: String) {
  incidents(first: 200, after: $after, orderBy: { field: OPENED_AT, direction: ASC }) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      id status severity title summary rootCause confidence openedAt
      rootCauseEntity { kind namespace name }
      rootCauses { rank confidence category entity { kind namespace name }
        event { message entity { kind namespace name } attributes { name value } } }
      affected { role entity { kind namespace name } }
    } }
  }
}`;

/**
 * The product as it ships: both hops on the memory bus, the embedded graph, and the API's own schema in front of it. One case at a
 * time; nothing is carried from one to the next but the parsed rules.
 */
export async function createEngine(
  tuning: IngestOptions['tuning'] = {},
  experience: string | null = null,
): Promise<Engine> {
  const log = pino({ level: 'silent' });
  const config = loadConfig({ role: 'up', env: {} });
  const rules = loadRules([join(packageRoot(), 'ingest/rules')]);
  const experiences = loadExperiences([
    join(packageRoot(), 'ingest/experience/general.json'),
    ...(experience === null ? [] : [experience]),
  ]);
  const schema = await createSchema();

  return {
    async explain(events, settleMs = defaultSettleMs) {
      const cluster = events[0]?.metadata.cluster ?? 'accuracy';
      const registry = new Registry();
      const transport = createTransport({ kind: 'memory' }, { log, registry });
      const graph = createGraphStore({ config, log, registry });
      await transport.start();
      await graph.start();
      const ingest = createIngest({ cluster, config, transport, graph, log, registry, rules, experiences, tuning });
      await ingest.start();
      const feed = createResultFeed({ transport, maxQueue: 1, metrics: createApiMetrics(registry), log });
      try {
        await publish(transport, events, settleMs);
        const done = new AbortController();
        const watch = setInterval(() => !ingest.readiness().ready && done.abort(), 50);
        const consumers = [
          ['raw', 'transform'],
          ['unified', `correlate-${cluster}`],
        ] as const;
        await drained(transport, consumers, done.signal);
        clearInterval(watch);
        const { ready, reasons } = ingest.readiness();
        if (!ready) throw new Error(`the engine stopped: ${reasons.join('; ')}`);
        const told: Told[] = [];
        for (let after: string | null = null, more = true; more;) {
          const contextValue = { requestId: 'accuracy', graph, feed, loaders: createLoaders(graph) };
          const answer = await graphql({ schema, source: question, variableValues: { after }, contextValue });
          if (answer.errors) throw answer.errors[0]!;
          const { incidents } = answer.data as unknown as Page;
          for (const { node } of incidents.edges) told.push(node);
          ({ hasNextPage: more, endCursor: after } = incidents.pageInfo);
        }
        return told;
      } finally {
        await ingest.stop();
        await graph.stop();
        await transport.stop();
      }
    },
  };
}

interface Page {
  readonly incidents: {
    readonly edges: readonly { readonly node: Told }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/** In order of time, with a clock of every source at the beginning, now and then, and far enough after the end. */
async function publish(transport: Transport, events: readonly RawEvent[], settleMs: number): Promise<void> {
  if (events.length === 0) return;
  const failures: unknown[] = [];
  const batcher = createBatcher({
    stream: 'raw',
    publish: (messages) => transport.publish(messages),
    onError: (error) => failures.push(error),
  });
  const sources = new Map<string, RawEvent>();
  for (const event of events) {
    const source = event.metadata.source;
    if (source === undefined) throw new Error(`event ${event.id} of ${event.type} lacks metadata.source`);
    if (!sources.has(source)) sources.set(source, event);
  }
  const clocks = async (atMs: number): Promise<void> => {
    await batcher.flush();
    for (const event of sources.values()) {
      const clock = clockOf(event, atMs);
      batcher.add(rawSubject(clock), clock.id, clock);
    }
    await batcher.flush();
    if (failures.length > 0) throw failures[0];
  };
  await clocks(toEpochMs(events[0]!.timestamp) - 1);
  let sinceClock = 0;
  let lastMs = -Infinity;
  for (const event of events) {
    const atMs = toEpochMs(event.timestamp);
    if (atMs < lastMs) throw new Error(`event ${event.id} at ${event.timestamp} is out of order`);
    if (++sinceClock > eventsPerClock && atMs > lastMs) {
      await clocks(lastMs);
      sinceClock = 0;
    }
    lastMs = atMs;
    // A clock of the recording's own says that all before it has been published: so it has to be.
    const clock = event.data.kind === 'source-health';
    if (clock) await batcher.flush();
    batcher.add(rawSubject(event), event.id, event);
    if (clock) await batcher.flush();
  }
  await clocks(lastMs + settleMs);
}

function clockOf({ type, metadata }: RawEvent, atMs: number): RawEvent {
  const { cluster, source, node } = metadata;
  const event = {
    type,
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(atMs),
    data: { kind: 'source-health', state: 'healthy', reason: null, lost: 0 },
    metadata: { ...(cluster !== undefined && { cluster }), source: source!, ...(node !== undefined && { node }) },
  } as const;
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}
