import type { Category } from '../../src/model/categories.js';

/** What a measured value means by itself, whatever it was before. */
export interface MeasuredLimit {
  readonly metric: RegExp;
  readonly category: Category;
  /** From here on it is a problem. The source of each figure stands beside it. */
  readonly exceeds: (
    value: number,
    values: Readonly<Record<string, number>>,
    attributes: Readonly<Record<string, string | number | boolean>>,
  ) => boolean;
  /** The thing it is told of: the one measured, or the node that it runs on. */
  readonly of: 'itself' | 'node';
  /** Attribute that carries the value. */
  readonly as: string;
  readonly says: (value: number) => string;
}

const percent = (ratio: number): string => `${Math.round(ratio * 1000) / 10} %`;
const seconds = (value: number): string => `${Math.round(value * 1000) / 1000} s`;
/** A ratio may be told as a part of 1 or of 100. */
const part = (value: number): number => (value > 1 ? value / 100 : value);
const above = (limit: number) => (value: number) => value > limit;
const ratioAbove = (limit: number) => (value: number) => part(value) > limit;

function beside(values: Readonly<Record<string, number>>, pattern: RegExp): number | null {
  const name = Object.keys(values).find((each) => pattern.test(each));
  return name === undefined ? null : values[name]!;
}

/**
 * Gauges and rates that have a limit of their own: names of OpenTelemetry's conventions, of node_exporter, and of the exporters of
 * CoreDNS, Cilium, Kafka, PostgreSQL, MySQL and of language runtimes. What has none is judged by its history (metric-shift.ts).
 */
