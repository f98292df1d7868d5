import { type GraphBatch, type GraphValue } from './store.js';
import { type Statement, type Statements } from './statements.js';

/** Rows of one UNWIND. Neo4j's own advice for batched writes is 10,000; a batch of more is split, in the same transaction. */
const maxRows = 10_000;

type Row = Readonly<Record<string, GraphValue>>;

export interface Step {
  readonly statement: Statement;
  readonly rows: readonly Row[];
}

/**
 * What to run, in order. Rows are sorted by `id`, so that two writers take the locks of the same nodes in the same order and wait
 * for each other instead of deadlocking.
 */
export function steps(batches: readonly GraphBatch[], statements: Statements): readonly Step[] {
  return batches.flatMap(({ statement: name, rows }) => {
    if (rows.length === 0) return [];
    const statement = statements.get(name);
    const sorted = isSorted(rows) ? rows : [...rows].sort((a, b) => compare(key(a), key(b)));
    if (sorted.length <= maxRows) return [{ statement, rows: sorted }];
    return Array.from({ length: Math.ceil(sorted.length / maxRows) }, (_, i) => ({
      statement,
      rows: sorted.slice(i * maxRows, (i + 1) * maxRows),
    }));
  });
}

function isSorted(rows: readonly Row[]): boolean {
  return rows.every((row, i) => i === 0 || compare(key(rows[i - 1]!), key(row)) <= 0);
}

function key(row: Row): string {
  return typeof row['id'] === 'string' ? row['id'] : '';
}

/** By UTF-16 code units: unlike localeCompare, the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
