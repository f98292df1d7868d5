import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const about = z.object({
  id: z.string(),
  system: z.enum(['boutique', 'trainticket']),
  namespace: z.string(),
  collected_at: z.string(),
});

const alert = z.object({
  type: z.string().optional(),
  name: z.string().optional(),
  time_range: z.string().optional(),
  evidence: z.array(z.string()).optional(),
  entry_service: z.string().optional(),
  url: z.string().optional(),
  request_method: z.string().optional(),
  raw_error: z.string().optional(),
  occurrences: z.number().optional(),
});
export type CaseAlert = z.infer<typeof alert>;

/** The folder of one case, read and checked; texts are as kubectl and the benchmark's tools printed them. */
export interface CaseFiles {
  readonly id: string;
  readonly system: 'boutique' | 'trainticket';
  readonly namespace: string;
  readonly collectedMs: number;
  /** Command line → output. */
  readonly kubectl: Readonly<Record<string, string>>;
  /** Tool call (`Name:{arguments}`) → answer. */
  readonly tools: Readonly<Record<string, unknown>>;
  readonly alerts: readonly CaseAlert[];
  /** App, `app.container` or `app.previous` → lines; null where the case has none (they were too large). */
  readonly logs: Readonly<Record<string, readonly string[]>> | null;
  /** Heading and rows of the metrics, null where the case has none. */
  readonly metrics: readonly (readonly string[])[] | null;
}

/** Times without a zone are those of the benchmark's machines: UTC+08:00. */
export function localMs(text: string): number {
  return Date.parse(`${text.trim().replace(' ', 'T').slice(0, 23)}+08:00`);
}

/** What a case says of itself. */
export function readAbout(folder: string): z.infer<typeof about> {
  return about.parse(JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')));
}

export function readCase(folder: string): CaseFiles {
  const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const { id, system, namespace, collected_at } = readAbout(folder);
  const alerts = z.object({ alerts: z.array(alert).optional() }).parse(json('alert.json')).alerts ?? [];
  const logs = existsSync(join(folder, 'logs.json'))
    ? z.record(z.string(), z.union([z.string(), z.array(z.string())])).parse(json('logs.json'))
    : null;
  const metrics = existsSync(join(folder, 'metrics.csv'))
    ? readFileSync(join(folder, 'metrics.csv'), 'utf8')
        .replace(/^\uFEFF/, '')
        .split(/\r?\n/)
        .filter((line) => line !== '')
        .map((line) => line.split(','))
    : null;
  return {
    id,
    system,
    namespace,
    collectedMs: localMs(collected_at),
    kubectl: z.record(z.string(), z.string()).parse(json('k8s_states.json')),
    tools: z.record(z.string(), z.unknown()).parse(json('tools.json')),
    alerts,
    logs:
      logs &&
      Object.fromEntries(
        Object.entries(logs).map(([name, lines]) => [name, typeof lines === 'string' ? lines.split('\n') : lines]),
      ),
    metrics,
  };
}

/** Answers of one tool, with the arguments that it was asked with. */
export function answersOf(
  { tools }: CaseFiles,
  tool: string,
): { readonly asked: Readonly<Record<string, unknown>>; readonly answer: unknown }[] {
  return Object.entries(tools)
    .filter(([call]) => call.startsWith(`${tool}:`))
    .map(([call, answer]) => ({
      asked: z.record(z.string(), z.unknown()).parse(JSON.parse(call.slice(tool.length + 1))),
      answer,
    }));
}
