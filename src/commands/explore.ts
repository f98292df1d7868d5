import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../config/load-config.js';
import { createGraphStore } from '../graph/create.js';

export interface ExploreOptions {
  /** Name of a file in cypher/explore, without its suffix. */
  readonly name: string;
  /** `key=value`; a value that reads as a JSON number, boolean, null or list is one. */
  readonly parameters: readonly string[];
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
}

/** Runs a named question of cypher/explore on the configured store. Fails with GRAPH_STATEMENT_UNKNOWN, naming what is near. */
export async function explore({
  name,
  parameters,
  config,
  log,
  registry,
}: ExploreOptions): Promise<Record<string, unknown>[]> {
  const graph = createGraphStore({ config, log, registry });
  await graph.start();
  try {
    return await graph.read(`explore/${name}`, Object.fromEntries(parameters.map(parameter)));
  } finally {
    await graph.stop();
  }
}

function parameter(text: string): [string, string | number | boolean | null] {
  const cut = text.indexOf('=');
  if (cut < 1) throw new Error(`--param ${text}: write it as name=value`);
  return [text.slice(0, cut), scalar(text.slice(cut + 1))];
}

function scalar(text: string): string | number | boolean | null {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text === 'null' ? null : text;
}

/** Rows as columns for a terminal: nested values as JSON, long ones cut at 80 characters. */
export function table(rows: readonly Record<string, unknown>[]): string {
  if (rows.length === 0) return 'no rows\n';
  const columns = Object.keys(rows[0]!);
  const cells = rows.map((row) => columns.map((column) => cell(row[column])));
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((line) => line[i]!.length)));
  const line = (values: readonly string[]): string =>
    values
      .map((value, i) => value.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n') + '\n';
}

function cell(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  const flat = text.replace(/\p{Cc}/gu, ' ');
  return flat.length > 80 ? `${flat.slice(0, 79)}…` : flat;
}
