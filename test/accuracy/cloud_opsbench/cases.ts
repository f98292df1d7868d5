import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { quantity } from '../../../ingest/transform/wording.js';
import { rawEventId } from '../../../src/model/ids.js';
import type { ForeignAlert, KubernetesObject, MetricsRecord, UnitState } from '../../../src/model/payloads.js';
import type { RawEvent, RawEventType } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';
import { caseFolders } from '../dataset.js';

import type { AccuracyCase } from '../set.js';
import { answersOf, localMs, readAbout, readCase, type CaseFiles } from './case-files.js';
import { eventsOfDescription, eventsOfTable, containersOf } from './event-tables.js';
import { ageMs, describedTime, readDescription, readTable, tableOf, valueOf } from './kubectl-text.js';
import { logLines } from './logs.js';
import { kinds, readObject, uidOf, type Manifest, type Surroundings } from './objects.js';

/** Every folder of a case, of whichever half. A case is read when its events are asked for. */
export async function* cases(folder: string): AsyncIterable<AccuracyCase> {
  for (const half of caseFolders(folder)) {
    for (const name of readdirSync(half).sort()) {
      const path = join(half, name);
      const { id, system } = readAbout(path);
      yield await Promise.resolve({
        id,
        group: system,
        get events() {
          return eventsOf(readCase(path));
        },
      });
    }
  }
}

/** Older than this at the time of the snapshot, a log line or a Kubernetes Event is of an earlier story. */
const windowMs = 10 * 60_000;

const cluster = 'accuracy';

type Unstamped = Pick<RawEvent, 'type' | 'data'> & { readonly atMs: number; readonly metadata?: RawEvent['metadata'] };

/**
 * A snapshot as an agent would tell it that has watched since the oldest of the pods was made, or for the last minutes: logs, metrics,
 * alerts and Kubernetes Events at their own times. Only of the objects' states nothing is known but how they were in the end: they are
 * told as found at the beginning, or as late as the times in them say, so that what was complained of in between can be laid to them.
 */
function eventsOf(files: CaseFiles): RawEvent[] {
  const source = `cloud_opsbench@${files.id}`;
  const objects = objectsOf(files);
  const madeMs = objects
    .filter(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === files.namespace)
    .reduce((first, { metadata }) => Math.min(first, Date.parse(metadata.creationTimestamp ?? '') || first), Infinity);
  const beginMs = Math.max(files.collectedMs - windowMs, Math.min(madeMs, files.collectedMs) - 1000);
  const lasting = [...units(files), ...alerts(files, objects), ...calls(files, objects, beginMs)].map((event) => ({
    ...event,
    atMs: Math.max(event.atMs, beginMs + 1),
  }));
  const happened: Unstamped[] = [
    ...lasting,
    ...logLines(files, objects),
    ...metrics(files, objects),
    ...reachability(files),
    ...kubernetesEvents(files, printedMs(files)).flatMap(sightings),
  ];
  const found = objects.flatMap((object, i) => {
    // A microsecond apart: equal times would be sorted by id, and owners have to come before what they own.
    const told = (atMs: number, action: 'SYNC' | 'MODIFIED', as: KubernetesObject): Unstamped => ({
      type: 'kubeapi',
      atMs: Math.min(Math.max(beginMs, atMs), files.collectedMs) + i / 1000,
      data: observation(action, as),
    });
    const earlier = beforeLastEnd(object);
    const newestMs = newestTimeMs(object);
    return earlier
      ? [told(beginMs, 'SYNC', earlier), told(newestMs, 'MODIFIED', object)]
      : [told(newestMs, 'SYNC', object)];
  });
  // Ids are of content: what two callers say alike at one moment would be one event.
  happened.sort((a, b) => a.atMs - b.atMs);
  const apart = happened.map((event, i) => ({
    ...event,
    atMs: event.atMs + (event.type === 'network' ? (i % 1000) / 1000 : 0),
  }));
  return [...found, ...apart.filter(({ atMs }) => atMs > beginMs && atMs < files.collectedMs + 1)]
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ type, data, atMs, metadata }: Unstamped) => stamped(type, data, atMs, { cluster, source, ...metadata }));
}

