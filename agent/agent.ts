import { Counter, type Registry } from 'prom-client';
import type { Logger } from 'pino';
import type { KubernetesObservation, SourceHealthReport } from '../src/model/payloads.js';
import type { RawEvent, RawEventType } from '../src/model/raw-event.js';
import { fromEpochMs, type Timestamp } from '../src/model/time.js';
import type { CollectedEvent, Collector, CollectorHealth } from './collector.js';
import type { Enrichment } from './enrichment.js';
import type { Publisher } from './publisher.js';
import type { Redactor } from './redaction.js';
import { createStamp } from './stamp.js';
import { createWaitingRoom } from './waiting-room.js';

/** A collector and the type of its events, which its source-health reports carry, too. */
export interface Source {
  readonly type: RawEventType;
  readonly collector: Collector;
  /** The node whose things it sees; null when it sees the whole cluster. */
  readonly node: string | null;
  /** True for the source that the enrichment learns from: the others start when it knows the first state. */
  readonly first?: boolean;
}

export interface AgentOptions {
  readonly cluster: string;
  readonly node: string;
  readonly sources: readonly Source[];
  readonly enrichment: Enrichment;
  readonly redactor: Redactor;
  /** Null when nothing is to be published: recording. */
  readonly publisher: Publisher | null;
  /** Sees every RawEvent on its way out, source-health reports included. Must not throw. */
  readonly tee?: ((event: RawEvent) => void) | null;
  readonly log: Logger;
  readonly registry: Registry;
}

export interface Agent {
  /** Resolves when every collector knows its first state, or that it is degraded. */
  start(): Promise<void>;
  /** Drains, publishes a last watermark of every source, and stops the collectors. */
  stop(): Promise<void>;
  readonly state: AgentState;
  /** As it was last reported, by source name. */
  health(): ReadonlyMap<string, SourceHealthReport>;
}

export type AgentState = 'stopped' | 'starting' | 'running' | 'stopping';

const clockEveryMs = 1_000;
const firstStartMs = 5_000;
/** Of collectors that cannot be drained: between a moment and the last of its events in the sink lie the kernel's buffer and a turn of the loop. */
const undrainedSlackMs = 100;
const lossShownMs = 30_000;

interface Running extends Source {
  readonly name: string;
  /** From when on it can be asked how far it is. */
  ready: boolean;
  promised: Timestamp;
  ticking: Promise<void> | null;
  report: SourceHealthReport | null;
  /** Losses behind the sink as last reported, and when they last rose (performance.now()). */
  lostBehind: number;
  lostBehindAtMs: number;
}

