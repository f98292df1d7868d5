import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { contentId } from '../../../src/model/ids.js';
import type { RawEvent, RawEventType } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';
import { caseFolders } from '../dataset.js';
import type { AccuracyCase } from '../set.js';
import { createCluster } from './cluster.js';
import { rolloutsOf, type Changes, type Rollout } from './rollouts.js';

const namespace = 'default';
const intervalMs = 60_000;

/**
 * ChangeRCA: what could be seen until the incident was detected, and nothing later. Rollouts are told as the API server would tell them;
 * success and latency of every edge of the call graph as a service mesh measures them, by caller and by pod.
 */
export async function* changercaCases(folder: string): AsyncGenerator<AccuracyCase> {
  for (const half of caseFolders(folder)) {
    for (const id of readdirSync(half).sort()) yield readCase(join(half, id), id);
  }
}

/** The rollouts that had begun when the incident was detected, in the order of the file. */
export function rolloutsBefore(folder: string): readonly Rollout[] {
  const changes = readChanges(folder);
  return rolloutsOf(changes, changes.detect_timestamp);
}

function readChanges(folder: string): Changes {
  return JSON.parse(readFileSync(join(folder, 'changes.json'), 'utf8')) as Changes;
}

function readCase(folder: string, id: string): AccuracyCase {
  const changes = readChanges(folder);
  const untilSecond = changes.detect_timestamp;
  const callGraph = readEdges(folder);
  const flows: Flow[] = [...podFlows(folder), ...callerFlows(folder)].filter(({ second }) => second <= untilSecond);
  const firstSecond = flows.reduce((first, { second }) => Math.min(first, second), untilSecond);
  const source = `changerca@${id}`;
  let serial = 0;
  const event = (
    type: RawEventType,
    second: number,
    metadata: RawEvent['metadata'],
    data: RawEvent['data'],
  ): RawEvent => ({
    schemaVersion: 1,
    id: contentId(source, serial++),
    type,
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(second * 1000),
    data,
    metadata: { cluster: 'changerca', source, ...metadata },
  });

  const events: RawEvent[] = [];
  const cluster = createCluster(namespace, (second, object, action, changed) =>
    events.push(
      event(
        'kubeapi',
        second,
        { namespace },
        {
          kind: object.kind.toLowerCase(),
          action,
          object,
          changes: changed,
          changedBy: null,
        },
      ),
    ),
  );
  cluster.begin(changes.before_change_pods, firstSecond - intervalMs / 1000);
  for (const rollout of rolloutsOf(changes, untilSecond)) cluster.rollOut(rollout, untilSecond);
  for (const flow of flows) {
    const caller = { namespace, workload: flow.caller, workloadKind: 'Deployment' };
    events.push(
      event('network', flow.second, flow.callerPod === null ? caller : { ...caller, pod: flow.callerPod }, {
        kind: 'flow',
        peer: flow.callee,
        peerPod: flow.calleePod,
        intervalMs,
        count: null,
        errorRatio: flow.errorRatio,
        latencyMs: flow.latencyMs,
      }),
    );
  }
  // The set says when the incident was detected, and nothing of where: it is told of who calls and is not called, where users come in.
  for (const entry of entriesOf(callGraph)) {
    events.push(
      event(
        'alert',
        untilSecond,
        { namespace, workload: entry, workloadKind: 'Deployment' },
        {
          kind: 'alert',
          name: 'IncidentDetected',
          state: 'firing',
          severity: null,
          message: null,
          metric: null,
          direction: null,
          labels: {},
        },
      ),
    );
  }
  events.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
  return { id, group: 'boutique', events };
}

interface Flow {
  readonly second: number;
  readonly caller: string;
  readonly callerPod: string | null;
  readonly callee: string;
  readonly calleePod: string | null;
  readonly errorRatio: number | null;
  readonly latencyMs: number | null;
}

/**
 * `<pod>_<caller>_<callee>.csv`. The values stand one column to the right of their names: what is headed Latency is CPU use (the same
 * on every edge of a pod), and the last column is the latency, in seconds.
 */
function podFlows(folder: string): Flow[] {
  const flows: Flow[] = [];
  for (const file of readdirSync(folder)) {
    const [pod, caller, callee] = basename(file, '.csv').split('_');
    if (!file.endsWith('.csv') || pod === undefined || caller === undefined || callee === undefined) continue;
    const answers = pod.startsWith(`${callee}-`);
    for (const row of rowsOf(join(folder, file))) {
      const [, second, success, , , , , latencySeconds] = row;
      flows.push({
        second: Number(second),
        caller,
        callerPod: answers ? null : pod,
        callee,
        calleePod: answers ? pod : null,
        errorRatio: errorRatio(success),
        latencyMs: number(latencySeconds) === null ? null : number(latencySeconds)! * 1000,
      });
    }
  }
  return flows;
}

/** `source_success.csv`: success of each edge as its callers see it, all pods together. */
function callerFlows(folder: string): Flow[] {
  const path = join(folder, 'source_success.csv');
  const edges = readFileSync(path, 'utf8').split('\n', 1)[0]!.trim().split(',').slice(2);
  return rowsOf(path).flatMap(([, second, ...values]) =>
    edges.map((edge, i): Flow => {
      const [caller = '', callee = ''] = edge.split('_');
      return {
        second: Number(second),
        caller,
        callerPod: null,
        callee,
        calleePod: null,
        errorRatio: errorRatio(values[i]),
        latencyMs: null,
      };
    }),
  );
}

/** `dependency.csv` holds the call graph, and then which pod ran on which host. */
function readEdges(folder: string): (readonly [caller: string, callee: string])[] {
  return rowsOf(join(folder, 'dependency.csv'))
    .map(([caller = '', callee = '']): [string, string] => [caller, callee])
    .filter(([, callee]) => /^[a-z]/.test(callee));
}

function entriesOf(edges: readonly (readonly [caller: string, callee: string])[]): string[] {
  const called = new Set(edges.map(([, callee]) => callee));
  return [...new Set(edges.map(([caller]) => caller))].filter((caller) => !called.has(caller)).sort();
}

function rowsOf(path: string): string[][] {
  const [, ...lines] = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => line.trim().split(','));
}

function errorRatio(success: string | undefined): number | null {
  const percent = number(success);
  return percent === null ? null : Math.min(1, Math.max(0, 1 - percent / 100));
}

function number(text: string | undefined): number | null {
  return text === undefined || text === '' || !Number.isFinite(Number(text)) ? null : Number(text);
}