/** An Event that was seen again and again, when it was made and when it was last counted up. */
function sightings(event: KubernetesObject): Unstamped[] {
  const { firstTimestamp, lastTimestamp, count } = event;
  const last = { type: 'kubeapi' as const, atMs: Date.parse(String(lastTimestamp)), data: observation('ADDED', event) };
  if (count === 1) return [last];
  const metadata = { ...event.metadata, resourceVersion: '1' };
  const first = { ...event, metadata, count: 1, lastTimestamp: firstTimestamp };
  return [
    { type: 'kubeapi', atMs: Date.parse(String(firstTimestamp)), data: observation('ADDED', first) },
    { ...last, data: observation('MODIFIED', event) },
  ];
}

/** A pod cannot have been as it is before the newest time that its containers name: -Infinity where none is named. */
function newestTimeMs({ kind, status }: KubernetesObject): number {
  if (kind !== 'Pod') return -Infinity;
  const times = [...JSON.stringify(status ?? {}).matchAll(/"(?:startTime|startedAt|finishedAt)":"([^"]+)"/g)];
  return times.reduce((newest, [, time]) => Math.max(newest, Date.parse(time!) || -Infinity), -Infinity);
}

/** A pod with a container that was restarted, as it was before that: the end that is told says when it ran. Null for all others. */
function beforeLastEnd(object: KubernetesObject): KubernetesObject | null {
  const status = object.status as { readonly containerStatuses?: readonly RestartedStatus[] } | undefined;
  const statuses = status?.containerStatuses ?? [];
  if (!statuses.some(({ restartCount, lastState }) => restartCount > 0 && lastState.terminated)) return null;
  const before = statuses.map((one) =>
    one.restartCount > 0 && one.lastState.terminated
      ? {
          ...one,
          restartCount: one.restartCount - 1,
          state: { running: { startedAt: one.lastState.terminated.startedAt } },
          lastState: {},
        }
      : one,
  );
  return {
    ...object,
    metadata: { ...object.metadata, resourceVersion: '0' },
    status: { ...status, containerStatuses: before },
  };
}

interface RestartedStatus {
  readonly restartCount: number;
  readonly lastState: { readonly terminated?: { readonly startedAt?: string } };
}

function observation(action: 'SYNC' | 'ADDED' | 'MODIFIED', object: KubernetesObject): RawEvent['data'] {
  return { kind: object.kind.toLowerCase(), action, object, changes: [], changedBy: null };
}

