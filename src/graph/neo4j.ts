import { setMaxListeners } from 'node:events';
import neo4j, {
  type Driver,
  isRetryableError,
  type ManagedTransaction,
  Neo4jError,
  type QueryResult,
  type Session,
} from 'neo4j-driver';
import { type Logger } from 'pino';
import { type Registry } from 'prom-client';
import { ThroughlineError } from '../errors.js';
import { steps } from './batches.js';
import { createGraphMetrics } from './metrics.js';
import { withRetry } from './retry.js';
import { type Statements } from './statements.js';
import { type GraphStore, type GraphValue } from './store.js';

/** Longer than any read of cypher/ takes on a graph that fits the machine; it bounds what a mistaken depth can cost. */
const readTimeoutMs = 30_000;
const writeTimeoutMs = 120_000;

const { READ, WRITE } = neo4j.session;

export interface Neo4jOptions {
  /** bolt:, bolt+s:, neo4j: or neo4j+s: URL. */
  readonly url: string;
  readonly user: string;
  /** null: the server is asked without authentication. */
  readonly password: string | null;
  readonly database: string;
  /** How long start, and each write or read, keeps trying while the server is away. Default 30_000. */
  readonly patienceMs?: number;
}

export interface Neo4jDependencies {
  readonly options: Neo4jOptions;
  readonly statements: Statements;
  readonly log: Logger;
  readonly registry: Registry;
}

export function createNeo4jStore({ options, statements, log, registry }: Neo4jDependencies): GraphStore {
  const { url, user, password, database, patienceMs = 30_000 } = options;
  const metrics = createGraphMetrics(registry);
  const stopping = new AbortController();
  // Every transaction that waits to be tried again listens to it: dozens, while the server is away.
  setMaxListeners(0, stopping.signal);
  let driver: Driver | null = null;

  function connected(): Driver {
    if (driver === null) throw new ThroughlineError('GRAPH_UNAVAILABLE', `the graph at ${url} is not started`);
    return driver;
  }

  /** Tried again by us: the driver's own first wait is a second, long for a deadlock of milliseconds. */
  async function tried<T>(operation: 'read' | 'write', work: (session: Session) => Promise<T>): Promise<T> {
    const end = metrics.time(operation);
    try {
      return await withRetry(() => once(operation, work), {
        transient: isTransient,
        deadlineMs: patienceMs,
        signal: stopping.signal,
        onRetry(error, attempt) {
          metrics.retried(operation);
          log.warn({ err: error, attempt, operation }, 'graph transaction is tried again');
        },
      });
    } catch (error) {
      throw described(error, url);
    } finally {
      end();
    }
  }

  async function once<T>(operation: 'read' | 'write', work: (session: Session) => Promise<T>): Promise<T> {
    const session = connected().session({ database, defaultAccessMode: operation === 'read' ? READ : WRITE });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  function transaction<T>(work: (tx: ManagedTransaction) => Promise<T>): Promise<T> {
    return tried('write', (session) => session.executeWrite(work, { timeout: writeTimeoutMs }));
  }

  return {
    kind: 'neo4j',
    async start() {
      driver = neo4j.driver(url, password === null ? undefined : neo4j.auth.basic(user, password), {
        disableLosslessIntegers: true,
        connectionTimeout: 5_000,
        connectionAcquisitionTimeout: 10_000,
        maxTransactionRetryTime: 0,
        telemetryDisabled: true,
        userAgent: 'throughline',
      });
      try {
        for (const name of statements.names('schema')) {
          await transaction((tx) => tx.run(statements.get(name).text)).catch(ignoreSameSchema);
        }
      } catch (error) {
        await driver.close();
        driver = null;
        throw error;
      }
      log.info({ url, database }, 'graph is ready');
    },
    async stop() {
      stopping.abort();
      await driver?.close();
      driver = null;
    },
    async write(batches) {
      const work = steps(batches, statements);
      if (work.length === 0) return;
      await transaction(async (tx) => {
        // Sent without waiting for each other, answered in order: the server works on one while the next is being packed.
        const results = work.map(({ statement, rows }) => tx.run(statement.text, { rows: withIntegers(rows) }));
        await settled(results);
      });
    },
    async read<Row extends Record<string, unknown>>(
      name: string,
      parameters: Readonly<Record<string, GraphValue>>,
    ): Promise<Row[]> {
      const { text } = statements.get(name);
      const given = withIntegers(parameters);
      // One statement is its own transaction: one way to the server and back, where a managed one takes three.
      const result = await tried('read', (session) => session.run<Row>(text, given, { timeout: readTimeoutMs }));
      return result.records.map((record) => record.toObject());
    },
    async health() {
      try {
        await connected().verifyConnectivity({ database });
        return { connected: true, reason: null };
      } catch (error) {
        return { connected: false, reason: described(error, url).message };
      }
    },
  };
}

/** The first failure, once nothing of the transaction is under way any more. */
async function settled(results: readonly PromiseLike<QueryResult>[]): Promise<void> {
  const outcomes = await Promise.allSettled(results);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * Bolt has integers and floats, JavaScript only doubles; SKIP, LIMIT and people in Neo4j Browser want whole numbers as integers, which
 * the driver sends for a bigint. Copies only what holds one: most of what is written is text.
 */
function withIntegers<T>(value: T): T;
function withIntegers(value: GraphValue): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: GraphValue) => withIntegers(item));
  let copy: Record<string, unknown> | null = null;
  for (const key of Object.keys(value)) {
    const item = (value as Readonly<Record<string, GraphValue>>)[key];
    if (typeof item === 'string') continue;
    const converted = withIntegers(item);
    if (converted !== item) (copy ??= { ...value })[key] = converted;
  }
  return copy ?? value;
}

