import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import grafeo, { type GrafeoDB } from '@grafeo-db/js';
import { type Logger } from 'pino';
import { type Registry } from 'prom-client';
import { ThroughlineError } from '../errors.js';
import { steps } from './batches.js';
import { createGraphMetrics } from './metrics.js';
import { withRetry } from './retry.js';
import { type Statements } from './statements.js';
import { type GraphStore, type GraphValue } from './store.js';

const conflictPatienceMs = 30_000;
/** The log of writes is folded into the file when it has grown to this, so that opening after a crash stays quick. */
const checkpointWalBytes = 64 * 1024 * 1024;

export interface EmbeddedDependencies {
  /** File of the store; null: in memory, gone with the process. One process at a time may have it open. */
  readonly path: string | null;
  readonly statements: Statements;
  readonly log: Logger;
  readonly registry: Registry;
}

/** Grafeo inside of this process: for one machine and for evaluation. */
export function createEmbeddedStore({ path, statements, log, registry }: EmbeddedDependencies): GraphStore {
  const metrics = createGraphMetrics(registry);
  const stopping = new AbortController();
  const place = path === null ? 'memory' : resolve(path);
  let database: GrafeoDB | null = null;
  let running = 0;
  let idle: (() => void) | null = null;
  /** One writer at a time: Grafeo lets the second of two that touch the same node fail (GRAFEO-T001) rather than wait. */
  let lastWrite: Promise<unknown> = Promise.resolve();

  function opened(): GrafeoDB {
    if (database === null) throw new ThroughlineError('GRAPH_UNAVAILABLE', `the graph in ${place} is not started`);
    return database;
  }

  async function measured<T>(operation: 'read' | 'write', work: () => Promise<T>): Promise<T> {
    const end = metrics.time(operation);
    running++;
    try {
      return await withRetry(work, {
        transient: isConflict,
        deadlineMs: conflictPatienceMs,
        signal: stopping.signal,
        onRetry(error, attempt) {
          metrics.retried(operation);
          log.warn({ err: error, attempt, operation }, 'graph transaction is tried again');
        },
      });
    } catch (error) {
      throw described(error, place);
    } finally {
      end();
      if (--running === 0) idle?.();
    }
  }

  return {
    kind: 'embedded',
    async start() {
      try {
        if (path !== null) mkdirSync(dirname(place), { recursive: true });
        database = grafeo.GrafeoDB.create(path === null ? null : place);
      } catch (error) {
        const remedy =
          'another process may have it open, or graph.path (GRAPH_PATH) is not a place that can be written';
        const reason = `the embedded graph in ${place} cannot be opened: ${text(error)}; ${remedy}`;
        throw new ThroughlineError('GRAPH_UNAVAILABLE', reason, { cause: error });
      }
      if (path !== null) database.setCheckpointTriggers({ walBytes: checkpointWalBytes });
      for (const name of statements.names('schema')) {
        for (const statement of translatedSchema(statements.get(name).text)) await database.executeCypher(statement);
      }
      log.info({ place }, 'graph is ready');
    },
    async stop() {
      stopping.abort();
      if (running > 0) await new Promise<void>((done) => (idle = done));
      if (path !== null) database?.walCheckpoint();
      database?.close();
      database = null;
    },
    async write(batches) {
      const work = steps(batches, statements);
      if (work.length === 0) return;
      const write = async () => {
        const tx = opened().beginTransaction();
        try {
          for (const { statement, rows } of work) await tx.executeCypher(statement.text, { rows });
          tx.commit();
        } catch (error) {
          if (tx.isActive) tx.rollback();
          throw error;
        }
      };
      const mine = lastWrite.then(() => measured('write', write));
      lastWrite = mine.catch(() => undefined);
      await mine;
    },
    async read<Row extends Record<string, unknown>>(
      name: string,
      parameters: Readonly<Record<string, GraphValue>>,
    ): Promise<Row[]> {
      const { text } = statements.get(name);
      const result = await measured('read', () => opened().executeCypher(text, parameters));
      return result.toArray() as Row[];
    },
    async health() {
      const connected = database !== null;
      return { connected, reason: connected ? null : `the graph in ${place} is not started` };
    },
  };
}

/**
 * cypher/schema is Neo4j's form. Grafeo checks a uniqueness constraint but does not look nodes up by it (a MERGE then walks all of
 * them), so that every constraint gets an index, first; and it has no indexes on relationships.
 */
export function translatedSchema(statement: string): readonly string[] {
  const constraint = /^CREATE CONSTRAINT (\w+) IF NOT EXISTS\s+FOR \(\w+:(\w+)\)\s+REQUIRE \w+\.(\w+) IS UNIQUE$/.exec(
    statement,
  );
  if (constraint) {
    const [, name, label, property] = constraint;
    return [`CREATE INDEX ${name}_index IF NOT EXISTS FOR (n:${label}) ON (n.${property})`, statement];
  }
  return /FOR \(\)-\[/.test(statement) ? [] : [statement];
}

function isConflict(error: unknown): boolean {
  return text(error).includes('GRAFEO-T001');
}

function described(error: unknown, place: string): ThroughlineError {
  if (error instanceof ThroughlineError) return error;
  const code = isConflict(error) ? 'GRAPH_UNAVAILABLE' : 'GRAPH_REJECTED';
  return new ThroughlineError(code, `the embedded graph in ${place}: ${text(error)}`, { cause: error });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