function stamped(type: RawEventType, data: RawEvent['data'], atMs: number, metadata: RawEvent['metadata']): RawEvent {
  const event = { type, traceId: null, spanId: null, timestamp: fromEpochMs(atMs), data, metadata } as const;
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

/**
 * When kubectl was asked. `collected_at` is up to a minute off; a pod that was scheduled so many seconds ago, and says when it started,
 * tells it to the second.
 */
function printedMs({ kubectl, collectedMs }: CaseFiles): number {
  const offsets: number[] = [];
  for (const [command, text] of Object.entries(kubectl)) {
    if (!command.startsWith('kubectl describe pod')) continue;
    const lines = readDescription(text);
    const scheduled = tableOf(lines, 'Events').find(({ reason }) => reason === 'Scheduled')?.age ?? '';
    const started = describedTime(valueOf(lines, 'Start Time'));
    const age = /s$/.test(scheduled) ? ageMs(scheduled) : null;
    if (age !== null && started !== undefined) offsets.push(Date.parse(started) + age);
  }
  offsets.sort((a, b) => a - b);
  return offsets[offsets.length >> 1] ?? collectedMs;
}

const order = [
  'Node',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'ResourceQuota',
  'ServiceAccount',
  'ConfigMap',
  'Secret',
  'NetworkPolicy',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Pod',
  'Service',
  'EndpointSlice',
];

function objectsOf(files: CaseFiles): KubernetesObject[] {
  const { kubectl, namespace } = files;
  const around: Surroundings = {
    printedMs: printedMs(files),
    podOfAddress: podAddresses(kubectl),
    ages: agesOf(kubectl),
    manifests: manifestsOf(files),
  };
  const found = new Map<string, KubernetesObject>();
  const put = (object: KubernetesObject | null): void => {
    if (object) found.set(`${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`, object);
  };
  put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, status: { phase: 'Active' } });
  for (const [command, text] of Object.entries(kubectl)) {
    const [, verb, plural = ''] = command.split(' ');
    const kind = kinds[plural];
    if (verb === 'describe' && kind !== undefined) put(readObject(kind, text, around));
  }
  // What the API server itself holds says more than its description.
  for (const [command, text] of Object.entries(kubectl)) {
    if (command.endsWith('-o yaml') && text.startsWith('apiVersion:')) put(ofYaml(text));
  }
  for (const object of listedAlone(kubectl, namespace, found)) put(object);
  return [...found.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

const apiObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** With the uid of this set, since what refers to it (owners, events) only knows its name. */
function ofYaml(text: string): KubernetesObject | null {
  const { success, data } = apiObject.safeParse(parseYaml(text));
  if (!success || data.kind === 'Secret') return null;
  const { name, namespace } = data.metadata;
  const metadata = { ...data.metadata, annotations: {}, uid: uidOf(data.kind, namespace, name) };
  return { ...data, metadata: metadata as unknown as KubernetesObject['metadata'] };
}

function podAddresses(kubectl: CaseFiles['kubectl']): Map<string, string> {
  const pods = new Map<string, string>();
  for (const [command, text] of Object.entries(kubectl)) {
    if (!command.startsWith('kubectl describe pod')) continue;
    const lines = readDescription(text);
    const address = valueOf(lines, 'IP');
    if (address !== undefined) pods.set(address, valueOf(lines, 'Name') ?? '');
  }
  return pods;
}

function agesOf(kubectl: CaseFiles['kubectl']): Map<string, string> {
  const ages = new Map<string, string>();
  for (const [command, text] of Object.entries(kubectl)) {
    const [, verb, plural = '', next] = command.split(' ');
    const kind = kinds[plural];
    if (verb !== 'get' || kind === undefined || (next !== undefined && !next.startsWith('-n'))) continue;
    for (const { name, age } of readTable(text.split('\n')))
      if (name !== undefined && age !== undefined) ages.set(`${kind}/${name}`, age);
  }
  return ages;
}

/** ServiceAccounts and DaemonSets that only a list shows. */
function listedAlone(
  kubectl: CaseFiles['kubectl'],
  namespace: string,
  known: ReadonlyMap<string, KubernetesObject>,
): KubernetesObject[] {
  const objects: KubernetesObject[] = [];
  for (const [plural, kind, apiVersion] of [
    ['serviceaccounts', 'ServiceAccount', 'v1'],
    ['daemonsets', 'DaemonSet', 'apps/v1'],
  ] as const) {
    for (const row of readTable((kubectl[`kubectl get ${plural} -n ${namespace}`] ?? '').split('\n'))) {
      const { name = '' } = row;
      if (name === '' || known.has(`${kind}/${namespace}/${name}`)) continue;
      const desired = Number(row.desired ?? 0);
      objects.push({
        apiVersion,
        kind,
        metadata: { name, namespace, uid: uidOf(kind, namespace, name), resourceVersion: '1' },
        ...(kind === 'DaemonSet' && {
          status: {
            desiredNumberScheduled: desired,
            numberReady: Number(row.ready ?? 0),
            numberAvailable: Number(row.available ?? 0),
            updatedNumberScheduled: Number(row['up-to-date'] ?? desired),
          },
        }),
      });
    }
  }
  return objects;
}

/** What was applied, by `Kind/name`: as a user's own files, not what the cluster made of them. */
function manifestsOf(files: CaseFiles): Map<string, Manifest> {
  const manifests = new Map<string, Manifest>();
  for (const { answer } of answersOf(files, 'GetAppYAML')) {
    if (typeof answer !== 'string') continue;
    for (const document of parseAllDocuments(answer)) {
      if (document.errors.length > 0) continue;
      const { success, data } = apiObject.safeParse(document.toJS());
      if (success) manifests.set(`${data.kind}/${data.metadata.name}`, data as Manifest);
    }
  }
  return manifests;
}

function kubernetesEvents({ kubectl }: CaseFiles, atMs: number): KubernetesObject[] {
  const events = new Map<string, KubernetesObject>();
  const containers = containersOf(kubectl);
  const put = (event: KubernetesObject): void => {
    // A description tells more of the same event (how often, since when) than a list.
    const uid = event.metadata.uid!;
    if (!events.has(uid)) events.set(uid, event);
  };
  for (const [command, text] of Object.entries(kubectl)) {
    const [, verb, plural = ''] = command.split(' ');
    const kind = kinds[plural];
    if (verb === 'describe' && kind !== undefined) eventsOfDescription(kind, text, atMs, containers).forEach(put);
  }
  for (const [command, text] of Object.entries(kubectl)) {
    const of = /^kubectl get events -n (\S+)/.exec(command)?.[1];
    if (of !== undefined) eventsOfTable(text, of, atMs, containers).forEach(put);
  }
  return [...events.values()];
}

/** systemd's word on the kubelet, the runtime and the control plane of each node, at the time at which the state began. */
function units(files: CaseFiles): Unstamped[] {
  return answersOf(files, 'CheckNodeServiceStatus').flatMap(({ asked, answer }) => {
    const match = /^\s*Active: (\w+)(?: \((\w+)\))?(?: since \w+ (\S+ \S+) CST)?/m.exec(String(answer));
    if (!match) return [];
    const [, activeState, subState, since] = match;
    const data: UnitState = {
      kind: 'unit',
      unit: `${String(asked.service_name)}.service`,
      activeState: activeState as UnitState['activeState'],
      subState: subState ?? null,
      message: null,
    };
    const sinceMs = since === undefined ? NaN : localMs(since);
    const atMs = activeState === 'active' || Number.isNaN(sinceMs) ? files.collectedMs : sinceMs;
    return [
      {
        type: 'systemd',
        atMs: Math.min(atMs, files.collectedMs),
        data: { ...data },
        metadata: { node: String(asked.node_name) },
      },
    ];
  });
}

/** Whether each Service answered when it was tried, from a pod of the namespace, or from one on each node. */
function reachability(files: CaseFiles): Unstamped[] {
  return answersOf(files, 'CheckServiceConnectivity').flatMap(({ asked, answer }) => {
    const text = String(answer);
    const rows = [
      ...text.matchAll(/deployed on (\S+?):\s*(?:[^\n]* open\s*)?(?:\n)?\s*Connection (Succeeded|Failed)/g),
    ];
    const results =
      rows.length > 0
        ? rows.map(([, node, result]) => ({ node, reachable: result === 'Succeeded' }))
        : [{ node: undefined, reachable: /Connection Succeeded/.test(text) }];
    return results.map(({ node, reachable }) => ({
      type: 'network' as const,
      atMs: files.collectedMs,
      data: {
        kind: 'probe',
        peer: `${String(asked.service_name)}.${files.namespace}`,
        port: Number(asked.port),
        reachable,
        error: reachable ? null : 'connection failed',
      },
      metadata: node === undefined ? { namespace: files.namespace } : { node },
    }));
  });
}

const metricOf: readonly (readonly [RegExp, string])[] = [
  [/cfs|throttl/i, 'throttling'],
  [/cpu/i, 'cpu'],
  [/mem/i, 'memory'],
  [/latency|slow/i, 'latency'],
  [/success|error|fail/i, 'error-rate'],
  [/rps|traffic|throughput/i, 'requests'],
  [/retrans|packet|loss/i, 'tcp-retransmissions'],
];

/** `Normal=39.87ms -> Current=3589.07ms (+8901.3%)`: of several percentiles the one that went up most. Small numbers are rounded away. */
function measuredIn(evidence: string): Record<string, string> {
  const found = [...evidence.matchAll(/-> Current=([\d.]+)(?:ms| cores) \(\+([\d.]+)%\)/g)].map(
    ([, current, percent]) => ({
      value: Number(current),
      typical: Number(current) / (1 + Number(percent) / 100),
    }),
  );
  const most = found.sort((a, b) => b.value - b.typical - a.value + a.typical)[0];
  return most ? { typical: String(most.typical), value: String(most.value) } : {};
}

/** Judgements of the benchmark's own monitoring: one for each line of evidence, firing from the beginning of its range. */
function alerts(files: CaseFiles, objects: readonly KubernetesObject[]): Unstamped[] {
  return files.alerts.flatMap((alert) => {
    const from = localMs(alert.time_range?.split(' ~ ')[0] ?? '');
    const atMs = Math.min(Number.isNaN(from) ? files.collectedMs : from, files.collectedMs);
    const told = (
      data: Omit<ForeignAlert, 'kind' | 'state' | 'severity'>,
      metadata: RawEvent['metadata'],
    ): Unstamped => ({
      type: 'alert',
      atMs,
      data: { kind: 'alert', state: 'firing', severity: 'warning', ...data },
      metadata,
    });
    if (alert.entry_service !== undefined)
      return [
        told(
          {
            name: 'HttpErrors',
            message: `${alert.request_method ?? 'GET'} ${alert.url ?? ''}: ${alert.raw_error ?? ''} (${alert.occurrences ?? 1} times)`,
            metric: 'error-rate',
            direction: 'up',
            labels: { service: alert.entry_service },
          },
          placeOf(alert.entry_service, files.namespace, objects),
        ),
      ];
    const { name = '', type } = alert;
    const metadata: RawEvent['metadata'] = type === 'Node' ? { node: name } : placeOf(name, files.namespace, objects);
    return (alert.evidence ?? []).map((evidence) =>
      told(
        {
          name: /^\w+/.exec(evidence)?.[0] ?? 'Anomaly',
          message: evidence,
          metric: metricOf.find(([pattern]) => pattern.test(evidence.replace(/^\w+ /, '')))?.[1] ?? null,
          direction: /\(-[\d.]+%\)/.test(evidence) ? 'down' : 'up',
          labels: { ...(type === 'Node' ? { node: name } : { service: name }), ...measuredIn(evidence) },
        },
        metadata,
      ),
    );
  });
}

/** An app of the benchmark is a workload, with the Service in front of it of the same name. */
function placeOf(app: string, namespace: string, objects: readonly KubernetesObject[]): RawEvent['metadata'] {
  const workload = objects.find(
    ({ kind, metadata }) => /^(?:Deployment|StatefulSet)$/.test(kind) && metadata.name === app,
  );
  return { namespace, service: app, ...(workload && { workload: app, workloadKind: workload.kind }) };
}

/** Who calls whom, out of the static tree that every solver is given: that there is traffic, and nothing else. */
function calls(files: CaseFiles, objects: readonly KubernetesObject[], atMs: number): Unstamped[] {
  return answersOf(files, 'GetServiceDependencies').flatMap(({ asked, answer }) => {
    const caller = String(asked.service_name);
    const callees = [...String(answer).matchAll(/^[├└]── (\S+)/gm)].map(([, name]) => name!);
    return callees.map((callee): Unstamped => ({
      type: 'network',
      atMs,
      data: {
        kind: 'flow',
        peer: `${callee}.${files.namespace}`,
        peerPod: null,
        intervalMs: null,
        count: null,
        errorRatio: null,
        latencyMs: null,
      },
      metadata: placeOf(caller, files.namespace, objects),
    }));
  });
}

/** OpenTelemetry's names where there are any; the rest keep the column's. */
const metricNames: Readonly<Record<string, string>> = {
  cpu: 'container.cpu.usage',
  mem: 'container.memory.working_set',
  cpu_cfs: 'container.cpu.throttled',
  rps: 'requests.rate',
  success_rate: 'requests.success_ratio',
  network_receive: 'k8s.pod.network.receive',
  network_transmit: 'k8s.pod.network.transmit',
  p50latency: 'latency.p50',
  p90latency: 'latency.p90',
  p95latency: 'latency.p95',
};

interface Limits {
  readonly cores: number | null;
  readonly bytes: number | null;
}

/** Limits of an app's own container, the sidecar's aside. */
function limitsOf(app: string, objects: readonly KubernetesObject[]): Limits {
  const pod = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.labels?.app === app);
  const spec = pod?.spec as
    | {
        readonly containers?: readonly {
          readonly name: string;
          readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
        }[];
      }
    | undefined;
  const limits = spec?.containers?.find(({ name }) => name !== 'istio-proxy')?.resources?.limits;
  return { cores: quantity(limits?.cpu), bytes: quantity(limits?.memory) };
}

