import { createRedactor } from '../../../agent/redaction.js';
import { fieldChanges } from '../../../agent/collectors/kubernetes/changes.js';
import { rawEventId } from '../../../src/model/ids.js';
import type {
  FieldChange,
  FlowRecord,
  KubernetesObject,
  SourceState,
  UnitState,
  ChangeMarker,
  ForeignAlert,
  SpanRecord,
} from '../../../src/model/payloads.js';
import type { RawData, RawEvent, RawEventType } from '../../../src/model/raw-event.js';
import { fromEpochMs } from '../../../src/model/time.js';

import { createControllers, type Controllers } from './controllers.js';
import { condition, containerId, object } from './objects.js';
import { shop } from './shop.js';
import { isFields, merged, type Fields } from './merge.js';

export const cluster = 'shop';
export const startMs = Date.UTC(2026, 10, 24, 10);

/** How a container ended, as its status says. */
export interface End {
  readonly exitCode: number;
  readonly reason?: string;
  readonly signal?: number;
  readonly message?: string;
  /** How long it had run. Default 20. */
  readonly ranS?: number;
  /** Default: the first container of the pod. */
  readonly container?: string;
  /** An init container. */
  readonly init?: boolean;
}

export interface Place {
  readonly node?: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly podUid?: string;
  readonly container?: string;
  readonly containerId?: string;
  readonly workload?: string;
  readonly workloadKind?: string;
  readonly service?: string;
}

/**
 * A small healthy shop on two nodes (shop.ts), and verbs that say what the collectors see of it from then on. Things are named as
 * `Kind/namespace/name`, `Kind/name` for what has no namespace; a workload's pods are `Pod/shop/cart-5f7b9-a` and `-b`, a
 * StatefulSet's `db-0`. Pods' readiness goes on to their workloads and EndpointSlices by itself, as the controllers do it.
 */
export interface World {
  /** Moves event time to so many seconds after the beginning; it never goes back. */
  at(second: number): void;
  /** Since the beginning. */
  readonly second: number;
  /** The moment as Kubernetes writes it, whole seconds, or so many seconds before it. */
  clock(agoS?: number): string;
  /** What is done in here is what alone tells the cause: robustness tests play the scenario without it. */
  evidence(tell: () => void): void;

  /** How a thing was when the collectors began to watch: a merge, before anything is told. Only at the beginning. */
  before(ref: string, change: object): void;
  has(ref: string): boolean;
  get(ref: string): KubernetesObject;
  /** Strategic merge: lists of named things by name, conditions by type; null removes. */
  patch(ref: string, change: object, by?: string): void;
  create(made: KubernetesObject, by?: string): string;
  remove(ref: string, by?: string): void;
  /** Pods of a workload or a ReplicaSet, oldest first. */
  pods(owner: string): string[];

  /** A Kubernetes Event; `count` says how often so far. */
  event(reason: string, on: string, message: string, options?: EventOptions): void;
  log(pod: string, line: string, level?: string | null, options?: LogOptions): void;
  /** What the kernel collector says of a process in the pod's first (or named) container. */
  kernel(data: RawData, pod: string, container?: string): void;
  oomVictim(
    pod: string,
    options?: {
      readonly comm?: string;
      readonly container?: string;
      readonly pid?: number;
      readonly limitBytes?: number | null;
    },
  ): void;
  exit(
    pod: string,
    options: {
      readonly exitCode?: number;
      readonly signal?: number;
      readonly init?: boolean;
      readonly comm?: string;
      readonly container?: string;
      readonly pid?: number;
      readonly durationMs?: number;
    },
  ): void;
  unit(
    node: string,
    unit: string,
    activeState: UnitState['activeState'],
    message?: string | null,
    subState?: string | null,
  ): void;
  /** A journal entry; without unit and identifier one of the kernel's ring. */
  entry(
    node: string,
    message: string,
    options?: { readonly unit?: string | null; readonly identifier?: string; readonly priority?: number },
  ): void;
  flow(from: string, peer: string, flow?: Partial<Omit<FlowRecord, 'kind' | 'peer'>>): void;
  probe(from: string, peer: string, port: number | null, error?: string | null): void;
  metrics(
    of: string,
    values: Readonly<Record<string, number>>,
    attributes?: Readonly<Record<string, string | number | boolean>>,
    intervalMs?: number | null,
  ): void;
  span(
    of: string,
    span: Partial<SpanRecord> & { readonly name: string; readonly traceId?: string; readonly spanId?: string },
  ): void;
  alert(on: string, alert: Partial<ForeignAlert> & { readonly name: string }): void;
  marker(on: string, marker: Partial<ChangeMarker> & { readonly reference: string }): void;
  /** A source sees less, or well again. */
  health(source: string, state: SourceState, reason?: string | null): void;
  /** Anything else. */
  raw(type: RawEventType, data: RawData, place: Place, source: string): void;