/** Runs collectors: enriches, redacts and publishes what they see, and once a second says how well they see and how far they have got. */
export function createAgent(options: AgentOptions): Agent {
  const { cluster, node, enrichment, publisher, log } = options;
  const stamp = createStamp({ cluster, redactor: options.redactor });
  const metrics = createMetrics(options.registry);
  const sources = new Map<string, Running>();
  for (const source of options.sources) {
    const name = `${source.collector.name}@${node}`;
    sources.set(name, {
      ...source,
      name,
      ready: false,
      promised: '',
      ticking: null,
      report: null,
      lostBehind: 0,
      lostBehindAtMs: -Infinity,
    });
  }
  const room = createWaitingRoom({
    enrichment,
    release: (event, metadata, source) => out(stamp(event, metadata, source)),
  });
  let state: AgentState = 'stopped';
  let timer: NodeJS.Timeout | null = null;
  let starting: Promise<void> | null = null;
  let abort = new AbortController();

  function out(event: RawEvent): void {
    const source = sources.get(event.metadata.source ?? '');
    if (source && event.timestamp < source.promised) metrics.late.inc({ source: source.name });
    metrics.events.inc({ source: event.metadata.source ?? '', type: event.type });
    options.tee?.(event);
    publisher?.publish(event);
  }

  function take(source: Running, event: CollectedEvent): void {
    const placed = source.node === null ? event : { ...event, metadata: { node: source.node, ...event.metadata } };
    if (event.type !== 'kubeapi') return room.admit(placed, source.name);
    // An observation teaches before it is enriched itself, and waits for no other.
    enrichment.observe(event.data as unknown as KubernetesObservation);
    out(stamp(placed, enrichment.complete(placed.metadata, placed.timestamp).metadata, source.name));
  }

  async function startOne(source: Running): Promise<void> {
    source.ready = source.collector.drain === undefined;
    try {
      await source.collector.start((event) => take(source, event), abort.signal);
      const health = source.collector.health();
      log[health.state === 'healthy' ? 'info' : 'warn']({ source: source.name, ...health }, 'source started');
    } catch (error) {
      log.error({ err: error, source: source.name }, 'source failed to start');
    }
    source.ready = true;
    // At once, so that ingest knows as early as it can whose watermark to wait for.
    tickOne(source);
  }

  async function startAll(signal: AbortSignal): Promise<void> {
    const all = [...sources.values()];
    const first = Promise.all(all.filter((source) => source.first).map(startOne));
    await Promise.race([first, pause(firstStartMs, signal)]);
    if (!signal.aborted) await Promise.all(all.filter((source) => !source.first).map(startOne));
    await first;
  }

  function tickAll(): void {
    for (const source of sources.values()) if (source.ready) tickOne(source);
  }

  function tickOne(source: Running): void {
    source.ticking ??= tick(source)
      .catch((error: unknown) => log.error({ err: error, source: source.name }, 'source cannot report'))
      .finally(() => (source.ticking = null));
  }

  async function ticked(): Promise<void> {
    for (const { ticking } of sources.values()) await ticking;
  }

  /** The order is the contract: drain, publish what came, and only then the watermark. */
  async function tick(source: Running): Promise<void> {
    const { collector } = source;
    const watermark = collector.drain ? await collector.drain() : await settledMoment();
    const waiting = room.oldest(source.name);
    await publisher?.flush();
    const safe = waiting !== null && waiting < watermark ? waiting : watermark;
    if (safe > source.promised) source.promised = safe;
    source.report = reportOf(source);
    const clock = { type: source.type, timestamp: source.promised, data: { ...source.report }, metadata: { node } };
    out(stamp(clock, clock.metadata, source.name));
    if (waiting === null) await collector.commit?.();
  }

  function reportOf(source: Running): SourceHealthReport {
    const seen = source.collector.health();
    const behind = publisher?.lost(source.name) ?? 0;
    if (behind > source.lostBehind) {
      source.lostBehind = behind;
      source.lostBehindAtMs = performance.now();
    }
    const recently = performance.now() - source.lostBehindAtMs < lossShownMs;
    return withLoss(seen, behind, recently);
  }

  return {
    get state() {
      return state;
    },

    async start() {
      if (state !== 'stopped') return;
      state = 'starting';
      abort = new AbortController();
      publisher?.start();
      timer = setInterval(tickAll, clockEveryMs);
      starting = startAll(abort.signal);
      await starting;
      if (!abort.signal.aborted) state = 'running';
    },

    async stop() {
      if (state === 'stopped' || state === 'stopping') return;
      const unfinished = state === 'starting';
      state = 'stopping';
      if (unfinished) abort.abort();
      await starting;
      if (timer !== null) clearInterval(timer);
      timer = null;
      await ticked();
      room.close();
      tickAll();
      await ticked();
      abort.abort();
      await Promise.all([...sources.values()].map(({ collector }) => collector.stop()));
      room.close();
      await publisher?.stop();
      for (const source of sources.values()) source.ready = false;
      state = 'stopped';
    },

    health: () =>
      new Map([...sources.values()].flatMap(({ name, report }) => (report ? [[name, report] as const] : []))),
  };
}

function withLoss(seen: CollectorHealth, behind: number, recently: boolean): SourceHealthReport {
  const lost = seen.lost + behind;
  if (!recently) return { kind: 'source-health', state: seen.state, reason: seen.reason, lost };
  const reason = `${behind} events were lost on the way to the bus`;
  return {
    kind: 'source-health',
    state: seen.state === 'down' ? 'down' : 'degraded',
    reason: seen.reason === null ? reason : `${seen.reason}; ${reason}`,
    lost,
  };
}

/** A moment whose events are all in the sink when this resolves: one whole turn of the loop has polled the kernel's descriptors since. */
async function settledMoment(): Promise<Timestamp> {
  const atMs = performance.timeOrigin + performance.now() - undrainedSlackMs;
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  return fromEpochMs(atMs);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

function createMetrics(registry: Registry) {
  const registers = [registry];
  return {
    events: new Counter({
      name: 'throughline_agent_events_total',
      help: 'Events that left a collector, by source and type.',
      labelNames: ['source', 'type'],
      registers,
    }),
    late: new Counter({
      name: 'throughline_agent_events_late_total',
      help: 'Events older than the watermark their source had given. A rise means ingest may have to drop them.',
      labelNames: ['source'],
      registers,
    }),
  };
}