/** Usage as OpenTelemetry's kubeletstats receiver gives it where a limit is known: as a part of that. */
function againstLimits(measured: Readonly<Record<string, number>>, limits: Limits | undefined): Record<string, number> {
  const { 'container.cpu.usage': cores, 'container.memory.working_set': bytes, ...rest } = measured;
  return {
    ...rest,
    ...(cores !== undefined &&
      (limits?.cores ? { 'k8s.pod.cpu_limit_utilization': cores / limits.cores } : { 'container.cpu.usage': cores })),
    ...(bytes !== undefined &&
      (limits?.bytes
        ? { 'k8s.pod.memory_limit_utilization': bytes / limits.bytes }
        : { 'container.memory.working_set': bytes })),
  };
}

function metrics(files: CaseFiles, objects: readonly KubernetesObject[]): Unstamped[] {
  const [heading, ...rows] = files.metrics ?? [];
  if (!heading) return [];
  const columns = heading.map((title) => {
    const at = title.lastIndexOf('-');
    return { of: title.slice(0, at), metric: title.slice(at + 1) };
  });
  const nodes = new Set(
    Object.keys(files.kubectl).flatMap((command) => /describe nodes (\S+)/.exec(command)?.[1] ?? []),
  );
  const limits = new Map(columns.map(({ of }) => [of, limitsOf(of, objects)]));
  const stepMs = rows.length > 1 ? localMs(rows[1]![0]!) - localMs(rows[0]![0]!) : null;
  return rows.flatMap((row) => {
    const values = new Map<string, Record<string, number>>();
    row.forEach((cell, i) => {
      const { of, metric } = columns[i]!;
      if (i === 0 || cell === '' || Number.isNaN(Number(cell))) return;
      const record = values.get(of) ?? {};
      record[metricNames[metric] ?? metric] = Number(cell);
      values.set(of, record);
    });
    return [...values].map(([of, measured]): Unstamped => {
      const data: MetricsRecord = {
        kind: 'metrics',
        values: againstLimits(measured, limits.get(of)),
        intervalMs: stepMs,
        attributes: {},
      };
      return {
        type: 'otlp',
        atMs: localMs(row[0]!),
        data: { ...data },
        metadata: nodes.has(of) ? { node: of } : placeOf(of, files.namespace, objects),
      };
    });
  });
}
