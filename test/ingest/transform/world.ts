import pino from 'pino';
import { Registry } from 'prom-client';
import { createTransform, type Transform } from '../../../ingest/transform/transform.js';
import type { EntityFinding, EventFinding, Finding } from '../../../src/model/finding.js';
import { rawEventId } from '../../../src/model/ids.js';
import type { FieldChange } from '../../../src/model/payloads.js';
import type { RawData, RawEvent, RawEventType } from '../../../src/model/raw-event.js';
import { canonicalTimestamp, toEpochMs } from '../../../src/model/time.js';
import type { UnifiedEvent } from '../../../src/model/unified-event.js';

/** A small world for the transform stage: observations in, findings out, times as `10:00:07` of one day. */
export interface World {
  readonly transform: Transform;
  observe(at: string, object: object, options?: ObserveOptions): Finding[];
  log(at: string, message: string, options?: LogOptions): Finding[];
  kernel(at: string, data: RawData, metadata?: RawEvent['metadata']): Finding[];
  tick(at: string): Finding[];
}

export interface ObserveOptions {
  readonly action?: 'SYNC' | 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly changes?: readonly FieldChange[];
  readonly changedBy?: string | null;
}

export interface LogOptions {
  readonly level?: string | null;
  readonly stream?: 'stdout' | 'stderr';
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly metadata?: RawEvent['metadata'];
}

export function time(clock: string): string {
  return canonicalTimestamp(`2026-11-24T${clock}Z`)!;
}

export function raw(type: RawEventType, at: string, data: RawData, metadata: RawEvent['metadata']): RawEvent {
  const event = {
    type,
    traceId: null,
    spanId: null,
    timestamp: time(at),
    data,
    metadata: { cluster: 'test', ...metadata },
  };
  return { schemaVersion: 1, id: rawEventId(event), ...event };
}

let version = 0;

export function observation(at: string, object: object, options: ObserveOptions = {}): RawEvent {
  const { action = 'MODIFIED', changes = [], changedBy = null } = options;
  const { kind } = object as { kind: string };
  version += 1;
  const { metadata } = object as { metadata: object };
  const versioned = { ...object, metadata: { resourceVersion: String(version), ...metadata } };
  return raw(
    'kubeapi',
    at,
    { kind: kind.toLowerCase(), action, object: versioned, changes, changedBy },
    { source: 'kubernetes@node-1' },
  );
}

export function logLine(at: string, message: string, options: LogOptions = {}): RawEvent {
  const {
    level = 'error',
    stream = 'stdout',
    attributes = {},
    metadata = { namespace: 'market', pod: 'web-1', podUid: 'uid-web-1', container: 'web' },
  } = options;
  return raw(
    'log',
    at,
    { kind: 'line', stream, message, level, attributes },
    { source: 'container-logs@node-1', ...metadata },
  );
}

export function newTransform(): Transform {
  return createTransform({ cluster: 'test', log: pino({ level: 'silent' }), registry: new Registry() });
}

export function createWorld(): World {
  const transform = newTransform();
  return {
    transform,
    observe: (at, object, options) => transform.transform(observation(at, object, options)),
    log: (at, message, options) => transform.transform(logLine(at, message, options)),
    kernel: (at, data, metadata = {}) =>
      transform.transform(raw('ebpf', at, data, { source: 'kernel@node-1', node: 'node-1', ...metadata })),
    tick: (at) => transform.tick(toEpochMs(time(at))),
  };
}

/** What is wrong with the observed object, as `category: message`. */
export function problems(findings: readonly Finding[]): string[] {
  return findings
    .filter((finding): finding is EntityFinding => finding.kind === 'entity')
    .flatMap((finding) => finding.problems.map(told));
}

export function happened(findings: readonly Finding[]): string[] {
  return events(findings).map(told);
}

export function events(findings: readonly Finding[]): UnifiedEvent[] {
  return findings
    .filter((finding): finding is EventFinding => finding.kind === 'event')
    .map((finding) => finding.event);
}

export function entity(findings: readonly Finding[], kind: string): EntityFinding {
  const found = findings.find(
    (finding): finding is EntityFinding => finding.kind === 'entity' && finding.entity.kind === kind,
  );
  if (!found) throw new Error(`no ${kind} among the findings`);
  return found;
}

function told({ semantic }: UnifiedEvent): string {
  return `${semantic.category}: ${semantic.message}`;
}

export interface PodParts {
  readonly name?: string;
  readonly phase?: string;
  readonly spec?: object;
  readonly metadata?: object;
  readonly container?: object;
  /** Of the one container's status. */
  readonly status?: object;
  readonly conditions?: readonly object[];
  readonly podStatus?: object;
}

/** A pod `web-1` of Deployment `web` with one container `web`, running and ready unless the parts say otherwise. */
export function pod(parts: PodParts = {}): object {
  const name = parts.name ?? 'web-1';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'market',
      uid: `uid-${name}`,
      creationTimestamp: '2026-11-24T09:00:00Z',
      labels: { app: 'web', 'pod-template-hash': '5d4f' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f', uid: 'uid-rs', controller: true },
      ],
      ...parts.metadata,
    },
    spec: {
      nodeName: 'node-1',
      restartPolicy: 'Always',
      containers: [
        {
          name: 'web',
          image: 'registry.example.com/web:1',
          ports: [{ name: 'http', containerPort: 8080 }],
          resources: { limits: { memory: '64Mi' }, requests: { cpu: '100m' } },
          ...parts.container,
        },
      ],
      ...parts.spec,
    },
    status: {
      phase: parts.phase ?? 'Running',
      podIP: '10.0.0.7',
      startTime: '2026-11-24T09:00:00Z',
      conditions: parts.conditions ?? [
        { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-11-24T09:00:00Z' },
        { type: 'Ready', status: 'True', lastTransitionTime: '2026-11-24T09:00:05Z' },
      ],
      containerStatuses: [
        {
          name: 'web',
          ready: true,
          restartCount: 0,
          containerID: 'containerd://aaa',
          state: { running: { startedAt: '2026-11-24T09:00:01Z' } },
          ...parts.status,
        },
      ],
      ...parts.podStatus,
    },
  };
}

export const notReady = (since: string, extra: object = {}): readonly object[] => [
  { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-11-24T09:00:00Z' },
  {
    type: 'Ready',
    status: 'False',
    reason: 'ContainersNotReady',
    lastTransitionTime: `2026-11-24T${since}Z`,
    ...extra,
  },
];

export function waiting(reason: string, message = '', last?: object): PodParts {
  return {
    phase: 'Pending',
    conditions: notReady('09:00:00'),
    status: {
      ready: false,
      containerID: '',
      state: { waiting: { reason, message } },
      ...(last && { lastState: { terminated: last }, restartCount: 1 }),
    },
  };
}

export function deployment(parts: { spec?: object; status?: object; metadata?: object } = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'market',
      uid: 'uid-deploy',
      generation: 3,
      creationTimestamp: '2026-11-24T08:00:00Z',
      ...parts.metadata,
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web:1', env: [{ name: 'API', value: 'http://api:8080' }] }] },
      },
      ...parts.spec,
    },
    status: {
      observedGeneration: 3,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      conditions: [
        {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetAvailable',
          lastUpdateTime: '2026-11-24T08:01:00Z',
        },
      ],
      ...parts.status,
    },
  };
}

export function clusterEvent(reason: string, message: string, involved: object, extra: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${reason}.1`, namespace: 'market', uid: `uid-event-${reason}` },
    involvedObject: involved,
    reason,
    message,
    type: 'Warning',
    count: 1,
    ...extra,
  };
}
