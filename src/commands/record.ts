import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { agentFromConfig } from '../../agent/from-config.js';
import type { Config } from '../config/load-config.js';
import type { SourceHealthReport } from '../model/payloads.js';
import type { RawEvent } from '../model/raw-event.js';
import { decodeEvents } from '../transport/codec.js';
import type { Transport } from '../transport/transport.js';
import { writeRecording } from './recording.js';

export interface RecordOptions {
  /** Gzip when it ends in `.gz`. An existing file is replaced. */
  readonly out: string;
  /** Null: until the signal aborts. */
  readonly seconds: number | null;
  /** What to record: null for this host's own collectors, else what is published on this bus from now on (it is started and stopped here). */
  readonly bus: Transport | null;
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
  /** Ends the recording cleanly; the caller aborts it on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** One line of progress, every few seconds and at the end. */
  readonly progress: (line: string) => void;
}

export interface Recorded {
  readonly events: number;
  readonly bytes: number;
}

const progressEveryMs = 5_000;

/** Writes RawEvents, source-health reports included, as JSON lines. Fails when the file cannot be written or the bus cannot be had. */
export async function record(options: RecordOptions): Promise<Recorded> {
  const { out, seconds, progress } = options;
  const startedMs = performance.now();
  const tally = createTally();
  const writer = writeRecording(out);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  options.signal.addEventListener('abort', end, { once: true });
  if (options.signal.aborted) end();
  const limit = seconds === null ? null : setTimeout(end, seconds * 1_000);
  const say = (): void => progress(`${((performance.now() - startedMs) / 1_000).toFixed(0)} s: ${tally.describe()}`);
  const timer = setInterval(() => {
    writer.flush();
    say();
  }, progressEveryMs);
  const take = (event: RawEvent): void => {
    tally.count(event);
    writer.write(event);
  };
  try {
    if (options.bus === null) await recordCollectors(options, take, ending.signal);
    else await recordBus(options.bus, take, ending.signal);
  } finally {
    clearInterval(timer);
    if (limit !== null) clearTimeout(limit);
    options.signal.removeEventListener('abort', end);
    await writer.close();
  }
  say();
  return { events: tally.events(), bytes: writer.bytes() };
}

async function recordCollectors(
  options: RecordOptions,
  take: (event: RawEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { config, log, registry } = options;
  const agent = agentFromConfig({ config, transport: null, tee: take, log, registry });
  const starting = agent.start();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await agent.stop();
  await starting;
}

async function recordBus(bus: Transport, take: (event: RawEvent) => void, signal: AbortSignal): Promise<void> {
  await bus.start();
  try {
    const { last } = await bus.position('raw');
    for await (const { body } of bus.read({ stream: 'raw', from: last + 1, signal }))
      decodeEvents(body).events.forEach(take);
  } finally {
    await bus.stop();
  }
}

function createTally() {
  const byType = new Map<string, number>();
  const health = new Map<string, SourceHealthReport>();
  let events = 0;
  return {
    count(event: RawEvent): void {
      events += 1;
      if (event.data.kind === 'source-health')
        health.set(event.metadata.source ?? '', event.data as unknown as SourceHealthReport);
      else byType.set(event.type, (byType.get(event.type) ?? 0) + 1);
    },
    events: () => events,
    describe(): string {
      const types = [...byType].map(([type, count]) => `${type} ${count}`).join(', ') || 'none but clocks';
      const sources = [...health].map(([source, { state, reason, lost }]) => {
        return `${source} ${state}${reason === null ? '' : ` (${reason})`}${lost > 0 ? `, ${lost} lost` : ''}`;
      });
      return [`${events} events (${types})`, ...sources].join('; ');
    },
  };
}
