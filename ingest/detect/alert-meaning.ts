import type { Category } from '../../src/model/categories.js';
import type { ForeignAlert } from '../../src/model/payloads.js';
import { readLogMeaning } from './log-meaning.js';

/** What another system's alert says, in the terms of this one. */
export interface AlertMeaning {
  readonly category: Category;
  /** What was measured, on which side of a call, and which way it went: `cpu up`, `in latency up`; the alert's own name where nothing was measured. */
  readonly signal: string;
  /** The quantity alone: `cpu`, `latency` …; null where nothing was measured. */
  readonly about: string | null;
}

/** Alerts by the names that the kubernetes-mixin, node-mixin and kube-prometheus give them (their runbooks say what each means). */
const named: Readonly<Record<string, Category>> = {
  KubePodCrashLooping: 'container.crash-loop',
  KubePodNotReady: 'pod.not-ready',
  KubeContainerWaiting: 'pod.pending',
  KubeDeploymentReplicasMismatch: 'workload.unavailable',
  KubeStatefulSetReplicasMismatch: 'workload.unavailable',
  KubeDeploymentRolloutStuck: 'workload.rollout-stuck',
  KubeDaemonSetRolloutStuck: 'workload.rollout-stuck',
  KubeJobFailed: 'job.failed',
  KubeJobNotCompleted: 'job.failed',
  KubeHpaMaxedOut: 'hpa.at-maximum',
  KubeQuotaExceeded: 'quota.exceeded',
  KubeNodeNotReady: 'node.not-ready',
  KubeNodeUnreachable: 'node.not-ready',
  KubeletDown: 'node.kubelet-down',
  KubeletClientCertificateExpiration: 'node.kubelet-certificate-expired',
  KubePersistentVolumeFillingUp: 'volume.full',
  NodeFilesystemAlmostOutOfSpace: 'node.disk-pressure',
  NodeFilesystemSpaceFillingUp: 'node.disk-pressure',
  NodeMemoryHighUtilization: 'node.memory-growth',
  NodeCPUHighUsage: 'node.cpu-saturated',
  CPUThrottlingHigh: 'container.cpu-throttled',
};

/** In the order in which they are tried: a request's error ratio is about errors, not about requests. */
const measured: readonly (readonly [signal: string, pattern: RegExp])[] = [
  ['success', /success|availability/],
  ['errors', /error|fail|5xx/],
  ['latency', /latency|duration|response.?time|(^|[^a-z])p(50|75|90|95|99)([^0-9]|$)/],
  ['requests', /(^|[^a-z])(qps|rps)|requests?|throughput|calls/],
  ['throttling', /throttl/],
  ['cpu', /cpu/],
  ['memory', /mem|rss|heap/],
  ['disk', /disk|(^|[^a-z])fs([^a-z]|$)|filesystem|volume/],
  ['network-in', /receive|(^|[^a-z])rx([^a-z]|$)|net\w*[^a-z]in([^a-z]|$)/],
  ['network-out', /tra\w*mit|(^|[^a-z])tx([^a-z]|$)|net\w*[^a-z]out([^a-z]|$)/],
  ['threads', /thread/],
  ['restarts', /restart/],
  ['retransmissions', /retrans/],
];
/** Of its callers, or of its own calls: how service meshes name the two ends of a request. */
const incoming = /^(dest|destination|server|inbound|upstream_rq)/;
const outgoing = /^(src|source|client|outbound|downstream_rq)/;

const meanings: Readonly<Record<string, Category>> = {
  'cpu up': 'app.cpu-saturated',
  'memory up': 'app.memory-growth',
  'throttling up': 'container.cpu-throttled',
  'restarts up': 'container.restarted',
  'latency up': 'app.slow',
  'in latency up': 'app.slow',
  'out latency up': 'call.slow',
  'errors up': 'app.errors-up',
  'in errors up': 'app.errors-up',
  'out errors up': 'call.failed',
  'success down': 'app.errors-up',
  'in success down': 'app.errors-up',
  'out success down': 'call.failed',
  'requests up': 'app.load-up',
  'in requests up': 'app.load-up',
  'requests down': 'app.load-lost',
  'in requests down': 'app.load-lost',
  'out requests down': 'call.stopped',
};
const ofNodes: Readonly<Record<string, Category>> = {
  'cpu up': 'node.cpu-saturated',
  'memory up': 'node.memory-growth',
  'retransmissions up': 'node.packet-loss',
};

/** By the alert's well-known name, else by what was measured and its direction, else by its words; `alert.firing` when none of them tells. */
export function readAlertMeaning(alert: ForeignAlert, onNode: boolean): AlertMeaning {
  const { name, message, metric, direction } = alert;
  const about = metric === null ? null : aboutOf(metric.toLowerCase());
  const signal = metric === null ? name : signalOf(metric.toLowerCase(), about!, direction);
  const known = named[name] ?? (onNode ? ofNodes[signal] : undefined) ?? meanings[signal];
  if (known !== undefined) return { category: known, signal, about };
  const words = message === null ? null : readLogMeaning(message, 'error', {});
  const meant = words !== null && words.certain && !words.category.startsWith('log.');
  return { category: meant ? words.category : 'alert.firing', signal, about };
}

function aboutOf(metric: string): string {
  return measured.find(([, pattern]) => pattern.test(metric))?.[0] ?? metric;
}

function signalOf(metric: string, about: string, direction: 'up' | 'down' | null): string {
  const side = incoming.test(metric) ? 'in ' : outgoing.test(metric) ? 'out ' : '';
  return `${side}${about}${direction === null ? '' : ` ${direction}`}`;
}
