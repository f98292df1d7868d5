import type { Severity } from './unified-event.js';

/**
 * The one vocabulary of what can be wrong (or have changed). `<subject>.<what>`, lower case; names follow Kubernetes reasons and
 * SRE usage. `prior` is how readily the category stands as a root cause by itself: MECHANISM names what broke, INTERMEDIATE is
 * usually the consequence of something, SYMPTOM nearly always is, CHANGE is a cause only with an unhealthy effect to show for it.
 */
export interface CategoryInfo {
  readonly prior: number;
  readonly severity: Severity;
  /** True when one sighting settles it: the story does not wait for more evidence, nor for `min_events`. */
  readonly conclusive: boolean;
}

const MECHANISM = 0.2;
const INTERMEDIATE = 0.02;
const SYMPTOM = 0.002;
const CHANGE = 0.1;
const entry = (prior: number, severity: Severity, conclusive = false): CategoryInfo => ({
  prior,
  severity,
  conclusive,
});

export const categories = {
  // containers and processes
  'container.oom-killed': entry(MECHANISM, 'CRITICAL', true), // attributes: limitBytes, rssBytes, comm
  'process.oom-killed': entry(MECHANISM, 'ERROR', true), // a child in the container, the container lives
  'process.killed': entry(INTERMEDIATE, 'WARNING'), // attributes: signal
  'process.crashed': entry(MECHANISM, 'ERROR'), // SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGSYS; attributes: signal
  'container.terminated': entry(INTERMEDIATE, 'ERROR'), // attributes: exitCode, signal, reason, lastLog
  'container.restarted': entry(INTERMEDIATE, 'WARNING'), // attributes: restartCount
  'container.crash-loop': entry(INTERMEDIATE * 4, 'CRITICAL', true), // waiting CrashLoopBackOff, or exits again and again
  'container.command-not-found': entry(MECHANISM, 'CRITICAL', true),
  'container.not-executable': entry(MECHANISM, 'CRITICAL', true),
  'container.start-failed': entry(MECHANISM, 'ERROR', true), // RunContainerError, StartError, CreateContainerError
  'container.run-as-non-root': entry(MECHANISM, 'ERROR', true),
  'container.init-failed': entry(INTERMEDIATE * 4, 'ERROR'), // an init container exits with an error
  'container.lifecycle-hook-failed': entry(MECHANISM, 'ERROR', true),
  'container.completed-early': entry(MECHANISM, 'ERROR'), // exit 0 again and again under restartPolicy Always
  'container.cpu-throttled': entry(MECHANISM, 'WARNING'),
  'config.object-missing': entry(MECHANISM, 'ERROR', true), // ConfigMap or Secret not found; attributes: missing
  'config.key-missing': entry(MECHANISM, 'ERROR', true),
  'config.setting-missing': entry(MECHANISM, 'ERROR'), // the program says which setting it lacks
  'probe.liveness-failed': entry(INTERMEDIATE * 4, 'ERROR'), // attributes: port, path, probeError, declaredPort
  'probe.readiness-failed': entry(INTERMEDIATE * 4, 'ERROR'),
  'probe.startup-failed': entry(INTERMEDIATE * 4, 'ERROR'),
  // images
  'image.never-pull': entry(MECHANISM, 'ERROR', true),
  'image.not-found': entry(MECHANISM, 'ERROR', true),
  'image.unauthorized': entry(MECHANISM, 'ERROR', true),
  'image.rate-limited': entry(MECHANISM, 'ERROR', true),
  'image.invalid-name': entry(MECHANISM, 'ERROR', true),
  'image.registry-unreachable': entry(MECHANISM, 'ERROR', true),
  'image.wrong-platform': entry(MECHANISM, 'ERROR', true),
  'image.pull-failed': entry(MECHANISM, 'ERROR'),
  'image.signature-invalid': entry(MECHANISM, 'ERROR', true),
  // pods
  'pod.not-ready': entry(SYMPTOM, 'ERROR'),
  'pod.pending': entry(SYMPTOM, 'WARNING'),
  'pod.failed': entry(INTERMEDIATE, 'ERROR'),
  'pod.deleted': entry(INTERMEDIATE, 'INFO'),
  'pod.evicted': entry(INTERMEDIATE, 'ERROR'), // attributes: resource
  'pod.ephemeral-storage-exceeded': entry(MECHANISM, 'ERROR', true),
  'pod.preempted': entry(MECHANISM, 'WARNING', true),
  'pod.stuck-terminating': entry(INTERMEDIATE * 2, 'WARNING'),
  'pod.sandbox-failed': entry(INTERMEDIATE * 2, 'ERROR'),
  // scheduling and admission
  'scheduling.insufficient-resources': entry(MECHANISM, 'ERROR', true), // attributes: resource
  'scheduling.untolerated-taint': entry(MECHANISM, 'ERROR', true),
  'scheduling.node-affinity': entry(MECHANISM, 'ERROR', true),
  'scheduling.anti-affinity': entry(MECHANISM, 'ERROR', true),
  'scheduling.topology-spread': entry(MECHANISM, 'ERROR', true),
  'scheduling.host-port-conflict': entry(MECHANISM, 'ERROR', true),
  'scheduling.too-many-pods': entry(MECHANISM, 'ERROR', true),
  'scheduling.volume-node-conflict': entry(MECHANISM, 'ERROR', true),
  'scheduling.node-unschedulable': entry(INTERMEDIATE * 2, 'ERROR', true), // the nodes are cordoned
  'scheduling.unbound-claim': entry(INTERMEDIATE, 'ERROR'),
  'scheduling.gated': entry(MECHANISM, 'WARNING'),
  'scheduling.failed': entry(INTERMEDIATE, 'ERROR'),
  'quota.exceeded': entry(MECHANISM, 'ERROR', true), // attributes: quota, resource
  'quota.requests-missing': entry(MECHANISM, 'ERROR', true),
  'limitrange.violated': entry(MECHANISM, 'ERROR', true),
  'admission.webhook-denied': entry(MECHANISM, 'ERROR', true),
  'admission.webhook-unavailable': entry(MECHANISM, 'CRITICAL', true),
  'admission.pod-security': entry(MECHANISM, 'ERROR', true),
  'admission.serviceaccount-missing': entry(MECHANISM, 'ERROR', true),
  'admission.priorityclass-missing': entry(MECHANISM, 'ERROR', true),
  'admission.runtimeclass-missing': entry(MECHANISM, 'ERROR', true),
  'admission.invalid-object': entry(MECHANISM, 'ERROR', true),
  // workloads
  'workload.unavailable': entry(SYMPTOM, 'ERROR'), // attributes: desired, available
  'workload.rollout-stuck': entry(SYMPTOM, 'ERROR'), // ProgressDeadlineExceeded
  'workload.create-failed': entry(INTERMEDIATE, 'ERROR'), // FailedCreate whose reason is not known better
  'workload.scaled-to-zero': entry(MECHANISM, 'ERROR'),
  'job.failed': entry(INTERMEDIATE, 'ERROR'),
  'job.backoff-limit-exceeded': entry(MECHANISM, 'ERROR', true),
  'job.deadline-exceeded': entry(MECHANISM, 'ERROR', true),
  'cronjob.missed': entry(MECHANISM, 'ERROR', true),
  'cronjob.invalid-schedule': entry(MECHANISM, 'ERROR', true),
  'hpa.metrics-unavailable': entry(MECHANISM, 'WARNING', true),
  'hpa.target-missing': entry(MECHANISM, 'WARNING', true),
  'hpa.at-maximum': entry(INTERMEDIATE, 'WARNING'),
  'pdb.blocks-eviction': entry(MECHANISM, 'WARNING', true),
  'object.finalizer-stuck': entry(MECHANISM, 'WARNING'),
  'object.condition-failed': entry(INTERMEDIATE * 2, 'WARNING'), // a custom resource says so by its conditions
  // nodes
  'node.not-ready': entry(MECHANISM * 2, 'CRITICAL', true), // attributes: reason
  'node.memory-pressure': entry(MECHANISM, 'CRITICAL', true),
  'node.disk-pressure': entry(MECHANISM, 'CRITICAL', true),
  'node.pid-pressure': entry(MECHANISM, 'CRITICAL', true),
  'node.network-unavailable': entry(MECHANISM, 'CRITICAL', true),
  'node.out-of-memory': entry(MECHANISM, 'CRITICAL', true),
  'node.cordoned': entry(INTERMEDIATE, 'INFO'),
  'node.removed': entry(INTERMEDIATE, 'WARNING'),
  'node.runtime-down': entry(MECHANISM * 2, 'CRITICAL', true),
  'node.lease-expired': entry(INTERMEDIATE, 'WARNING'),
  'node.rebooted': entry(MECHANISM, 'CRITICAL', true),
  // services and network
  'service.selector-mismatch': entry(MECHANISM, 'ERROR', true), // attributes: selector, nearest
  'service.port-mismatch': entry(MECHANISM, 'ERROR', true), // targetPort that no selected container serves
  'service.no-ready-endpoints': entry(SYMPTOM, 'ERROR'),
  'service.deleted': entry(MECHANISM, 'ERROR'),
  'service.load-balancer-failed': entry(MECHANISM, 'ERROR', true),
  'ingress.backend-missing': entry(MECHANISM, 'ERROR', true),
  'network.policy-blocks': entry(MECHANISM, 'ERROR'),
  'dns.failed': entry(INTERMEDIATE, 'ERROR'), // attributes: name, peer
  'dns.server-down': entry(MECHANISM, 'CRITICAL', true),
  'call.refused': entry(SYMPTOM, 'ERROR'), // attributes: peer (host:port), peerAddress
  'call.timeout': entry(SYMPTOM, 'ERROR'),
  'call.reset': entry(SYMPTOM, 'ERROR'),
  'call.unreachable': entry(SYMPTOM, 'ERROR'),
  'call.failed': entry(SYMPTOM, 'ERROR'), // answered, with an error; attributes: peer, status
  'call.unauthorized': entry(INTERMEDIATE, 'ERROR'), // 401 or 403 from a peer; attributes: peer, status
  'tls.certificate-expired': entry(MECHANISM, 'CRITICAL', true),
  'tls.certificate-not-yet-valid': entry(MECHANISM, 'CRITICAL', true),
  'tls.verification-failed': entry(INTERMEDIATE * 2, 'CRITICAL', true),
  'rbac.forbidden': entry(INTERMEDIATE * 2, 'ERROR', true), // the API server refuses a ServiceAccount; attributes: subject, verb, resource
  'external.unreachable': entry(MECHANISM, 'ERROR'), // an endpoint outside of the cluster
  // storage
  'pvc.storageclass-not-found': entry(MECHANISM, 'ERROR', true),
  'pvc.provisioning-failed': entry(MECHANISM, 'ERROR', true),
  'pvc.pending': entry(INTERMEDIATE, 'WARNING'),
  'pvc.lost': entry(MECHANISM, 'CRITICAL', true),
  'pvc.not-found': entry(MECHANISM, 'ERROR', true),
  'volume.mount-failed': entry(MECHANISM, 'ERROR', true),
  'volume.attach-failed': entry(MECHANISM, 'ERROR', true),
  'volume.full': entry(MECHANISM, 'CRITICAL', true),
  'volume.read-only': entry(MECHANISM, 'CRITICAL', true),
  'volume.permission-denied': entry(MECHANISM, 'ERROR'),
  'volume.resize-failed': entry(MECHANISM, 'ERROR'),
  // what programs say
  'log.error': entry(INTERMEDIATE, 'ERROR'), // an error template appears or surges; attributes: rate, level
  'log.exception': entry(INTERMEDIATE * 2, 'ERROR'), // with an exception's name and place
  'log.fatal': entry(INTERMEDIATE * 2, 'ERROR'), // the last word of a dying process
  'log.vanished': entry(INTERMEDIATE, 'WARNING'),
  'app.data-corrupt': entry(MECHANISM, 'CRITICAL'), // a program cannot read its own data
  'app.port-in-use': entry(MECHANISM, 'ERROR'),
  'app.file-descriptors-exhausted': entry(MECHANISM, 'ERROR'),
  'app.slow': entry(INTERMEDIATE * 2, 'WARNING'), // latency shift at the thing itself
  'app.overloaded': entry(MECHANISM, 'ERROR'),
  'app.memory-exhausted': entry(MECHANISM, 'ERROR'), // its own heap is full: OutOfMemoryError, heap out of memory
  'app.process-limit': entry(MECHANISM, 'ERROR'), // it may not start more threads or processes
  'app.permission-missing': entry(MECHANISM, 'ERROR'), // EPERM: a capability or a setting of the security context
  'db.connections-exhausted': entry(MECHANISM, 'ERROR'),
  'db.read-only': entry(MECHANISM, 'ERROR'),
  'db.deadlock': entry(MECHANISM, 'ERROR'),
  'db.schema-mismatch': entry(MECHANISM, 'ERROR'), // a table or column that the program expects does not exist
  // changes
  'change.spec': entry(CHANGE, 'INFO'), // attributes: paths, changedBy; a workload's template, a Service, a policy …
  'change.image': entry(CHANGE * 1.5, 'INFO'), // attributes: from, to
  'change.config': entry(CHANGE * 1.5, 'INFO'), // a ConfigMap or Secret; attributes: keys
  'change.scale': entry(CHANGE / 5, 'INFO'), // attributes: from, to
  'change.created': entry(CHANGE / 5, 'INFO'),
  'change.deleted': entry(CHANGE, 'INFO'),
  'change.restart': entry(CHANGE / 5, 'INFO'),
  'change.bad-release': entry(MECHANISM, 'ERROR'), // concluded by the engine: a change.image or change.spec that failures follow
  'change.bad-config': entry(MECHANISM, 'ERROR'), // concluded by the engine: a change.config that failures follow
  // the engine's own
  unknown: entry(SYMPTOM, 'WARNING'), // the cause lies outside of what was seen
} as const satisfies Readonly<Record<string, CategoryInfo>>;

export type Category = keyof typeof categories;

export function isCategory(text: string): text is Category {
  return Object.hasOwn(categories, text);
}

export function categoryInfo(category: Category): CategoryInfo {
  return categories[category];
}
