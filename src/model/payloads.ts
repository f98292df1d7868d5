/**
 * The payloads collectors put into {@link RawEvent.data}, one interface for each `data.kind`.
 * Absent is `null`, never a missing property, so that `undefined` always means a misspelt field.
 */

/** type `ebpf`, kind `oom-victim`: the kernel chose a process to kill (tracepoint oom/mark_victim, or its next best). */
export interface OomVictim {
  readonly kind: 'oom-victim';
  readonly witness: 'ebpf' | 'kernel-log' | 'cgroup';
  readonly pid: number | null;
  readonly comm: string | null;
  readonly cgroup: string | null;
  readonly anonRssKiB: number | null;
  readonly totalVmKiB: number | null;
  readonly oomScoreAdj: number | null;
  /** memory.max (v2) or memory.limit_in_bytes (v1) of the container's cgroup at that moment, when it could be read. */
  readonly limitBytes: number | null;
}

/** type `ebpf`, kind `process-exit`: the last thread of a process in a container ended. */
export interface ProcessExit {
  readonly kind: 'process-exit';
  readonly witness: 'ebpf' | 'cgroup';
  readonly pid: number;
  readonly parentPid: number | null;
  readonly comm: string;
  readonly exitCode: number;
  /** Signal number that ended it, 0 when it exited by itself. */
  readonly signal: number;
  readonly coreDumped: boolean;
  /** True when this was the container's first process, so that the container ended with it. Null when not known. */
  readonly containerInit: boolean | null;
  readonly durationMs: number | null;
  readonly cgroup: string | null;
}

/**
 * type `kubeapi`, kind = the object's Kind in lower case (`pod`, `deployment`, `event` …): one observation of one object.
 * `object` is trimmed by the collector: no managedFields, no last-applied-configuration, Secret values removed, text redacted.
 */
export interface KubernetesObservation {
  readonly kind: string;
  /** SYNC: was there when the watch began (or began again); the rest as the API server says. */
  readonly action: 'SYNC' | 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubernetesObject;
  /** What differs from the observation before, in `metadata.labels`, `metadata.annotations`, `spec`, `data`; [] when nothing or not known. */
  readonly changes: readonly FieldChange[];
  /** The field manager of the newest change to the spec (managedFields), or null. */
  readonly changedBy: string | null;
}

