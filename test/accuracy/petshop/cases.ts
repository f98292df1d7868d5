import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { contentId } from '../../../src/model/ids.js';
import type { RawEvent, RawEventType } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';
import { caseFolders } from '../dataset.js';
import type { AccuracyCase } from '../set.js';
import { readCalls, readMetrics, type MetricsTable } from './tables.js';

const caseForm = z.object({
  id: z.string(),
  scenario: z.string(),
  target: z.object({ node: z.string(), metric: z.enum(['latency', 'availability']), timestamp: z.number() }),
});
type Issue = z.infer<typeof caseForm>;

/** The group of stretches without an issue. */
export const normalGroup = 'normal';

const namespace = 'petshop';
const intervalSeconds = 300;
/** Rows of normal operation that go before a case: five hours of them, as much as the reader of metrics remembers. */
const normalRows = 60;
/** Rows of a case. */
const caseRows = 5;
/** Scenarios whose normal operation is not in the set are judged by this one's. */
const standIn = 'low_traffic';

/**
 * PetShop: five-minute metrics of the nodes of a call graph as AWS X-Ray draws it, five hours of normal operation moved to just before
 * the issue, and the alert that the issue is about. A `_remote` node is what callers saw of a callee whose own segment is missing (X-Ray
 * infers it); the load balancers among them stand for services that are nodes themselves. They are left out: nothing runs there.
 */
export async function* petshopCases(folder: string): AsyncGenerator<AccuracyCase> {
  for (const half of caseFolders(folder)) {
    for (const id of readdirSync(half).sort()) {
      const issue = caseForm.parse(JSON.parse(readFileSync(join(half, id, 'case.json'), 'utf8')));
      const scenario = commonOf(folder, issue.scenario);
      const table = readMetrics(join(half, id, 'metrics.csv'));
      const events = createEvents(id);
      events.calls(readCalls(join(scenario, 'graph.csv')), table.seconds[0]! - (normalRows + 1) * intervalSeconds);
      events.measured(before(normalOf(folder, scenario), table.seconds[0]!));
      events.measured(table);
      events.alert(issue);
      yield { id, group: columnOf(issue), events: events.sorted() };
    }
  }
  yield* normalStretches(folder);
}

/** Normal operation, in stretches as long as the history and a case: nothing should be told of what comes after the history. */
function* normalStretches(folder: string): Generator<AccuracyCase> {
  const common = join(folder, 'common');
  for (const scenario of readdirSync(common).sort()) {
    const file = join(common, scenario, 'noissue_metrics.csv');
    if (!existsSync(file)) continue;
    const table = readMetrics(file);
    for (let from = 0; from + normalRows + caseRows <= table.seconds.length; from += normalRows) {
      const events = createEvents(`normal-${scenario}-${from}`);
      events.calls(readCalls(join(common, scenario, 'graph.csv')), table.seconds[from]! - intervalSeconds);
      events.measured(slice(table, from, from + normalRows + caseRows));
      yield { id: `normal-${scenario}-${from}`, group: normalGroup, events: events.sorted() };
    }
  }
}

/** `low`, `high`, `temporal`, with what was alerted: the six columns in which results of this set are given. */
function columnOf({ scenario, target }: Issue): string {
  return `${scenario.split('_')[0]!}-${target.metric}`;
}

/** Node names as those of workloads: lower case, digits and dashes. */
export function workloadOf(node: string): string {
  return node
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function commonOf(folder: string, scenario: string): string {
  return join(folder, 'common', scenario);
}

function normalOf(folder: string, scenario: string): MetricsTable {
  const own = join(scenario, 'noissue_metrics.csv');
  return readMetrics(existsSync(own) ? own : join(commonOf(folder, standIn), 'noissue_metrics.csv'));
}

function before({ seconds, series }: MetricsTable, second: number): MetricsTable {
  const from = seconds.length - normalRows;
  const moved = slice({ seconds, series }, from, seconds.length);
  return { ...moved, seconds: moved.seconds.map((_, i) => second - (normalRows - i) * intervalSeconds) };
}

function slice({ seconds, series }: MetricsTable, from: number, to: number): MetricsTable {
  return {
    seconds: seconds.slice(from, to),
    series: series.map((each) => ({ ...each, values: each.values.slice(from, to) })),
  };
}

interface Events {
  calls(edges: readonly (readonly [caller: string, callee: string])[], second: number): void;
  measured(table: MetricsTable): void;
  alert(issue: Issue): void;
  sorted(): RawEvent[];
}

const isRemote = (node: string): boolean => node.endsWith('_remote');

function createEvents(id: string): Events {
  const source = `petshop@${id}`;
  const events: RawEvent[] = [];
  const add = (type: RawEventType, second: number, node: string, data: RawEvent['data']): void => {
    events.push({
      schemaVersion: 1,
      id: contentId(source, events.length),
      type,
      traceId: null,
      spanId: null,
      timestamp: fromEpochMs(second * 1000),
      data,
      metadata: { cluster: 'petshop', source, namespace, workload: workloadOf(node), workloadKind: 'Deployment' },
    });
  };
  return {
    calls(edges, second) {
      for (const [caller, callee] of edges) {
        if (isRemote(caller) || isRemote(callee)) continue;
        add('network', second, caller, {
          kind: 'flow',
          peer: workloadOf(callee),
          peerPod: null,
          intervalMs: null,
          count: null,
          errorRatio: null,
          latencyMs: null,
        });
      }
    },
    measured({ seconds, series }) {
      seconds.forEach((second, row) => {
        const byNode = new Map<string, Record<string, number>>();
        for (const { node, metric, statistic, values } of series) {
          const value = values[row]!;
          if (Number.isNaN(value)) continue;
          const own = byNode.get(node) ?? {};
          byNode.set(node, own);
          // Availability is a percentage.
          own[`${metric}.${statistic.toLowerCase()}`] = metric === 'availability' ? value / 100 : value;
        }
        for (const [node, values] of byNode)
          if (!isRemote(node))
            add('otlp', second, node, {
              kind: 'metrics',
              values,
              intervalMs: intervalSeconds * 1000,
              attributes: {},
            });
      });
    },
    alert({ target: { node, metric, timestamp } }) {
      const direction = metric === 'latency' ? 'up' : 'down';
      add('alert', timestamp, node, {
        kind: 'alert',
        name: `${metric} ${direction}`,
        state: 'firing',
        severity: null,
        message: null,
        metric,
        direction,
        labels: {},
      });
    },
    sorted: () => events.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0)),
  };
}