/** A timeout is the fault of a busy server more often than of the statement, though Neo4j calls it the client's. */
function isTransient(error: unknown): boolean {
  return (
    isRetryableError(error) ||
    (error instanceof Neo4jError && error.code.startsWith('Neo.ClientError.Transaction.TransactionTimedOut'))
  );
}

/** Two roles that start together may both find a constraint missing; the second to create it is told so. */
function ignoreSameSchema(error: unknown): void {
  const cause = error instanceof ThroughlineError ? error.cause : error;
  if (cause instanceof Neo4jError && /(Equivalent|)(Schema|Constraint|Index)\w*AlreadyExists/.test(cause.code)) return;
  throw error;
}

function described(error: unknown, url: string): ThroughlineError {
  if (error instanceof ThroughlineError) return error;
  const code = error instanceof Neo4jError ? error.code : '';
  const message = error instanceof Error ? error.message.split('\n')[0]! : String(error);
  if (code.startsWith('Neo.ClientError.Security.')) {
    const remedy = 'check neo4j.user and neo4j.password (NEO4J_USER, NEO4J_PASSWORD or NEO4J_PASSWORD_FILE)';
    return new ThroughlineError('GRAPH_UNAVAILABLE', `Neo4j at ${url} refused the credentials: ${remedy}`, {
      cause: error,
    });
  }
  if (code === 'Neo.ClientError.Database.DatabaseNotFound') {
    const remedy = 'create it or set neo4j.database (NEO4J_DATABASE)';
    return new ThroughlineError('GRAPH_UNAVAILABLE', `Neo4j at ${url}: ${message}; ${remedy}`, { cause: error });
  }
  if (isTransient(error) || !code.startsWith('Neo.')) {
    const remedy = 'see that it runs and that neo4j.url (NEO4J_URL) is right';
    return new ThroughlineError('GRAPH_UNAVAILABLE', `Neo4j at ${url} does not answer: ${message}; ${remedy}`, {
      cause: error,
    });
  }
  return new ThroughlineError('GRAPH_REJECTED', `Neo4j at ${url} rejected a statement: ${message}`, { cause: error });
}
