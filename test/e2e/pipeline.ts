import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import neo4j, { type Driver } from 'neo4j-driver';
import { packageRoot } from '../../src/config/package-root.js';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { clusterOf } from '../../src/commands/replay.js';
import { startNats, type NatsServer, type NatsServerOptions } from '../servers/nats.js';
import { runCommand, startRole, type Environment, type RunningRole } from './roles.js';

/** Recordings of real incidents that come with the product. */
export const recordings: readonly string[] = readdirSync(join(packageRoot(), 'recordings'))
  .filter((name) => name.endsWith('.jsonl.gz'))
  .sort();

export function recordingPath(name: string): string {
  return join(packageRoot(), 'recordings', name);
}

/** A bus and an ingest worker in a process of its own, on an empty graph. */
export interface Pipeline {
  readonly env: Environment;
  readonly nats: NatsServer;
  ingest(): RunningRole;
  /** kill -9, then a new one; resolves when the new one is ready. */
  crash(): Promise<void>;
  /** What `throughline replay … --json` says over this bus. */
  replay(files: readonly string[], ...options: readonly string[]): Promise<string>;
  /** As if what comes next came after the bus has forgotten the ids of what it holds (two minutes). */
  forgetMessageIds(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPipeline(options: {
  readonly neo4jUrl: string;
  readonly logFolder: string;
  readonly file: string;
  readonly nats?: NatsServerOptions;
}): Promise<Pipeline> {
  const nats = await startNats(options.nats ?? {});
  const env = {
    NATS_URL: nats.url,
    NEO4J_URL: options.neo4jUrl,
    CLUSTER_NAME: await clusterOf([options.file]),
    LOG_LEVEL: 'warn',
  };
  const logFile = join(options.logFolder, `ingest-${nats.port}.log`);
  let ingest = await startRole('ingest', { env, logFile });
  return {
    env,
    nats,
    ingest: () => ingest,
    async crash() {
      await ingest.kill();
      ingest = await startRole('ingest', { env, logFile });
    },
    replay: (files, ...more) => runCommand(['replay', ...files, '--json', ...more], { ...env, TRANSPORT: 'nats' }),
    async forgetMessageIds() {
      const connection = await connect({ servers: nats.url });
      const manager = await jetstreamManager(connection);
      for await (const { config } of manager.streams.list()) {
        await manager.streams.update(config.name, { ...config, duplicate_window: nanos(100) });
      }
      await delay(500);
      await connection.close();
    },
    async stop() {
      await ingest.stop();
      await nats.stop();
    },
  };
}

/** What `throughline replay … --json` says by itself: memory and the embedded graph. */
export async function replayAlone(files: readonly string[]): Promise<string> {
  return runCommand(['replay', ...files, '--json'], {});
}

export function resultsOf(lines: string): CorrelationResult[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CorrelationResult);
}

/** The whole of a Neo4j database as sorted lines: every node with its labels and properties, every edge with its ends and properties. */
export interface GraphLines {
  readonly nodes: readonly string[];
  readonly edges: readonly string[];
}

export interface GraphReader {
  lines(): Promise<GraphLines>;
  empty(): Promise<void>;
  close(): Promise<void>;
}

export function openGraph(url: string): GraphReader {
  const driver: Driver = neo4j.driver(url, undefined, { disableLosslessIntegers: true });
  const read = async (statement: string): Promise<string[]> => {
    const { records } = await driver.executeQuery(statement);
    return records.map((record) => JSON.stringify(record.keys.map((key) => sorted(record.get(key))))).sort();
  };
  return {
    lines: async () => ({
      nodes: await read('MATCH (n) RETURN labels(n), n.id, properties(n)'),
      edges: await read('MATCH (a)-[r]->(b) RETURN type(r), a.id, b.id, properties(r)'),
    }),
    async empty() {
      await driver.executeQuery('MATCH (n) DETACH DELETE n');
    },
    close: () => driver.close(),
  };
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