export const measuredLimits: readonly MeasuredLimit[] = [
  {
    // 3 %: kubernetes-mixin's KubePersistentVolumeFillingUp, critical. Names of the kubelet stats receiver and of the kubelet itself.
    metric: /^k8s\.volume\.available$|kubelet_volume_stats_available_bytes$/,
    category: 'volume.full',
    exceeds: (value, values) => {
      const capacity = beside(values, /volume[._](?:stats_)?capacity/);
      return capacity !== null && capacity > 0 && value / capacity < 0.03;
    },
    of: 'itself',
    as: 'availableBytes',
    says: (value) => `has ${Math.round(value / 1_048_576)} MiB left, less than 3 %`,
  },
  {
    metric: /^k8s\.volume\.inodes\.free$|kubelet_volume_stats_inodes_free$/,
    category: 'volume.inodes-exhausted',
    exceeds: (value, values) => {
      const inodes = beside(values, /volume[._](?:stats_)?inodes$/);
      return inodes !== null && inodes > 0 && value / inodes < 0.03;
    },
    of: 'itself',
    as: 'freeInodes',
    says: (value) => `has ${value} inodes left, less than 3 %`,
  },
  {
    // 0.5 s at the 99th percentile: etcd's own alert etcdHighFsyncDurations; 0.25 s for commits: etcdHighCommitDurations.
    metric: /etcd_disk_(?:wal_fsync|backend_commit)_duration_seconds/,
    category: 'etcd.slow',
    exceeds: (value, values) => value > (beside(values, /etcd_disk_wal_fsync/) === value ? 0.5 : 0.25),
    of: 'itself',
    as: 'fsyncSeconds',
    says: (value) => `takes ${seconds(value)} to bring a write to its disk`,
  },
  {
    metric: /f(?:data)?sync[._](?:duration|latency|time)(?:[._](?:p99|p95|max|mean|seconds))*$/,
    category: 'volume.fsync-slow',
    exceeds: above(0.5),
    of: 'itself',
    as: 'fsyncSeconds',
    says: (value) => `takes ${seconds(value)} to bring a write to its disk`,
  },
  {
    metric: /etcd_server_has_leader$/,
    category: 'etcd.no-leader',
    exceeds: (value) => value < 1,
    of: 'itself',
    as: 'hasLeader',
    says: () => 'has no leader',
  },
  {
    // Priority levels that the control plane and the nodes live on: what is rejected of them costs leases (KEP-1040).
    metric: /apiserver_flowcontrol_rejected_requests/,
    category: 'apiserver.priority-starved',
    exceeds: (value, _values, { priority_level: level, priorityLevel }) =>
      value > 0 && /^(?:system|node-high|leader-election|exempt)$/.test(String(level ?? priorityLevel)),
    of: 'itself',
    as: 'rejectedRate',
    says: (value) => `turns ${value} requests a second of nodes and controllers away`,
  },
  {
    metric: /apiserver_(?:current_)?inflight_requests$|apiserver_dropped_requests/,
    category: 'apiserver.overloaded',
    // 400 and 200 are its defaults (--max-requests-inflight, --max-mutating-requests-inflight).
    exceeds: (value, values, { request_kind: kind }) =>
      beside(values, /dropped/) === value ? value > 0 : value >= (kind === 'mutating' ? 200 : 400),
    of: 'itself',
    as: 'inflight',
    says: (value) => `has ${value} requests under way, as many as it may`,
  },
  {
    // 75 % is node-mixin's warning (NodeHighNumberConntrackEntriesUsed); beyond 95 % bursts are dropped.
    metric: /nf_conntrack_entries$|conntrack[._](?:entries|count)$/,
    category: 'node.conntrack-full',
    exceeds: (value, values) => {
      const most = beside(values, /conntrack.*(?:limit|max)$/);
      return most !== null && most > 0 && value / most > 0.95;
    },
    of: 'node',
    as: 'entries',
    says: (value) => `has ${value} entries in its conntrack table, which is full`,
  },
  {
    metric: /conntrack.*utilization$/,
    category: 'node.conntrack-full',
    exceeds: ratioAbove(0.95),
    of: 'node',
    as: 'utilization',
    says: (value) => `has its conntrack table ${percent(part(value))} full`,
  },
  {
    // Two threads that send over one UDP socket at once (A and AAAA) race for one entry; the loser's packet is dropped.
    metric: /conntrack.*insert_failed/,
    category: 'node.conntrack-race',
    exceeds: above(0),
    of: 'node',
    as: 'insertFailedRate',
    says: (value) => `drops ${value} packets a second because their conntrack entry is there already`,
  },
  {
    // 50 ms: node-mixin's NodeClockSkewDetected.
    metric: /(?:timex|ntp|clock|chrony).*offset(?:_seconds)?$|clock[._]skew/,
    category: 'node.clock-skewed',
    exceeds: (value) => Math.abs(value) > 0.05,
    of: 'node',
    as: 'offsetSeconds',
    says: (value) => `has a clock that is off by ${seconds(value)}`,
  },
  {
    // 1 % of packets: node-mixin's NodeNetworkReceiveErrs and NodeNetworkTransmitErrs.
    metric: /network.*(?:errs?|errors)(?:_(?:total|rate)|\.rate)?$/,
    category: 'node.network-interface-failed',
    exceeds: (value, values) => {
      const packets = beside(values, /network.*packets/);
      return packets !== null && packets > 0 && value / packets > 0.01;
    },
    of: 'node',
    as: 'errorRate',
    says: (value) => `has a network interface with ${value} errors a second`,
  },
  {
    // Half of the time somebody waits for the disk (PSI).
    metric: /pressure.*io|psi.*io|io.*pressure/,
    category: 'node.disk-slow',
    exceeds: ratioAbove(0.5),
    of: 'node',
    as: 'ioPressure',
    says: (value) => `has tasks that wait for its disk ${percent(part(value))} of the time`,
  },
  {
    // 100 ms an operation: ten times what etcd allows for its fsync (etcdHighFsyncDurations warns at half a second for p99).
    metric: /(?:disk|block)[._].*(?:latency|await|service_time)(?:[._](?:p99|ms|milliseconds))*$/,
    category: 'node.disk-slow',
    exceeds: above(100),
    of: 'node',
    as: 'latencyMs',
    says: (value) => `has a disk that takes ${value} ms for an operation`,
  },
  {
    metric: /pressure.*cpu|psi.*cpu|cpu.*pressure/,
    category: 'node.cpu-saturated',
    exceeds: ratioAbove(0.5),
    of: 'node',
    as: 'cpuPressure',
    says: (value) => `has tasks that wait for a CPU ${percent(part(value))} of the time`,
  },
  {
    // 25 % of the periods: kubernetes-mixin's CPUThrottlingHigh. cAdvisor's and the Docker receiver's rates are of periods.
    metric: /throttled_?periods|nr_throttled|throttl\w*[._](?:ratio|percent|percentage)$/,
    category: 'container.cpu-throttled',
    exceeds: (value, values) => {
      const periods = beside(values, /(?:cfs|throttling_data)[._]periods|nr_periods/);
      return periods === null ? ratioAbove(0.25)(value) : periods > 0 && value / periods > 0.25;
    },
    of: 'itself',
    as: 'throttled',
    says: (value) =>
      value > 1
        ? `is held back by its CPU limit in ${value} periods a second`
        : `is held back by its CPU limit in ${percent(value)} of the periods`,
  },
  {
    // cilium_bpf_map_pressure is the share in use; Cilium itself warns from 90 %.
    metric: /bpf_map_pressure|bpf.*map.*utilization/,
    category: 'node.bpf-map-full',
    exceeds: ratioAbove(0.95),
    of: 'node',
    as: 'utilization',
    says: (value) => `has a BPF map that is ${percent(part(value))} full`,
  },
  {
    // 2 %: throughput of TCP falls by more than half from there on (Mathis et al., 1997).
    metric: /retrans\w*[._](?:ratio|rate)$|packet[._]?loss/,
    category: 'network.packet-loss',
    exceeds: ratioAbove(0.02),
    of: 'itself',
    as: 'lossRatio',
    says: (value) => `sends ${percent(part(value))} of its packets again`,
  },
  {
    // 10 ms within one cluster: Coroot's default for its network latency inspection.
    metric: /(?:rtt|round[._]?trip)[._]?(?:time)?(?:[._](?:ms|milliseconds))?$/,
    category: 'network.latency',
    exceeds: above(10),
    of: 'itself',
    as: 'rttMs',
    says: (value) => `waits ${value} ms for a packet to go there and back`,
  },
  {
    metric: /(?:pkt|packet)_?too_?big|InPktTooBig|frag(?:mentation)?[._]?needed/i,
    category: 'network.mtu-mismatch',
    exceeds: above(0),
    of: 'itself',
    as: 'tooBigRate',
    says: (value) =>
      `has ${value} packets a second dropped because they are larger than the way to their receiver lets through`,
  },
  {
    metric: /zero_?window/i,
    category: 'app.not-reading',
    exceeds: above(0),
    of: 'itself',
    as: 'zeroWindowRate',
    says: () => 'does not read what it is sent: its receive window is closed',
  },
  {
    metric: /listen_?(?:overflows|drops)/i,
    category: 'app.accept-queue-full',
    exceeds: above(0),
    of: 'itself',
    as: 'overflowRate',
    says: (value) => `does not accept connections as fast as they come: ${value} a second are dropped`,
  },
  {
    metric: /nat.*(?:ErrorPortAllocation|port_?allocation_?(?:errors?|failed))|snat.*(?:failed|exhaust)/i,
    category: 'network.snat-exhausted',
    exceeds: above(0),
    of: 'itself',
    as: 'portAllocationErrors',
    says: (value) => `had no port left for ${value} connections to the outside`,
  },
  {
    // With ndots:5 four of five lookups of an outside name are in vain.
    metric: /dns.*nxdomain[._]?(?:ratio|share)/i,
    category: 'dns.search-amplification',
    exceeds: ratioAbove(0.75),
    of: 'itself',
    as: 'nxdomainRatio',
    says: (value) =>
      `asks for names of which ${percent(part(value))} do not exist: its search list is tried in front of the name`,
  },
  {
    // Answers that have to wait for the resolver's own timeout (5 s in glibc and musl).
    metric: /dns.*(?:duration|latency)(?:[._](?:p99|p95|max|seconds))*$/i,
    category: 'dns.slow',
    exceeds: above(4.9),
    of: 'itself',
    as: 'lookupSeconds',
    says: (value) => `waits ${seconds(value)} for a name to be resolved`,
  },
  {
    metric: /connections?[._](?:utilization|usage[._]ratio|ratio)$/,
    category: 'db.connections-exhausted',
    exceeds: ratioAbove(0.95),
    of: 'itself',
    as: 'utilization',
    says: (value) => `uses ${percent(part(value))} of the connections that it may have`,
  },
  {
    // 30 s: PostgreSQL's and MySQL's exporters' alert (…ReplicationLag) of awesome-prometheus-alerts.
    metric: /replicat\w*[._]?(?:.*[._])?lag(?:[._]seconds)?$|seconds_behind_(?:master|source)/i,
    category: 'db.replication-lag',
    exceeds: above(30),
    of: 'itself',
    as: 'lagSeconds',
    says: (value) => `is ${seconds(value)} behind its primary`,
  },
  {
    metric: /locks?[._]?(?:waits?|waiting|blocked)(?:[._]count)?$|blocked[._](?:queries|sessions|backends)/i,
    category: 'db.lock-contention',
    exceeds: above(5),
    of: 'itself',
    as: 'waiting',
    says: (value) => `has ${value} sessions that wait for a lock`,
  },
  {
    // 70 % busy: a request then waits more than twice its own time (queueing, one server).
    metric: /event_?loop[._]utilization/i,
    category: 'app.event-loop-blocked',
    exceeds: ratioAbove(0.9),
    of: 'itself',
    as: 'utilization',
    says: (value) => `has its event loop busy ${percent(part(value))} of the time`,
  },
  {
    metric: /event_?loop[._](?:delay|lag)(?:[._](?:p99|p95|max|mean|seconds))*$/i,
    category: 'app.event-loop-blocked',
    exceeds: above(0.5),
    of: 'itself',
    as: 'delaySeconds',
    says: (value) => `has its event loop blocked for ${seconds(value)} at a time`,
  },
  {
    // 30 % of the time; the JVM itself gives up at 98 % (GC overhead limit).
    metric: /gc[._](?:time[._])?(?:ratio|overhead|utilization)$|gc[._]pause[._]ratio/i,
    category: 'app.gc-thrash',
    exceeds: ratioAbove(0.3),
    of: 'itself',
    as: 'gcRatio',
    says: (value) => `spends ${percent(part(value))} of its time collecting garbage`,
  },
  {
    metric: /throughline[._](?:pipeline[._])?(?:lag|behind)(?:[._]seconds)?$/,
    category: 'pipeline.behind',
    exceeds: above(30),
    of: 'itself',
    as: 'lagSeconds',
    says: (value) => `reads events ${seconds(value)} late`,
  },
  {
    // MaxAckPending of a JetStream consumer is 1000 by default: at it, nothing more is delivered.
    metric: /(?:ack_pending|num_ack_pending)$/,
    category: 'queue.consumer-behind',
    exceeds: (value, values) => value >= (beside(values, /max_ack_pending/) ?? 1000),
    of: 'itself',
    as: 'pending',
    says: (value) => `has ${value} messages delivered that nobody has acknowledged, and gets no more`,
  },
  {
    // Under-replicated partitions: a broker is gone or behind.
    metric: /under_?replicated_?partitions|isr[._]shrinks?/i,
    category: 'queue.broker-degraded',
    exceeds: above(0),
    of: 'itself',
    as: 'partitions',
    says: (value) => `has ${value} partitions with fewer copies than wanted`,
  },
];

/** Series that have no limit of their own: a backlog is one when it is large and far more than it was. */
export const backlogs: readonly { readonly metric: RegExp; readonly category: Category }[] = [
  {
    metric: /consumer.*lag|consumergroup_lag|num_pending$|queue[._](?:depth|length|messages)/i,
    category: 'queue.consumer-behind',
  },
];
/** Fewer messages than this are a moment's work. */
export const leastBacklog = 1_000;
