import { join } from 'node:path';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { Config } from '../src/config/load-config.js';
import { packageRoot } from '../src/config/package-root.js';
import type { Finding } from '../src/model/finding.js';
import type { RawEvent } from '../src/model/raw-event.js';
import type { GraphStore } from '../src/graph/store.js';
import type { Transport } from '../src/transport/transport.js';
import { loadExperiences, type Experiences } from './correlate/experience.js';
import { createCorrelator, type CorrelatorOptions } from './correlator.js';
import { createDecide, resultId } from './decide.js';
import { createHop, type Hop } from './hop.js';
import { createOutbox } from './outbox.js';
import { createReceive, unifiedId } from './receive.js';
import { createRetention } from './retention.js';
import { loadRules, type RuleSet } from './rules/load.js';
import { createIncidentStore } from './store.js';
import { createTransform } from './transform/transform.js';

/** The ingest role: both hops. The graph and the transport are started by whoever made them. */
export interface Ingest {
  start(): Promise<void>;
  stop(): Promise<void>;
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] };
}

export interface IngestOptions {
  readonly cluster: string;
  readonly config: Pick<Config, 'correlation' | 'graph'>;
  readonly transport: Transport;
  readonly graph: GraphStore;
  readonly log: Logger;
  readonly registry: Registry;
  /** Instead of those in the package and in `correlation.rules`, for who runs many in a row. */
  readonly rules?: RuleSet;
  /** Instead of that in the package and in `correlation.experience`. */
  readonly experiences?: Experiences;
  /** What the accuracy report switches off or moves; the defaults of the correlator otherwise. */
  readonly tuning?: Pick<CorrelatorOptions, 'dimensions' | 'confidenceFloor'>;
}

/** Within this an agent says again what every object is like (its resync, ten minutes), so that a shorter memory would have holes. */
const restatedMs = 900_000;

export function createIngest(options: IngestOptions): Ingest {
  const { cluster, config, transport, graph, log, registry, tuning } = options;
  const {
    windowMs,
    minEvents,
    rules: ownRules,
    experience: ownExperience,
    latenessMs,
    horizonMs,
    maxBytes,
  } = config.correlation;
  const stopping = new AbortController();
  let failure: string | null = null;
  let started = false;
  const onFailure = (error: unknown): void => {
    failure = error instanceof Error ? error.message : String(error);
    log.error({ err: error }, 'ingest has stopped; restart it, it takes up where it was');
  };

  const transform = createTransform({ cluster, log, registry });
  const { signal } = stopping;
  const unified = createOutbox({ transport, stream: 'unified', idOf: unifiedId, log, signal });
  const results = createOutbox({ transport, stream: 'results', idOf: resultId, log, signal });
  const receive = createReceive({ transport: unified, transform, cluster, log, registry });
  const rules =
    options.rules ?? loadRules([join(packageRoot(), 'ingest/rules'), ...(ownRules === null ? [] : [ownRules])]);
  const experiences =
    options.experiences ??
    loadExperiences([
      join(packageRoot(), 'ingest/experience/general.json'),
      ...(ownExperience === null ? [] : [ownExperience]),
    ]);
  const correlator = createCorrelator({ cluster, rules, experiences, minEvents, windowMs, ...tuning });
  const store = createIncidentStore({ graph, log, registry });
  const decide = createDecide({ transport: results, correlator, store, log, registry, signal });

  // The streams in memory end at 64 MiB: a hop that held all of one would wait for a clock for which there is no room.
  const maxBufferBytes = transport.kind === 'memory' ? Math.min(maxBytes, 32 * 1_048_576) : maxBytes;
  const shared = { transport, log, maxBufferBytes, horizonMs: Math.max(horizonMs, restatedMs), latenessMs, onFailure };
  const first = createHop<RawEvent>({
    ...shared,
    ...receive,
    recall: unified.recall,
    repeats: true,
    stream: 'raw',
    durable: 'transform',
    lanes: ['priority', 'events'],
  });
  const second = createHop<Finding>({
    ...shared,
    ...decide,
    recall: results.recall,
    repeats: false,
    stream: 'unified',
    durable: `correlate-${cluster}`,
    lanes: ['events'],
  });
  const retention = createRetention({
    graph,
    retentionMs: config.graph.retentionMs,
    watermarkMs: () => second.stats().watermarkMs,
    log,
    registry,
  });
  reportHops(registry, { transform: first, correlate: second });

  return {
    async start() {
      await second.start();
      await first.start();
      retention.start();
      started = true;
    },
    async stop() {
      stopping.abort();
      await retention.stop();
      await first.stop();
      await second.stop();
    },
    readiness() {
      const reasons = failure === null ? [] : [`ingest has stopped: ${failure}`];
      if (!started) reasons.push('ingest is starting');
      const { connected, reason } = transport.health();
      if (!connected) reasons.push(`the bus is away: ${reason ?? 'no connection'}`);
      return { ready: reasons.length === 0, reasons };
    },
  };
}

function reportHops(registry: Registry, hops: Readonly<Record<string, Hop>>): void {
  const gauge = (name: string, help: string, read: (hop: Hop) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['hop'],
      registers: [registry],
      collect() {
        for (const [hop, each] of Object.entries(hops)) this.set({ hop }, read(each));
      },
    });
  };
  gauge(
    'throughline_window_events',
    'Items held back until the watermark passes them; a rise means that a source has fallen behind.',
    (hop) => hop.stats().buffered,
  );
  gauge(
    'throughline_window_bytes',
    'Bytes of these items; at correlation.max_bytes the oldest are handed on early.',
    (hop) => hop.stats().bufferedBytes,
  );
  gauge(
    'throughline_window_late',
    'Items that came after the watermark had passed their time; a rise means clocks that promise too much.',
    (hop) => hop.stats().late,
  );
  gauge(
    'throughline_window_forced',
    'Items handed on early because the window was full; raise correlation.max_bytes, or find the flood.',
    (hop) => hop.stats().forced,
  );
  gauge(
    'throughline_watermark_seconds',
    'Event time that is complete, as seconds since 1970; the distance to now is how far behind the stories are.',
    (hop) => {
      const { watermarkMs } = hop.stats();
      return Number.isFinite(watermarkMs) ? watermarkMs / 1000 : 0;
    },
  );
}