  // Stories that many scenarios share.
  notReady(pod: string, container?: string): void;
  ready(pod: string): void;
  /** A container waits; a running one of the pod is not ready then. */
  waiting(
    pod: string,
    reason: string,
    message?: string,
    options?: { readonly container?: string; readonly init?: boolean },
  ): void;
  /** A container ends, and stays ended. */
  ended(pod: string, end: End): void;
  /** It ends, and runs again a second later. */
  restarts(pod: string, end: End): void;
  /** It ends and the kubelet backs off, with the Event that goes with it. */
  crashes(pod: string, end: End): void;
  /** A container is started, as after a back-off. */
  started(pod: string, container?: string): void;
  /** A new template: the first pod of the new ReplicaSet is created on n1 and, unless told otherwise, waits in ContainerCreating. */
  rollout(deployment: string, template: object, by?: string): string;
  /** One more pod of a ReplicaSet, StatefulSet or Job: placed, its containers to be created. */
  addPod(owner: string, node?: string): string;
  /** What a new pod says when it has come up. */
  comesUp(pod: string): void;
  /** A pod goes as asked for: terminating, then gone. */
  terminates(pod: string, afterS?: number): void;
  /** The collector says that a kubelet stopped renewing its lease. */
  leaseOverdue(node: string): void;
  /** kube-controller-manager stops: endpoints, counts and observed generations follow no more. */
  haltControllers(): void;

  /** All events, by time, up to the moment that was moved to last. */
  events(): RawEvent[];
}

export interface EventOptions {
  readonly type?: 'Normal' | 'Warning';
  readonly count?: number;
  readonly component?: string;
  /** Default: the first container, where the kubelet speaks of one. */
  readonly container?: string;
}

