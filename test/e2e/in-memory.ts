import pino from 'pino';
import { Registry } from 'prom-client';
import { createIngest } from '../../ingest/ingest.js';
import { drained } from '../../src/commands/playback.js';
import { clusterOf, finalResults } from '../../src/commands/replay.js';
import { readRecording } from '../../src/commands/recording.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createGraphStore } from '../../src/graph/create.js';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { rawEventId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { encode } from '../../src/transport/codec.js';
import { createTransport } from '../../src/transport/create.js';
import { rawSubject } from '../../src/transport/subjects.js';
import type { Transport } from '../../src/transport/transport.js';

export interface Recorded {
  readonly cluster: string;
  /** As the file has them. */
  readonly played: readonly RawEvent[];
  /** And a last clock of every source, which ends every story. */
  readonly events: readonly RawEvent[];
}

/** Far enough after the last event for every story to end, as `throughline replay` does it. */
const settleMs = 150_000;

export async function recorded(file: string): Promise<Recorded> {
  const played: RawEvent[] = [];
  for await (const event of readRecording(file)) played.push(event);
  const endMs = Math.max(...played.map(({ timestamp }) => toEpochMs(timestamp))) + settleMs;
  const clocks = new Map(played.filter(isClock).map((clock) => [clock.metadata.source, clock]));
  const last = [...clocks.values()].map((clock) => {
    const event = { ...clock, timestamp: fromEpochMs(endMs) };
    return { ...event, id: rawEventId(event) };
  });
  return { cluster: await clusterOf([file]), played, events: [...played, ...last] };
}

export function isClock(event: RawEvent): boolean {
  return event.data.kind === 'source-health';
}

export interface Outcome {
  /** As `--json` prints them. */
  readonly lines: string;
  readonly results: readonly CorrelationResult[];
  readonly ready: boolean;
  readonly deadLetters: number;
}

/** Everything in this process: memory, the embedded graph, and both hops. */
export async function correlate(cluster: string, publish: (transport: Transport) => Promise<void>): Promise<Outcome> {
  const log = pino({ level: 'silent' });
  const registry = new Registry();
  const config = loadConfig({ role: 'up', env: {} });
  const transport = createTransport({ kind: 'memory' }, { log, registry });
  const graph = createGraphStore({ config, log, registry });
  await transport.start();
  await graph.start();
  const ingest = createIngest({ cluster, config, transport, graph, log, registry });
  await ingest.start();
  try {
    await publish(transport);
    const done = new AbortController();
    // An ingest that has stopped by itself never gets there; that is for the caller to see.
    const watch = setInterval(() => !ingest.readiness().ready && done.abort(), 50);
    await drained(
      transport,
      [
        ['raw', 'transform'],
        ['unified', `correlate-${cluster}`],
      ],
      done.signal,
    );
    clearInterval(watch);
    const results = await finalResults(transport, 0);
    const { last } = await transport.position('dead');
    return {
      lines: results.map((result) => `${JSON.stringify(result)}\n`).join(''),
      results,
      ready: ingest.readiness().ready,
      deadLetters: last,
    };
  } finally {
    await ingest.stop();
    await graph.stop();
    await transport.stop();
  }
}

/** Events in their order, at most so many to a message, and nothing after a clock before it. Message ids begin with `name`. */
export async function publishInBatches(
  transport: Transport,
  events: readonly RawEvent[],
  size: number,
  name = 'batch',
): Promise<void> {
  let batches = new Map<string, RawEvent[]>();
  let serial = 0;
  const send = async (subject: string, batch: readonly RawEvent[]): Promise<void> => {
    await transport.publish([{ stream: 'raw', subject, body: encode(batch), id: `${name}-${++serial}` }]);
  };
  const flush = async (): Promise<void> => {
    const full = batches;
    batches = new Map();
    for (const [subject, batch] of full) await send(subject, batch);
  };
  for (const event of events) {
    const subject = rawSubject(event);
    if (isClock(event)) await flush();
    const batch = batches.get(subject) ?? [];
    batch.push(event);
    batches.set(subject, batch);
    if (isClock(event)) await flush();
    else if (batch.length >= size) {
      batches.delete(subject);
      await send(subject, batch);
    }
  }
  await flush();
}
