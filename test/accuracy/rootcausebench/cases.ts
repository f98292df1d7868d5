import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentId } from '../../../src/model/ids.js';
import type { ChangeMarker, SpanRecord } from '../../../src/model/payloads.js';
import type { RawData, RawEvent, RawEventType } from '../../../src/model/raw-event.js';
import { canonicalTimestamp, fromEpochMs, toEpochMs } from '../../../src/model/time.js';
import { caseFolders } from '../dataset.js';
import type { AccuracyCase } from '../set.js';

/** The set knows services by name alone: one namespace holds them all. */
const namespace = 'production';

interface LogRecord {
  readonly timestamp: string;
  readonly service: string;
  readonly severity_text?: string;
  readonly msg?: string;
  readonly trace_id?: string | null;
  readonly [field: string]: unknown;
}

interface Span {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_id: string | null;
  readonly service: string;
  readonly name: string;
  readonly start: string;
  readonly duration_ms: number;
  readonly status: string;
  readonly [field: string]: unknown;
}

interface Commit {
  readonly sha: string;
  readonly author: string;
  readonly timestamp: string;
  readonly message: string;
  readonly files_changed: readonly string[];
  readonly diff: string | null;
}

interface Deploy {
  readonly timestamp: string;
  readonly service: string;
  readonly commit_sha: string;
  readonly version: string;
}

interface Flag {
  readonly timestamp: string;
  readonly flag: string;
  readonly service: string;
  readonly change: string;
  readonly actor: string;
}

interface Monitor {
  readonly service: string;
  readonly metric: string;
  readonly threshold?: number;
  readonly observed?: number;
  readonly fired_at: string;
  readonly severity?: string;
  readonly monitor: string;
  readonly summary: string;
  readonly detail?: string;
}

interface StatusFeed {
  readonly component: string;
  readonly events: readonly { readonly timestamp: string; readonly status: string; readonly detail: string }[];
}

type Emit = (type: RawEventType, at: string, place: RawEvent['metadata'], data: RawData, trace?: Trace) => void;
interface Trace {
  readonly traceId: string | null;
  readonly spanId: string | null;
}

/** RootCauseBench: logs, metrics, spans, commits, deployments, flags and the monitor that fired, as they are given. Invented incidents. */
export async function* rootcausebenchCases(folder: string): AsyncGenerator<AccuracyCase> {
  for (const half of caseFolders(folder)) {
    for (const id of readdirSync(half).sort())
      if (existsSync(join(half, id, 'alert.json'))) yield readCase(join(half, id), id);
  }
}

function readCase(folder: string, id: string): AccuracyCase {
  const source = `rootcausebench@${id}`;
  const events: RawEvent[] = [];
  const emit: Emit = (type, at, place, data, trace) => {
    events.push({
      schemaVersion: 1,
      id: contentId(source, events.length),
      type,
      traceId: trace?.traceId ?? null,
      spanId: trace?.spanId ?? null,
      timestamp: canonicalTimestamp(at)!,
      data,
      metadata: { cluster: 'rootcausebench', source, ...place },
    });
  };
  logs(folder, emit);
  metrics(folder, emit);
  spans(folder, emit);
  changes(folder, emit);
  alerts(folder, emit);
  events.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
  return { id, group: 'rootcausebench', events };
}

function placeOf(service: string): RawEvent['metadata'] {
  return { namespace, workload: service, workloadKind: 'Deployment', service };
}

function logs(folder: string, emit: Emit): void {
  const lines = readFileSync(join(folder, 'logs.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as LogRecord);
  const services = new Set(lines.map(({ service }) => service));
  for (const { timestamp, service, severity_text: severity, msg, trace_id: traceId, ...rest } of lines) {
    if (rest.event_type === 'k8s.event') {
      const pod = typeof rest['k8s.pod'] === 'string' ? rest['k8s.pod'] : '';
      const owner = [...services].find((name) => pod.startsWith(`${name}-`));
      // Pods are named after their workload: a record without values says whose it is.
      if (owner !== undefined)
        emit(
          'otlp',
          timestamp,
          { ...placeOf(owner), pod },
          { kind: 'metrics', values: {}, intervalMs: null, attributes: {} },
        );
      const fields = owner === undefined ? rest : { ...rest, 'k8s.namespace': namespace };
      emit('kubeapi', timestamp, { namespace }, clusterEvent(timestamp, msg ?? '', service, severity, fields));
      continue;
    }
    const attributes = Object.fromEntries(
      Object.entries(rest).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
    ) as Record<string, string | number | boolean>;
    emit(
      'log',
      timestamp,
      placeOf(service),
      { kind: 'line', stream: 'stdout', message: msg ?? '', level: severity?.toLowerCase() ?? null, attributes },
      { traceId: typeof traceId === 'string' ? traceOf(traceId) : null, spanId: null },
    );
  }
}

/** A Kubernetes event that came as a log record. */
function clusterEvent(
  at: string,
  message: string,
  component: string,
  severity: string | undefined,
  fields: Readonly<Record<string, unknown>>,
): RawData {
  const text = (name: string): string | null => (typeof fields[name] === 'string' ? fields[name] : null);
  const space = text('k8s.namespace') ?? namespace;
  const pod = text('k8s.pod');
  const involvedObject =
    pod === null
      ? { apiVersion: 'v1', kind: 'Node', name: text('k8s.node') ?? '' }
      : { apiVersion: 'v1', kind: 'Pod', namespace: space, name: pod };
  const uid = contentId(at, message);
  return {
    kind: 'event',
    action: 'ADDED',
    object: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: uid.slice(0, 12),
        namespace: pod === null ? 'default' : space,
        uid,
        resourceVersion: '1',
        creationTimestamp: at,
      },
      involvedObject,
      reason: text('reason') ?? '',
      message,
      type: severity === 'INFO' ? 'Normal' : 'Warning',
      count: 1,
      firstTimestamp: at,
      lastTimestamp: at,
      source: { component },
    },
    changes: [],
    changedBy: null,
  };
}

