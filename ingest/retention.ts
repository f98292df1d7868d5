import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { GraphBatch, GraphStore } from '../src/graph/store.js';
import { fromEpochMs } from '../src/model/time.js';

/** Keeps the graph from growing for ever: what has been over for longer than `graph.retention` is taken out of it. */
export interface Retention {
  /** Every ten minutes. */
  start(): void;
  stop(): Promise<void>;
  /** Everything that had ended before this moment (epoch ms), in bounded transactions. How many of each kind went. */
  sweep(beforeMs: number): Promise<Readonly<Record<Kind, number>>>;
}

type Kind = 'incidents' | 'events' | 'relations' | 'entities';

export interface RetentionDependencies {
  readonly graph: Pick<GraphStore, 'read' | 'write'>;
  readonly retentionMs: number;
  /** How far event time has got (epoch ms; -Infinity before it is known): in a recording of last year nothing is old. */
  readonly watermarkMs: () => number;
  readonly log: Logger;
  readonly registry: Registry;
}

/** In one transaction, so that a commit of ingest never waits long behind one. */
const maxRows = 500;
const everyMs = 600_000;

/** `type` and `from` of a relation. */
type Row = { readonly id: string; readonly type?: string; readonly from?: string };

export function createRetention({ graph, retentionMs, watermarkMs, log, registry }: RetentionDependencies): Retention {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  const forgotten = new Counter({
    name: 'throughline_graph_forgotten_total',
    help: 'What retention has taken out of the graph, by kind; none for days means that the graph only grows.',
    labelNames: ['kind'],
    registers: [registry],
  });

  async function forget(
    kind: Kind,
    read: string,
    before: string,
    batchesOf: (rows: Row[]) => GraphBatch[],
  ): Promise<number> {
    for (let count = 0; ;) {
      const rows = await graph.read<Row>(read, { before, limit: maxRows });
      if (rows.length === 0 || stopping.signal.aborted) return count;
      await graph.write(batchesOf(rows));
      forgotten.inc({ kind }, rows.length);
      count += rows.length;
    }
  }

  async function sweep(beforeMs: number): Promise<Record<Kind, number>> {
    const before = fromEpochMs(beforeMs);
    const simply =
      (...statements: readonly string[]) =>
      (rows: Row[]): GraphBatch[] =>
        statements.map((statement) => ({ statement, rows }));
    // In this order: events are held by incidents, entities by events and relations.
    const incidents = await forget(
      'incidents',
      'read/expired-incidents',
      before,
      simply('write/forget-causes', 'write/forget-incidents'),
    );
    const events = await forget('events', 'read/expired-events', before, simply('write/forget-events'));
    const relations = await forget('relations', 'read/expired-relations', before, (rows) =>
      [...new Set(rows.map(({ type }) => type!))].map((type) => ({
        statement: `write/forget-relations:${type}`,
        rows: rows.filter((row) => row.type === type).map(({ id, from }) => ({ id, from: from! })),
      })),
    );
    const entities = await forget('entities', 'read/expired-entities', before, simply('write/forget-entities'));
    return { incidents, events, relations, entities };
  }

  function sweepNow(): void {
    const beforeMs = watermarkMs() - retentionMs;
    if (!Number.isFinite(beforeMs)) return;
    running = sweep(beforeMs).then(
      (counts) => log.info(counts, 'what is older than graph.retention is out of the graph'),
      (error: unknown) => {
        if (!stopping.signal.aborted)
          log.warn({ err: error }, 'the graph could not be cleared of what is old; the next time tries again');
      },
    );
  }

  return {
    start() {
      timer = setInterval(sweepNow, everyMs).unref();
    },
    async stop() {
      stopping.abort();
      if (timer !== null) clearInterval(timer);
      await running;
    },
    sweep,
  };
}