export interface FieldChange {
  /** Dotted path with list entries by name where they have one: `spec.template.spec.containers[cart].resources.limits.memory`. */
  readonly path: string;
  /** JSON text, redacted, at most 256 characters; null when the field was not there. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
  };
  readonly [field: string]: unknown;
}

/** type `log`, kind `line`: one line (partial CRI lines joined) that a container wrote. */
export interface LogLine {
  readonly kind: 'line';
  readonly stream: 'stdout' | 'stderr';
  /** The human text: for JSON lines the message field, else the line; redacted, at most 16 KiB. */
  readonly message: string;
  /** OpenTelemetry severity text in lower case (`trace debug info warn error fatal`), or null when the line does not say. */
  readonly level: string | null;
  /** Remaining scalar fields of a JSON line; {} otherwise. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/**
 * type `otlp`, kind `span`: one finished span. `timestamp` of the event is when it ended; trace and span id are those of the event.
 * Where it ran is in `metadata` (`service` = service.name, `pod`, `namespace`, `node`).
 */
export interface SpanRecord {
  readonly kind: 'span';
  /** Null at the top of a trace. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly spanKind: 'internal' | 'server' | 'client' | 'producer' | 'consumer' | null;
  /** RFC 3339 with nanoseconds. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** `unset` where the source does not say. */
  readonly status: 'unset' | 'ok' | 'error';
  /** OpenTelemetry names: `server.address`, `http.response.status_code`, `error.type` … */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** type `otlp`, kind `metrics`: what one thing measured over one interval that ends at the event's timestamp. */
export interface MetricsRecord {
  readonly kind: 'metrics';
  /** By name: OpenTelemetry's (`k8s.pod.cpu.usage`, `container.memory.working_set` …) where there is one, else the source's own. Gauges and rates, not running totals. */
  readonly values: Readonly<Record<string, number>>;
  /** Length of the interval; null when not known. */
  readonly intervalMs: number | null;
  /** What tells series of one thing apart, such as `peer` (`service`, or `host:port`) for what it measured of its calls to another. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** type `network`, kind `flow`: the calls or connections from the thing in `metadata` to one peer over one interval that ends at the event's timestamp. */
export interface FlowRecord {
  readonly kind: 'flow';
  /** Name of a Service (`name` or `name.namespace`) or workload, or `host:port`. */
  readonly peer: string;
  /** The one pod of the peer that answered, in the namespace of the peer; null when told of all of them together. */
  readonly peerPod: string | null;
  readonly intervalMs: number | null;
  /** Requests or connections; null when only that there is traffic is known. */
  readonly count: number | null;
  /** Share of them that failed, 0 to 1. */
  readonly errorRatio: number | null;
  /** Mean, or the percentile that the source gives. */
  readonly latencyMs: number | null;
}

/** type `network`, kind `probe`: somebody tried whether a Service answers on a port. */
export interface ReachabilityProbe {
  readonly kind: 'probe';
  readonly peer: string;
  readonly port: number | null;
  readonly reachable: boolean;
  readonly error: string | null;
}

/** type `systemd`, kind `unit`: the state of a unit on the node in `metadata`, as systemd names it. */
export interface UnitState {
  readonly kind: 'unit';
  /** `kubelet.service`, `containerd.service` … */
  readonly unit: string;
  readonly activeState: 'active' | 'reloading' | 'inactive' | 'failed' | 'activating' | 'deactivating';
  /** `running`, `exited`, `dead` …; null when not known. */
  readonly subState: string | null;
  readonly message: string | null;
}

/** type `systemd`, kind `entry`: one journal entry of the node in `metadata`; the kernel's ring is unit null, identifier `kernel`. */
export interface JournalEntry {
  readonly kind: 'entry';
  readonly unit: string | null;
  readonly identifier: string | null;
  /** syslog(3): 0 emergency … 7 debug. */
  readonly priority: number | null;
  readonly message: string;
}

/** type `alert`, kind `alert`: another system's judgement, told as that system tells it; evidence, never a verdict. */
export interface ForeignAlert {
  readonly kind: 'alert';
  readonly name: string;
  readonly state: 'firing' | 'resolved';
  readonly severity: 'info' | 'warning' | 'error' | 'critical' | null;
  readonly message: string | null;
  /** What was measured, where the alert says: `cpu`, `latency`, `error-rate`, `requests` …, and which way it went. */
  readonly metric: string | null;
  readonly direction: 'up' | 'down' | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** type `kubeapi`, kind `change-marker`: somebody says that they changed the thing in `metadata` (a deployment, a merge, a flag). */
export interface ChangeMarker {
  readonly kind: 'change-marker';
  readonly what: 'deploy' | 'commit' | 'config' | 'flag' | 'scale' | 'migration' | 'other';
  /** Version, commit or ticket. */
  readonly reference: string;
  readonly message: string | null;
  readonly author: string | null;
  /** Files or settings that it touches. */
  readonly paths: readonly string[];
  /** What it changes, as a unified diff, redacted, at most 64 KiB; null when not known. */
  readonly diff: string | null;
}

/**
 * any type, kind `source-health`, on the `clock.` subject: how well one collector sees, and how far it has got. It is also the
 * watermark: after it, this source publishes nothing with an earlier timestamp.
 */
export interface SourceHealthReport {
  readonly kind: 'source-health';
  readonly state: SourceState;
  /** What is seen less, and why, in words an operator can act on; null when all is well. */
  readonly reason: string | null;
  /** Events lost by this source since it started (ring buffer drops, rate guards, spool overflow). */
  readonly lost: number;
}

export type SourceState = 'healthy' | 'degraded' | 'down';