/** One record for each service and moment: `timestamp,service,metric,value`. */
function metrics(folder: string, emit: Emit): void {
  const [, ...rows] = readFileSync(join(folder, 'metrics.csv'), 'utf8').split('\n');
  const records = new Map<
    string,
    { readonly at: string; readonly service: string; readonly values: Record<string, number> }
  >();
  for (const row of rows) {
    const [at = '', service = '', metric = '', value] = row.trim().split(',');
    if (at === '' || value === undefined || value === '') continue;
    const key = `${at} ${service}`;
    const record = records.get(key) ?? { at, service, values: {} };
    record.values[metric] = Number(value);
    records.set(key, record);
  }
  for (const { at, service, values } of records.values())
    emit('otlp', at, placeOf(service), { kind: 'metrics', values, intervalMs: 60_000, attributes: {} });
}

function spans(folder: string, emit: Emit): void {
  let before = '';
  for (const span of JSON.parse(readFileSync(join(folder, 'traces.json'), 'utf8')) as Span[]) {
    // The set abbreviates: `same` is the trace of the span before.
    const trace = span.trace_id === 'same' ? before : span.trace_id;
    before = trace;
    const {
      parent_id: parent,
      service,
      name,
      start,
      duration_ms: durationMs,
      status,
      attributes,
      error,
      ...rest
    } = span;
    const more = typeof attributes === 'object' && attributes !== null ? attributes : {};
    const message = error ?? rest.status_message;
    const data: SpanRecord = {
      kind: 'span',
      parentSpanId: parent === null ? null : spanOf(trace, parent),
      name,
      spanKind: null,
      startedAt: canonicalTimestamp(start)!,
      durationMs,
      status: status === 'ERROR' ? 'error' : status === 'OK' ? 'ok' : 'unset',
      attributes: { ...more, ...(typeof message === 'string' && { 'error.message': message }) },
    };
    const endedAt = fromEpochMs(toEpochMs(canonicalTimestamp(start)!) + durationMs);
    emit(
      'otlp',
      endedAt,
      placeOf(service),
      { ...data },
      { traceId: traceOf(trace), spanId: spanOf(trace, span.span_id) },
    );
  }
}

function changes(folder: string, emit: Emit): void {
  const read = <T>(name: string): T[] => {
    const path = join(folder, 'context', name);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T[]) : [];
  };
  const mark = (at: string, place: RawEvent['metadata'], marker: Omit<ChangeMarker, 'kind'>): void =>
    emit('kubeapi', at, place, { kind: 'change-marker', ...marker });
  // Commits before the rollouts of the same second: a commit has to be there to be rolled out.
  for (const { sha, author, timestamp, message, files_changed: paths, diff } of read<Commit>('commits.json'))
    // The set promises the diff of every commit; where it has none there is nothing to see.
    mark(timestamp, { namespace }, { what: 'commit', reference: sha, message, author, paths, diff: diff ?? '' });
  for (const { timestamp, service, commit_sha: sha, version } of read<Deploy>('deploys.json'))
    mark(timestamp, placeOf(service), {
      what: 'deploy',
      reference: sha,
      message: version,
      author: null,
      paths: [],
      diff: null,
    });
  for (const { timestamp, flag, service, change, actor } of read<Flag>('flags.json'))
    mark(timestamp, placeOf(service), {
      what: 'flag',
      reference: flag,
      message: change,
      author: actor,
      paths: [],
      diff: null,
    });
}

const severities = new Set(['info', 'warning', 'error', 'critical'] as const);

function alerts(folder: string, emit: Emit): void {
  const monitor = JSON.parse(readFileSync(join(folder, 'alert.json'), 'utf8')) as Monitor;
  const { service, metric, threshold, observed, fired_at: firedAt, severity, monitor: name, summary, detail } = monitor;
  const known = [...severities].find((each) => each === severity);
  const direction =
    threshold === undefined || observed === undefined || threshold === observed
      ? null
      : observed > threshold
        ? 'up'
        : 'down';
  emit('alert', firedAt, placeOf(service), {
    kind: 'alert',
    name,
    state: 'firing',
    severity: known ?? 'error',
    message: detail === undefined ? summary : `${summary}. ${detail}`,
    metric,
    direction,
    labels: {},
  });
  const feedPath = join(folder, 'status_feed.json');
  if (!existsSync(feedPath)) return;
  const feed = JSON.parse(readFileSync(feedPath, 'utf8')) as StatusFeed;
  for (const { timestamp, status, detail: said } of feed.events)
    emit(
      'alert',
      timestamp,
      {},
      {
        kind: 'alert',
        name: feed.component,
        state: status === 'resolved' || status === 'operational' ? 'resolved' : 'firing',
        severity: 'error',
        message: said,
        metric: null,
        direction: null,
        labels: {},
      },
    );
}

/** The set's ids are free text; those of W3C trace context are hex digits. */
function traceOf(id: string): string {
  return /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id) ? id : contentId('trace', id);
}

function spanOf(trace: string, id: string): string {
  return contentId('span', trace, id).slice(0, 16);
}
