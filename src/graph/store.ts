/**
 * The graph port: named statements from cypher/, run on a store. Adapters: neo4j.ts, embedded.ts. No other file holds Cypher, and
 * every statement runs on every adapter (test/graph/contract.ts).
 */
export interface GraphStore {
  readonly kind: 'neo4j' | 'embedded';
  /** Connects and applies cypher/schema in order. Fails with GraphUnavailable when the store cannot be had in time. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** All batches in one transaction, in the order given; retried with jitter on transient errors; empty batches are skipped. */
  write(batches: readonly GraphBatch[]): Promise<void>;
  /** Runs cypher/read/<name> or cypher/explore/<name>. Every row is a plain object of JSON values (integers as numbers). */
  read<Row extends Record<string, unknown>>(
    statement: string,
    parameters: Readonly<Record<string, GraphValue>>,
  ): Promise<Row[]>;
  health(): Promise<{ readonly connected: boolean; readonly reason: string | null }>;
}

/** `statement` is a path below cypher/ without suffix: `write/events`. Rows reach it as `$rows`, sorted by the adapter on `id`. */
export interface GraphBatch {
  readonly statement: string;
  readonly rows: readonly Readonly<Record<string, GraphValue>>[];
}

export type GraphValue =
  string | number | boolean | null | readonly GraphValue[] | { readonly [key: string]: GraphValue };
