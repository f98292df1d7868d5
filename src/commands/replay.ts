import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createIngest } from '../../ingest/ingest.js';
import type { RuleSet } from '../../ingest/rules/load.js';
import type { Config } from '../config/load-config.js';
import { createGraphStore } from '../graph/create.js';
import type { CorrelationResult } from '../model/correlation-result.js';
import type { RawEvent } from '../model/raw-event.js';
import { decode } from '../transport/codec.js';
import { createTransport } from '../transport/create.js';
import type { Transport } from '../transport/transport.js';
import { drained, play } from './playback.js';
import { readRecording } from './recording.js';

export interface ReplayOptions {
  readonly files: readonly string[];
  readonly speed: number | null;
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  /** Instead of those in the package and in `correlation.rules`. Only in this process: workers on a bus have their own. */
  readonly rules?: RuleSet;
}

/**
 * Feeds recordings through the whole pipeline and returns each incident as it stood at the end. In this process, on memory and the
 * embedded graph; or, with `transport.kind` nats, through whatever ingest workers are on that bus, whose results are waited for.
 */
export async function replay(options: ReplayOptions): Promise<CorrelationResult[]> {
  const { config, log, registry, signal } = options;
  const transport = transportOf(config, { log, registry });
  const cluster = config.cluster.name ?? (await clusterOf(options.files));
  await transport.start();
  const own = transport.kind === 'memory' ? await startIngest(options, transport, cluster) : null;
  try {
    const { last: before } = await transport.position('results');
    const { events } = await play(recordings(options), {
      transport,
      speed: options.speed,
      signal,
      progress: (playedMs, count) =>
        options.progress(`${Math.round(playedMs / 1000)} s of the recording, ${count} events`),
    });
    options.progress(`${events} events published; waiting until they are correlated`);
    await drained(
      transport,
      [
        ['raw', 'transform'],
        ['unified', `correlate-${cluster}`],
      ],
      signal,
    );
    return await finalResults(transport, before);
  } finally {
    await own?.stop();
    await transport.stop();
  }
}

export function transportOf(
  config: Config,
  dependencies: { readonly log: Logger; readonly registry: Registry },
): Transport {
  if (config.transport.kind === 'memory') return createTransport({ kind: 'memory' }, dependencies);
  const { url, stream, user, password } = config.nats;
  const login = { ...(user !== null && { user }), ...(password !== null && { password }) };
  return createTransport({ kind: 'nats', nats: { url, stream, ...login } }, dependencies);
}

async function startIngest(
  { config, log, registry, rules }: ReplayOptions,
  transport: Transport,
  cluster: string,
): Promise<{ stop(): Promise<void> }> {
  const graph = createGraphStore({ config, log, registry });
  await graph.start();
  const ingest = createIngest({ cluster, config, transport, graph, log, registry, ...(rules && { rules }) });
  await ingest.start();
  return {
    async stop() {
      await ingest.stop();
      await graph.stop();
    },
  };
}

/** Files as one recording, in the order given. */
export async function* recordings({ files, log }: Pick<ReplayOptions, 'files' | 'log'>): AsyncGenerator<RawEvent> {
  for (const file of files) {
    const reader = readRecording(file);
    yield* reader;
    const { count, lines } = reader.unreadable;
    if (count > 0) log.warn({ file, count, lines: lines.slice(0, 5) }, 'lines of the recording cannot be read');
  }
}

/** The cluster that a recording was made on. */
export async function clusterOf(files: readonly string[]): Promise<string> {
  for (const file of files) {
    for await (const { metadata } of readRecording(file)) if (metadata.cluster) return metadata.cluster;
  }
  return 'local';
}

/** The last revision of every incident that was revised after a position of the results stream, by the time they opened. */
export async function finalResults(transport: Transport, after: number): Promise<CorrelationResult[]> {
  const { last } = await transport.position('results');
  const latest = new Map<string, CorrelationResult>();
  if (last > after) {
    for await (const { body } of transport.read({ stream: 'results', from: after + 1, until: last })) {
      for (const result of decode<CorrelationResult>(body)) {
        const known = latest.get(result.incidentId);
        if (!known || known.revision <= result.revision) latest.set(result.incidentId, result);
      }
    }
  }
  return [...latest.values()].sort((a, b) =>
    a.openedAt < b.openedAt ? -1 : a.openedAt > b.openedAt ? 1 : a.incidentId < b.incidentId ? -1 : 1,
  );
}
