import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../../src/config/package-root.js';
import { contentId } from '../../../src/model/ids.js';
import type { ForeignAlert } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';
import { caseFolders } from '../dataset.js';
import type { AccuracyCase } from '../set.js';

const incidentForm = z.object({
  id: z.string(),
  nodes: z.array(z.string()),
  /** instance, (host,) metric, up | down */
  metrics: z.array(z.array(z.string()).min(3)),
  /** instance, number of the template, in some systems after the instance */
  logs: z.array(z.tuple([z.string(), z.string()])),
  /** caller (-1: from outside), callee, operation, PD (slow) | error code */
  traces: z.array(z.tuple([z.string(), z.string(), z.string(), z.string()])),
});
type Incident = z.infer<typeof incidentForm>;

/** No time is given: any will do. */
const beginMs = Date.UTC(2021, 0, 1);
/** From the first alert to the last. Short, so that all are there when the story has settled. */
const spanMs = 10_000;

/**
 * TVDiag: alerts that its authors extracted from metrics, logs and traces. Times were dropped, but the lists of metrics and of traces were
 * sorted by time before (extractor/extractor/ in the repository): their places stand for it. Logs are sorted by template: they come last.
 * A case that the experience in this folder was learned from is played on a cluster of which only the other folds are known.
 */
export async function* tvdiagCases(folder: string): AsyncGenerator<AccuracyCase> {
  const folds = foldOfCase();
  for (const half of caseFolders(folder)) {
    for (const file of readdirSync(half).sort()) {
      const system = /^(\w+)\.ndjson$/.exec(file)?.[1];
      if (system === undefined) continue;
      for (const line of readFileSync(join(half, file), 'utf8').split('\n')) {
        if (line.trim() === '') continue;
        const incident = incidentForm.parse(JSON.parse(line));
        const fold = folds.get(incident.id);
        const cluster = fold === undefined ? clusterOf(system) : `${clusterOf(system)}-without-${fold}`;
        yield { id: incident.id, group: system, events: eventsOf(incident, system, cluster) };
      }
    }
  }
}

export function clusterOf(system: string): string {
  return `tvdiag-${system}`;
}

export const experienceFile = (): string => join(packageRoot(), 'test/accuracy/tvdiag/experience.json');
export const foldsFile = (): string => join(packageRoot(), 'test/accuracy/tvdiag/folds.json');

function foldOfCase(): ReadonlyMap<string, number> {
  const folds = z.record(z.string(), z.number().int()).parse(JSON.parse(readFileSync(foldsFile(), 'utf8')));
  return new Map(Object.entries(folds));
}

function eventsOf({ id, metrics, logs, traces }: Incident, system: string, cluster: string): RawEvent[] {
  const source = `tvdiag@${id}`;
  const events: RawEvent[] = [];
  const add = (
    atMs: number,
    instance: string,
    alert: Omit<ForeignAlert, 'kind' | 'state' | 'severity' | 'message'>,
  ): void => {
    const isNode = alert.metric?.startsWith('node_') ?? false;
    events.push({
      schemaVersion: 1,
      id: contentId(source, events.length),
      type: 'alert',
      traceId: null,
      spanId: null,
      timestamp: fromEpochMs(beginMs + Math.round(atMs)),
      data: { kind: 'alert', state: 'firing', severity: null, message: null, ...alert },
      metadata: { cluster, source, ...(isNode ? { node: instance } : { namespace: system, pod: instance }) },
    });
  };
  const place = (i: number, length: number): number => (length < 2 ? 0 : (spanMs * i) / (length - 1));
  metrics.forEach((row, i) => {
    const metric = row.at(-2)!;
    const direction = row.at(-1) === 'down' ? 'down' : 'up';
    add(place(i, metrics.length), row[0]!, {
      name: metric,
      metric,
      direction,
      labels: { service: serviceOf(row[0]!) },
    });
  });
  traces.forEach(([caller, callee, operation, what], i) => {
    const slow = what === 'PD';
    add(place(i, traces.length), callee, {
      name: slow ? 'slow' : 'errors',
      metric: slow ? 'latency' : 'errors',
      direction: 'up',
      labels: {
        service: serviceOf(callee),
        operation,
        ...(caller !== callee && { caller }),
        ...(!slow && { status: what }),
      },
    });
  });
  for (const [instance, template] of logs)
    add(spanMs, instance, {
      name: `log template ${template.replace(`${instance}-`, '')}`,
      metric: null,
      direction: null,
      labels: { service: serviceOf(instance) },
    });
  return events.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
}

/** `carts-0`, `mobservice1`: instances are numbered. */
function serviceOf(instance: string): string {
  return instance.replace(/-?\d+$/, '');
}