export interface LogOptions {
  readonly container?: string;
  readonly stream?: 'stdout' | 'stderr';
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

export interface WorldOptions {
  /** Play without what is decisive. */
  readonly withoutEvidence?: boolean;
}

const redactor = createRedactor();
/** Reasons of the kubelet that speak of one container of the pod. */
const ofContainers = new Set(
  'Unhealthy BackOff Killing Failed Pulling Pulled Created Started FailedPostStartHook FailedPreStopHook ExceededGracePeriod ProbeWarning'.split(
    ' ',
  ),
);

interface Status {
  readonly name: string;
  readonly restartCount?: number;
  readonly containerID?: string;
}

export function createWorld({ withoutEvidence = false }: WorldOptions = {}): World {
  const objects = new Map<string, KubernetesObject>();
  const told: RawEvent[] = [];
  let second = 0;
  let sequence = 0;
  let version = 1000;
  let serial = 0;

  const refOf = ({ kind, metadata }: KubernetesObject): string =>
    [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/');
  const clock = (agoS = 0): string => `${new Date(startMs + (second - agoS) * 1000).toISOString().slice(0, 19)}Z`;

  function emit(type: RawEventType, data: RawData, metadata: RawEvent['metadata']): void {
    // One after the other within a second, so that the order told is the order of time.
    const timestamp = fromEpochMs(startMs + second * 1000 + 0.25 * ++sequence);
    const event = { type, traceId: null, spanId: null, timestamp, data, metadata: { cluster, ...metadata } };
    told.push({ schemaVersion: 1, id: rawEventId(event), ...event });
  }

  function observe(
    action: 'SYNC' | 'ADDED' | 'MODIFIED' | 'DELETED',
    thing: KubernetesObject,
    changes: readonly FieldChange[] = [],
    changedBy: string | null = null,
  ): void {
    const { namespace } = thing.metadata;
    const observed = { ...thing, metadata: { ...thing.metadata, resourceVersion: String(++version) } };
    const { nodeName } = (thing.spec ?? {}) as { readonly nodeName?: string };
    emit(
      'kubeapi',
      { kind: thing.kind.toLowerCase(), action, object: observed, changes, changedBy },
      {
        source: 'kubernetes@n1',
        ...(namespace !== undefined && { namespace }),
        ...(nodeName !== undefined && { node: nodeName }),
      },
    );
  }

  const w: World = {
    at(to) {
      if (to < second) throw new Error(`event time cannot go back from ${second} to ${to}`);
      if (to > second) sequence = 0;
      second = to;
    },
    get second() {
      return second;
    },
    clock,
    evidence(tell) {
      if (!withoutEvidence) tell();
    },
    before(ref, change) {
      const first = told.findIndex(
        ({ data }) => data.action === 'SYNC' && refOf(data.object as KubernetesObject) === ref,
      );
      if (first < 0 || second > 1) throw new Error(`${ref} was not there at the beginning, or that is over`);
      objects.set(ref, merged(w.get(ref), change as Fields));
      const event = told[first]!;
      const data = { ...event.data, object: merged(event.data.object as KubernetesObject, change as Fields) };
      told[first] = { ...event, data, id: rawEventId({ ...event, data }) };
    },
    has: (ref) => objects.has(ref),
    get(ref) {
      const found = objects.get(ref);
      if (!found) throw new Error(`there is no ${ref}`);
      return found;
    },
    patch(ref, change, by) {
      const before = w.get(ref);
      const fields = change as Fields;
      let after = merged(before, fields);
      const changes = fieldChanges(before, after, redactor);
      if (JSON.stringify(before) === JSON.stringify(after)) return;
      if (isFields(fields.spec))
        after = merged(after, { metadata: { generation: (before.metadata.generation ?? 1) + 1 } });
      objects.set(ref, after);
      observe(
        'MODIFIED',
        after,
        changes,
        by ?? (isFields(fields.spec) || isFields(fields.data) ? 'kubectl-edit' : null),
      );
      controllers.follow(after);
    },
    create(made, by = 'kubectl-create') {
      const ref = refOf(made);
      objects.set(ref, made);
      observe('ADDED', made, [], by);
      controllers.follow(made);
      return ref;
    },
    remove(ref, by) {
      const gone = w.get(ref);
      objects.delete(ref);
      observe('DELETED', { ...gone, metadata: { ...gone.metadata, deletionTimestamp: clock() } }, [], by ?? null);
      controllers.follow(gone);
    },
    pods: (owner) => controllers.pods(owner),

    event(reason, on, message, options = {}) {
      const [kind = '', ...rest] = on.split('/');
      const [namespace, name] = rest.length > 1 ? [rest[0]!, rest.slice(1).join('/')] : [undefined, rest[0] ?? ''];
      const about = objects.get(on);
      const node = (about?.spec as { readonly nodeName?: string } | undefined)?.nodeName;
      const { type = 'Warning', count = 1, component = 'kubelet' } = options;
      const container =
        options.container ?? (about?.kind === 'Pod' && ofContainers.has(reason) ? firstContainer(on) : undefined);
      observe(
        'ADDED',
        object(
          'v1',
          'Event',
          namespace ?? 'default',
          `${name}.${(++serial).toString(16).padStart(16, '17f3')}`,
          {
            involvedObject: {
              apiVersion: about?.apiVersion ?? 'v1',
              kind,
              name,
              ...(namespace !== undefined && { namespace }),
              // The kubelet names its node by name, where all others name it by uid.
              uid: kind === 'Node' ? name : (about?.metadata.uid ?? ''),
              ...(container !== undefined && { fieldPath: fieldPath(on, container) }),
            },
            reason,
            message,
            type,
            count,
            source: { component, ...(node !== undefined && component === 'kubelet' && { host: node }) },
            reportingComponent: component,
            firstTimestamp: clock(),
            lastTimestamp: clock(),
          },
          { creationTimestamp: clock() },
        ),
      );
    },
    log(pod, line, level = null, options = {}) {
      const { container, stream = level === 'error' ? 'stderr' : 'stdout', attributes = {} } = options;
      const place = placeOf(pod, container);
      w.raw('log', { kind: 'line', stream, message: line, level, attributes }, place, `container-logs@${place.node!}`);
    },
    kernel(data, pod, container) {
      const place = placeOf(pod, container);
      w.raw('ebpf', data, place, `kernel@${place.node!}`);
    },
    oomVictim(pod, { comm = 'node', container, pid = 4242, limitBytes = 268_435_456 } = {}) {
      w.kernel(
        {
          kind: 'oom-victim',
          witness: 'ebpf',
          pid,
          comm,
          cgroup: cgroupOf(pod, container),
          anonRssKiB: 261_120,
          totalVmKiB: 1_310_096,
          oomScoreAdj: 968,
          limitBytes,
        },
        pod,
        container,
      );
    },
    exit(pod, { exitCode = 0, signal = 0, init = true, comm = 'node', container, pid = 4242, durationMs = 20_000 }) {
      w.kernel(
        {
          kind: 'process-exit',
          witness: 'ebpf',
          pid,
          parentPid: 4200,
          comm,
          exitCode,
          signal,
          coreDumped: false,
          containerInit: init,
          durationMs,
          cgroup: cgroupOf(pod, container),
        },
        pod,
        container,
      );
    },
    unit(node, unit, activeState, message = null, subState = null) {
      w.raw('systemd', { kind: 'unit', unit, activeState, subState, message }, { node }, `journal@${node}`);
    },
    entry(node, message, { unit = null, identifier = 'kernel', priority = 4 } = {}) {
      w.raw('systemd', { kind: 'entry', unit, identifier, priority, message }, { node }, `journal@${node}`);
    },
    flow(from, peer, { intervalMs = 10_000, count = 20, errorRatio = 0, latencyMs = 5 } = {}) {
      const place = placeOf(from);
      const data = { kind: 'flow', peer, peerPod: null, intervalMs, count, errorRatio, latencyMs };
      w.raw('network', data, place, `network@${place.node ?? 'n1'}`);
    },
    probe(from, peer, port, error = null) {
      const place = placeOf(from);
      const data = { kind: 'probe', peer, port, reachable: error === null, error };
      w.raw('network', data, place, `network@${place.node ?? 'n1'}`);
    },
    metrics(of, values, attributes = {}, intervalMs = 10_000) {
      w.raw('otlp', { kind: 'metrics', values, intervalMs, attributes }, placeOf(of), 'otlp@n1');
    },
    span(of, span) {
      const { traceId, spanId, ...more } = span;
      const data = {
        kind: 'span',
        parentSpanId: null,
        spanKind: 'server',
        startedAt: fromEpochMs(startMs + second * 1000),
        durationMs: 5,
        status: 'unset',
        attributes: {},
        ...more,
      };
      w.raw('otlp', data, placeOf(of), 'otlp@n1');
      const last = told.at(-1)!;
      if (traceId === undefined || spanId === undefined) return;
      told[told.length - 1] = { ...last, traceId, spanId, id: rawEventId({ ...last, traceId, spanId }) };
    },
    alert(on, alert) {
      const data = {
        kind: 'alert',
        state: 'firing',
        severity: null,
        message: null,
        metric: null,
        direction: null,
        labels: {},
        ...alert,
      };
      w.raw('alert', data, placeOf(on), 'alertmanager@n1');
    },
    marker(on, marker) {
      const data = { kind: 'change-marker', what: 'deploy', message: null, author: null, paths: [], ...marker };
      w.raw('kubeapi', data, placeOf(on), 'changes@n1');
    },
    health(source, state, reason = null) {
      const [collector, node] = source.split('@');
      const types: Record<string, RawEventType> = {
        kubernetes: 'kubeapi',
        kernel: 'ebpf',
        'container-logs': 'log',
        journal: 'systemd',
        network: 'network',
        otlp: 'otlp',
        alertmanager: 'alert',
      };
      const data = { kind: 'source-health', state, reason, lost: 0 };
      emit(types[collector ?? ''] ?? 'kubeapi', data, { source, ...(node !== undefined && { node }) });
    },
    raw: (type, data, place, source) => emit(type, data, { ...place, source }),

    notReady(pod, container) {
      const name = container ?? firstContainer(pod);
      const message = `containers with unready status: [${name}]`;
      w.patch(pod, {
        status: {
          conditions: [
            condition('ContainersReady', false, 'ContainersNotReady', clock(), message),
            condition('Ready', false, 'ContainersNotReady', clock(), message),
          ],
          containerStatuses: [{ name, ready: false }],
        },
      });
    },
    ready(pod) {
      const names = statuses(pod, false).map(({ name }) => name);
      w.patch(pod, {
        status: {
          phase: 'Running',
          conditions: [
            { ...condition('Initialized', true, '', clock()), reason: null, message: null },
            { ...condition('ContainersReady', true, '', clock()), reason: null, message: null },
            { ...condition('Ready', true, '', clock()), reason: null, message: null },
          ],
          containerStatuses: names.map((name) => ({ name, ready: true, started: true })),
        },
      });
    },
    waiting(pod, reason, message = '', { container, init = false } = {}) {
      setState(pod, container, init, {
        waiting: { reason, ...(message !== '' && { message }) },
        running: null,
        terminated: null,
      });
    },
    ended(pod, end) {
      setState(pod, end.container, end.init ?? false, {
        terminated: terminatedOf(pod, end),
        running: null,
        waiting: null,
      });
    },
    restarts(pod, end) {
      const terminated = terminatedOf(pod, end);
      w.ended(pod, end);
      w.at(second + 1);
      again(pod, end.container, end.init ?? false, terminated, { running: { startedAt: clock() } });
    },
    crashes(pod, end) {
      const terminated = terminatedOf(pod, end);
      w.ended(pod, end);
      w.at(second + 1);
      const container = end.container ?? firstContainer(pod, end.init);
      again(pod, end.container, end.init ?? false, terminated, {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: `back-off 10s restarting failed container=${container} pod=${nameOf(pod)}_shop(${w.get(pod).metadata.uid ?? ''})`,
        },
      });
      w.event(
        'BackOff',
        pod,
        `Back-off restarting failed container ${container} in pod ${nameOf(pod)}_shop(${w.get(pod).metadata.uid ?? ''})`,
      );
    },
    started(pod, container) {
      const name = container ?? firstContainer(pod);
      const { restartCount = 0 } = statusOf(pod, name, false) ?? {};
      w.patch(pod, {
        status: {
          phase: 'Running',
          containerStatuses: [
            {
              name,
              started: true,
              containerID: containerId(nameOf(pod), name, restartCount),
              state: { running: { startedAt: clock() }, waiting: null, terminated: null },
            },
          ],
        },
      });
    },
    rollout: (deployment, template, by = 'kubectl-set') => controllers.rollout(deployment, template, by),
    addPod: (owner, node = 'n1') => controllers.addPod(owner, node),
    comesUp(pod) {
      for (const { name } of statuses(pod, false)) w.started(pod, name);
      w.ready(pod);
    },
    terminates(pod, afterS = 2) {
      w.patch(pod, {
        metadata: { deletionTimestamp: clock(-30), deletionGracePeriodSeconds: 30 },
      });
      w.event('Killing', pod, `Stopping container ${firstContainer(pod)}`, { type: 'Normal' });
      w.at(second + afterS);
      w.remove(pod);
    },
    leaseOverdue(node) {
      observe('MODIFIED', w.get(`Lease/kube-node-lease/${node}`), [], 'kubelet');
    },
    haltControllers: () => controllers.halt(),
    events() {
      // Time passes also when nothing happens.
      if (sequence === 0) w.health('kubernetes@n1', 'healthy');
      return [...told];
    },
  };

  function nameOf(ref: string): string {
    return w.get(ref).metadata.name;
  }

  function firstContainer(pod: string, init = false): string {
    const spec = w.get(pod).spec as {
      readonly containers: readonly Status[];
      readonly initContainers?: readonly Status[];
    };
    return (init ? spec.initContainers! : spec.containers)[0]!.name;
  }

  function fieldPath(pod: string, container: string): string {
    const { initContainers = [] } = w.get(pod).spec as { readonly initContainers?: readonly Status[] };
    return `spec.${initContainers.some(({ name }) => name === container) ? 'initContainers' : 'containers'}{${container}}`;
  }

  function statuses(pod: string, init: boolean): readonly Status[] {
    const status = w.get(pod).status as Readonly<Record<string, readonly Status[] | undefined>>;
    return status[init ? 'initContainerStatuses' : 'containerStatuses'] ?? [];
  }

  function statusOf(pod: string, container: string, init: boolean): Status | undefined {
    return statuses(pod, init).find(({ name }) => name === container);
  }

  function setState(pod: string, given: string | undefined, init: boolean, state: object, more: object = {}): void {
    const container = given ?? firstContainer(pod, init);
    const unready = `containers with unready status: [${init ? firstContainer(pod) : container}]`;
    w.patch(pod, {
      status: {
        conditions: [
          ...(init
            ? [
                condition(
                  'Initialized',
                  false,
                  'ContainersNotInitialized',
                  clock(),
                  `containers with incomplete status: [${container}]`,
                ),
              ]
            : []),
          condition('ContainersReady', false, 'ContainersNotReady', clock(), unready),
          condition('Ready', false, 'ContainersNotReady', clock(), unready),
        ],
        [init ? 'initContainerStatuses' : 'containerStatuses']: [{ name: container, ready: false, state, ...more }],
      },
    });
  }

  function terminatedOf(
    pod: string,
    { exitCode, reason, signal, message, ranS = 20, container, init = false }: End,
  ): object {
    const name = container ?? firstContainer(pod, init);
    return {
      exitCode,
      reason: reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
      ...(signal !== undefined && { signal }),
      ...(message !== undefined && { message }),
      startedAt: clock(ranS),
      finishedAt: clock(),
      containerID: statusOf(pod, name, init)?.containerID ?? containerId(nameOf(pod), name, 0),
    };
  }

  function again(pod: string, given: string | undefined, init: boolean, terminated: object, state: object): void {
    const container = given ?? firstContainer(pod, init);
    const restartCount = (statusOf(pod, container, init)?.restartCount ?? 0) + 1;
    setState(
      pod,
      container,
      init,
      { waiting: null, terminated: null, ...state },
      {
        restartCount,
        containerID: containerId(nameOf(pod), container, restartCount),
        lastState: { terminated },
      },
    );
  }

  function cgroupOf(pod: string, container?: string): string {
    const { podUid = '', containerId: id = '' } = placeOf(pod, container);
    return `/kubepods/burstable/pod${podUid}/${id}`;
  }

  /** Where a thing is, as the agent's enrichment says it. */
  function placeOf(ref: string, container?: string): Place {
    const [kind = '', ...rest] = ref.split('/');
    if (kind === 'Node') return { node: rest[0]! };
    const [namespace, name] = [rest[0]!, rest[1] ?? ''];
    if (kind === 'Service') return { namespace, service: name };
    if (kind !== 'Pod') return { namespace, workload: name, workloadKind: kind, service: name };
    const pod = w.get(ref);
    const used = container ?? firstContainer(ref);
    const { nodeName } = pod.spec as { readonly nodeName?: string };
    const status = statusOf(ref, used, false) ?? statusOf(ref, used, true);
    const owner = controllers.workloadOf(pod);
    return {
      node: nodeName ?? 'n1',
      namespace,
      pod: name,
      podUid: pod.metadata.uid ?? '',
      container: used,
      ...(status?.containerID && { containerId: status.containerID.replace('containerd://', '') }),
      ...(owner && { workload: owner.name, workloadKind: owner.kind, service: owner.name }),
    };
  }

  const controllers: Controllers = createControllers(w, objects);
  for (const thing of shop()) {
    objects.set(refOf(thing), thing);
    observe('SYNC', thing);
  }
  for (const source of ['kubernetes@n1', 'kernel@n1', 'kernel@n2', 'container-logs@n1', 'container-logs@n2'])
    w.health(source, 'healthy');
  w.at(1);
  return w;
}
