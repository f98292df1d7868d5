import { readFileSync } from 'node:fs';

/** One measured quantity of one node of the call graph over time. */
export interface Series {
  readonly node: string;
  /** `latency`, `requests`, `availability` */
  readonly metric: string;
  /** `Average`, `Sum`, `p50` … */
  readonly statistic: string;
  /** As many as there are times; NaN where nothing was measured. */
  readonly values: readonly number[];
}

export interface MetricsTable {
  readonly seconds: readonly number[];
  readonly series: readonly Series[];
}

/** Three lines of headers (node, metric, statistic), the name of the index, then a row for every five minutes. */
export function readMetrics(file: string): MetricsTable {
  const [nodes = [], metrics = [], statistics = [], ...rows] = cellsOf(file);
  const measured = rows.filter(([first]) => Number(first) > 0);
  return {
    seconds: measured.map(([second]) => Number(second)),
    series: nodes.flatMap((node, i) =>
      i === 0
        ? []
        : {
            node,
            metric: metrics[i]!,
            statistic: statistics[i]!,
            values: measured.map((row) => (row[i] === undefined || row[i] === '' ? NaN : Number(row[i]))),
          },
    ),
  };
}

/** The adjacency matrix: who is named in a row calls who is named in the columns. */
export function readCalls(file: string): (readonly [caller: string, callee: string])[] {
  const [[, ...callees] = [], ...rows] = cellsOf(file);
  return rows.flatMap(([caller = '', ...cells]) =>
    callees.filter((_, i) => Number(cells[i]) === 1).map((callee) => [caller, callee] as const),
  );
}

function cellsOf(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trimEnd().split(','));
}
