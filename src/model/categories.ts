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
  'container.memory-leak': entry(MECHANISM, 'CRITICAL', true), // reaches its limit again and again after long runs of like length; attributes: ranMs
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
  'container.grace-period-exceeded': entry(MECHANISM, 'WARNING'), // does not stop when it is asked to, and is killed; attributes: graceS
  'container.init-hanging': entry(INTERMEDIATE * 2, 'ERROR'), // an init container runs on and on; attributes: initContainer, lastLog
  'container.create-timeout': entry(MECHANISM, 'ERROR', true), // the container runtime does not create it in time, or still holds its name
  'container.cpu-throttled': entry(MECHANISM, 'WARNING'),
  'config.object-missing': entry(MECHANISM, 'ERROR', true), // ConfigMap or Secret not found; attributes: missing
  'config.key-missing': entry(MECHANISM, 'ERROR', true),
  'config.wrong-address': entry(MECHANISM, 'ERROR', true), // a setting names a port that the Service does not have; attributes: setting, peer, ports
  'config.wrong-route': entry(MECHANISM, 'ERROR', true), // a routing table leads somewhere else than it says; attributes: route, target, meant
  'config.setting-missing': entry(MECHANISM, 'ERROR'), // the program says which setting it lacks
  'probe.liveness-failed': entry(INTERMEDIATE * 4, 'ERROR'), // attributes: port, path, probeError, declaredPort
  'probe.readiness-failed': entry(INTERMEDIATE * 4, 'ERROR'),
  'probe.startup-failed': entry(INTERMEDIATE * 4, 'ERROR'),
  'pod.readiness-flapping': entry(INTERMEDIATE * 2, 'WARNING'), // ready and not ready in turns; attributes: turns
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
  'image.no-space': entry(INTERMEDIATE * 4, 'ERROR', true), // no room for it on the node
  // pods
  'pod.not-ready': entry(SYMPTOM, 'ERROR'),
  'pod.pending': entry(SYMPTOM, 'WARNING'),
  'pod.failed': entry(INTERMEDIATE, 'ERROR'),
  'pod.deleted': entry(INTERMEDIATE, 'INFO'),
  'pod.evicted': entry(INTERMEDIATE, 'ERROR'), // attributes: resource
  'pod.ephemeral-storage-exceeded': entry(MECHANISM, 'ERROR', true),
  'pod.preempted': entry(MECHANISM, 'WARNING', true),
  'pod.rejected-by-node': entry(MECHANISM, 'ERROR', true), // by the kubelet's admission: OutOfcpu, NodeAffinity …; attributes: reason
  'pod.device-unavailable': entry(MECHANISM, 'ERROR', true), // a device plugin or a dynamic resource has none to give; attributes: resource
  'pod.resize-infeasible': entry(MECHANISM, 'WARNING', true), // an in-place resize does not fit the node
  'pod.stuck-terminating': entry(INTERMEDIATE * 2, 'WARNING'),
  'pod.sandbox-failed': entry(INTERMEDIATE * 2, 'ERROR'),
  'pod.sandbox-changed': entry(INTERMEDIATE * 4, 'ERROR', true), // killed and made again, several times; attributes: times
  // scheduling and admission
  'scheduling.insufficient-resources': entry(MECHANISM, 'ERROR', true), // attributes: resource
  'scheduling.untolerated-taint': entry(MECHANISM, 'ERROR', true),
  'scheduling.node-affinity': entry(MECHANISM, 'ERROR', true),
  'scheduling.anti-affinity': entry(MECHANISM, 'ERROR', true),
  'scheduling.topology-spread': entry(MECHANISM, 'ERROR', true),
  'scheduling.host-port-conflict': entry(MECHANISM, 'ERROR', true),
  'scheduling.too-many-pods': entry(MECHANISM, 'ERROR', true),
  'scheduling.volume-node-conflict': entry(MECHANISM, 'ERROR', true),
  'scheduling.volume-limit': entry(MECHANISM, 'ERROR', true), // the nodes hold as many volumes as their CSI driver allows
  'scheduling.node-unschedulable': entry(INTERMEDIATE * 2, 'ERROR', true), // the nodes are cordoned
  'scheduling.unbound-claim': entry(INTERMEDIATE, 'ERROR'),
  'scheduling.gated': entry(MECHANISM, 'WARNING'),
  'scheduling.node-not-found': entry(MECHANISM, 'ERROR', true), // spec.nodeName is no node; attributes: missing
  'scheduling.no-scale-up': entry(MECHANISM, 'ERROR', true), // NotTriggerScaleUp: the autoscaler may or can add no node; attributes: reason
  'scheduling.not-attempted': entry(INTERMEDIATE * 4, 'ERROR'), // no scheduler has looked at the pod; attributes: scheduler
  'scheduling.failed': entry(INTERMEDIATE, 'ERROR'),
  'quota.exceeded': entry(MECHANISM, 'ERROR', true), // attributes: quota, resource
  'quota.requests-missing': entry(MECHANISM, 'ERROR', true),
  'limitrange.violated': entry(MECHANISM, 'ERROR', true),
  'admission.webhook-denied': entry(MECHANISM, 'ERROR', true),
  'admission.webhook-unavailable': entry(MECHANISM, 'CRITICAL', true),
  'admission.webhook-slow': entry(MECHANISM, 'ERROR', true), // its backend is there, and does not answer within timeoutSeconds
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
  'workload.ordered-rollout-blocked': entry(MECHANISM, 'ERROR', true), // a StatefulSet waits for a pod of an earlier revision; attributes: pod
  'workload.selector-overlap': entry(MECHANISM, 'ERROR', true), // two controllers select the same pods; attributes: other
  'workload.not-reconciled': entry(INTERMEDIATE * 2, 'WARNING'), // observedGeneration lags behind generation
  'job.failed': entry(INTERMEDIATE, 'ERROR'),
  'job.backoff-limit-exceeded': entry(MECHANISM, 'ERROR', true),
  'job.deadline-exceeded': entry(MECHANISM, 'ERROR', true),
  'cronjob.missed': entry(MECHANISM, 'ERROR', true),
  'cronjob.blocked': entry(MECHANISM, 'ERROR', true), // concurrencyPolicy Forbid, and a run that does not end; attributes: job
  'cronjob.invalid-schedule': entry(MECHANISM, 'ERROR', true),
  'hpa.metrics-unavailable': entry(MECHANISM, 'WARNING', true),
  'hpa.target-missing': entry(MECHANISM, 'WARNING', true),
  'hpa.ambiguous-selector': entry(MECHANISM, 'WARNING', true), // several autoscalers claim the same pods; attributes: others
  'hpa.requests-missing': entry(MECHANISM, 'WARNING', true), // utilisation of a resource that a container does not request; attributes: container, resource
  'hpa.thrashing': entry(MECHANISM, 'WARNING', true), // scales up and down by turns; attributes: least, most, turns
  'hpa.at-maximum': entry(INTERMEDIATE, 'WARNING'),
  'vpa.eviction-loop': entry(MECHANISM, 'WARNING', true), // EvictedByVPA again and again; attributes: evictions
  'pdb.blocks-eviction': entry(MECHANISM, 'WARNING', true),
  'object.finalizer-stuck': entry(MECHANISM, 'WARNING', true),
  'object.not-reconciled': entry(MECHANISM, 'WARNING', true), // its controller does not take up its newest generation
  'object.flood': entry(MECHANISM, 'ERROR', true), // objects of one kind multiply; attributes: objects, creator
  'helm.hook-failed': entry(MECHANISM, 'ERROR', true), // attributes: hook, release
  'helm.release-failed': entry(MECHANISM, 'ERROR', true), // attributes: release, revision, status
  'namespace.deleted': entry(MECHANISM, 'ERROR'), // concluded by the engine: a change.deleted of a Namespace that others miss
  'object.condition-failed': entry(INTERMEDIATE * 2, 'WARNING'), // a custom resource says so by its conditions
  // nodes
  'node.not-ready': entry(MECHANISM * 2, 'CRITICAL', true), // attributes: reason
  'node.memory-pressure': entry(MECHANISM, 'CRITICAL', true),
  'node.cpu-saturated': entry(INTERMEDIATE * 4, 'WARNING'), // attributes: value, typical, score
  'node.memory-growth': entry(INTERMEDIATE, 'WARNING'), // attributes: value, typical, score
  'node.disk-pressure': entry(MECHANISM, 'CRITICAL', true),
  'node.pid-pressure': entry(MECHANISM, 'CRITICAL', true),
  'node.network-unavailable': entry(MECHANISM, 'CRITICAL', true),
  'node.out-of-memory': entry(MECHANISM, 'CRITICAL', true),
  'node.cordoned': entry(INTERMEDIATE, 'INFO'),
  'node.removed': entry(INTERMEDIATE, 'WARNING'),
  'node.runtime-down': entry(MECHANISM * 2, 'CRITICAL', true),
  'node.lease-expired': entry(INTERMEDIATE, 'WARNING'),
  'node.rebooted': entry(MECHANISM, 'CRITICAL', true),
  'zone.outage': entry(MECHANISM * 2, 'CRITICAL', true), // most nodes of one zone went at once; attributes: nodes, down
  'node.pool-broken': entry(MECHANISM * 2, 'CRITICAL', true), // the new nodes of one pool never became ready; attributes: version, example
  'node.kubelet-down': entry(MECHANISM * 2, 'CRITICAL', true), // its unit failed, or is restarted again and again; attributes: unit, restarts, lastLog
  'node.kubelet-certificate-expired': entry(MECHANISM * 2, 'CRITICAL', true),
  'node.unit-failed': entry(INTERMEDIATE * 2, 'WARNING'), // another systemd unit; attributes: unit
  'node.agent-down': entry(INTERMEDIATE * 4, 'CRITICAL', true), // a DaemonSet's pod that the node's others need (CNI, kube-proxy, CSI); attributes: agent
  'node.kernel-panic': entry(MECHANISM * 2, 'CRITICAL', true), // attributes: panic
  'node.kernel-oops': entry(MECHANISM, 'CRITICAL', true), // attributes: fault
  'node.hung-task': entry(INTERMEDIATE * 4, 'CRITICAL', true), // tasks in uninterruptible sleep; attributes: task, blockedSeconds
  'node.cpu-stalled': entry(MECHANISM, 'CRITICAL', true), // soft or hard lockup, RCU stall; attributes: cpu, stuckSeconds
  'node.filesystem-read-only': entry(MECHANISM, 'CRITICAL', true), // remounted after an error; attributes: device
  'node.filesystem-corrupt': entry(MECHANISM, 'CRITICAL', true), // attributes: device
  'node.disk-errors': entry(MECHANISM * 2, 'CRITICAL', true), // I/O errors of a block device; attributes: device
  'node.disk-slow': entry(INTERMEDIATE * 4, 'WARNING'), // attributes: device, latencyMs
  'node.conntrack-full': entry(MECHANISM, 'CRITICAL', true), // new connections are dropped
  'node.neighbour-table-full': entry(MECHANISM, 'CRITICAL', true),
  'node.socket-memory-exhausted': entry(MECHANISM, 'CRITICAL', true), // tcp_mem
  'node.packet-loss': entry(MECHANISM, 'CRITICAL'), // segments have to be sent again; attributes: value, typical
  'node.network-interface-failed': entry(MECHANISM, 'CRITICAL', true), // attributes: interface
  'node.clock-skewed': entry(MECHANISM, 'ERROR', true), // attributes: offsetSeconds
  'node.inotify-exhausted': entry(MECHANISM, 'ERROR', true),
  'node.hardware-error': entry(MECHANISM * 2, 'CRITICAL', true), // machine check, memory errors; attributes: bank
  'node.netdevice-leaked': entry(MECHANISM, 'ERROR', true), // unregister_netdevice waits for ever
  'node.nfs-unresponsive': entry(MECHANISM, 'CRITICAL', true), // attributes: server
  'node.thermally-throttled': entry(MECHANISM, 'WARNING', true),
  'node.image-store-corrupt': entry(MECHANISM, 'CRITICAL', true),
  'node.shutdown': entry(MECHANISM, 'WARNING', true), // asked to stop, and says so
  'node.pod-ips-exhausted': entry(MECHANISM, 'ERROR', true), // no address left for a pod
  'node.conntrack-race': entry(MECHANISM, 'ERROR', true), // UDP packets lose the race for one entry; attributes: insertFailedRate
  'node.bpf-map-full': entry(MECHANISM, 'CRITICAL', true), // attributes: utilization
  'node.proxy-stale': entry(MECHANISM, 'ERROR', true), // kube-proxy (or its like) cannot write its rules
  // services and network
  'service.selector-mismatch': entry(MECHANISM, 'ERROR', true), // attributes: selector, nearest
  'service.port-mismatch': entry(MECHANISM, 'ERROR', true), // targetPort that no selected container serves
  'service.protocol-mismatch': entry(MECHANISM, 'ERROR', true), // it forwards UDP where TCP is called and served; attributes: protocol
  'service.no-ready-endpoints': entry(SYMPTOM, 'ERROR'),
  'service.deleted': entry(MECHANISM, 'ERROR'),
  'service.load-balancer-failed': entry(MECHANISM, 'ERROR', true),
  'ingress.backend-missing': entry(MECHANISM, 'ERROR', true),
  'network.policy-blocks': entry(MECHANISM, 'ERROR'),
  'network.delay': entry(MECHANISM, 'ERROR'), // time is lost on the way between it and its peers; attributes: delayMs, typicalMs, peers
  'network.packet-loss': entry(MECHANISM, 'ERROR'), // attributes: lossRatio, peer
  'network.latency': entry(INTERMEDIATE * 4, 'WARNING'), // attributes: rttMs, peer
  'network.mtu-mismatch': entry(MECHANISM, 'ERROR', true), // large packets are lost, small ones pass; attributes: tooBigRate, peer
  'network.idle-timeout': entry(MECHANISM, 'ERROR'), // something on the way cuts connections that rest; attributes: idleMs
  'network.snat-exhausted': entry(MECHANISM, 'CRITICAL', true), // no source port is left for calls to the outside
  'network.partition': entry(MECHANISM * 2, 'CRITICAL', true), // two groups of nodes do not reach each other; attributes: from, to
  'network.unreachable': entry(MECHANISM, 'ERROR'), // packets vanish on the way, nobody refuses them
  'network.address-conflict': entry(MECHANISM, 'ERROR', true), // one address used twice; attributes: address
  'dns.failed': entry(INTERMEDIATE, 'ERROR'), // attributes: name, peer
  'dns.slow': entry(INTERMEDIATE, 'ERROR'), // answers come after the resolver's timeout; attributes: lookupSeconds
  'dns.search-amplification': entry(MECHANISM, 'WARNING', true), // lookups in vain by the search list; attributes: nxdomainRatio
  'dns.config-invalid': entry(MECHANISM * 2, 'CRITICAL', true), // the server cannot read, or loops by, its configuration; attributes: line
  'dns.upstream-failed': entry(MECHANISM, 'ERROR', true), // the resolver behind the cluster's does not answer; attributes: upstream
  'dns.policy-wrong': entry(MECHANISM, 'ERROR'), // a pod's dnsPolicy keeps cluster names from being resolved; attributes: policy
  'dns.server-down': entry(MECHANISM, 'CRITICAL', true),
  'mesh.mtls-required': entry(MECHANISM, 'ERROR', true), // a PeerAuthentication takes no plain text
  'mesh.access-denied': entry(MECHANISM, 'ERROR', true), // an AuthorizationPolicy lets the caller not in
  'service.stale-endpoint': entry(MECHANISM, 'ERROR', true), // an address that no pod has any more; attributes: address
  'ingress.no-controller': entry(MECHANISM, 'ERROR', true), // no class, or one that nobody serves; attributes: class
  'ingress.certificate-missing': entry(MECHANISM, 'ERROR', true), // its TLS Secret is not there; attributes: secret
  'gateway.not-accepted': entry(MECHANISM, 'ERROR', true), // a route or Gateway is not in effect; attributes: condition, reason
  'call.refused': entry(SYMPTOM, 'ERROR'), // attributes: peer (host:port), peerAddress
  'call.timeout': entry(SYMPTOM, 'ERROR'),
  'call.reset': entry(SYMPTOM, 'ERROR'),
  'call.unreachable': entry(SYMPTOM, 'ERROR'),
  'call.slow': entry(SYMPTOM, 'WARNING'), // latency shift seen by the caller; attributes: peer, latencyMs, typicalMs
  'call.stopped': entry(SYMPTOM, 'WARNING'), // calls that an operation always made are not made any more; attributes: peer, operation
  'call.failed': entry(SYMPTOM, 'ERROR'), // answered, with an error; attributes: peer, status
  'call.rate-limited': entry(INTERMEDIATE * 4, 'ERROR'), // 429; attributes: peer
  'call.unauthorized': entry(INTERMEDIATE, 'ERROR'), // 401 or 403 from a peer; attributes: peer, status
  'tls.certificate-expired': entry(MECHANISM, 'CRITICAL', true),
  'tls.certificate-not-yet-valid': entry(MECHANISM, 'CRITICAL', true),
  'tls.verification-failed': entry(INTERMEDIATE * 2, 'CRITICAL', true),
  'rbac.forbidden': entry(INTERMEDIATE * 2, 'ERROR', true), // the API server refuses a ServiceAccount; attributes: subject, verb, resource
  'external.unreachable': entry(MECHANISM, 'ERROR'), // an endpoint outside of the cluster
  // storage
  'pvc.storageclass-not-found': entry(MECHANISM, 'ERROR', true),
  'pvc.no-matching-volume': entry(MECHANISM, 'ERROR', true), // volumes are there, none fits; attributes: mismatch, volume, wanted, has
  'pvc.provisioning-failed': entry(MECHANISM, 'ERROR', true),
  'pvc.pending': entry(INTERMEDIATE, 'WARNING'),
  'pvc.lost': entry(MECHANISM, 'CRITICAL', true),
  'pvc.not-found': entry(MECHANISM, 'ERROR', true),
  'volume.mount-failed': entry(MECHANISM, 'ERROR', true),
  'volume.attach-failed': entry(MECHANISM, 'ERROR', true),
  'volume.full': entry(MECHANISM, 'CRITICAL', true),
  'volume.read-only': entry(MECHANISM, 'CRITICAL', true),
  'volume.permission-denied': entry(MECHANISM, 'ERROR'),
  'volume.resize-failed': entry(MECHANISM, 'ERROR', true),
  'volume.inodes-exhausted': entry(MECHANISM, 'CRITICAL', true), // no inode left, while there are bytes
  'volume.fsync-slow': entry(MECHANISM, 'ERROR'), // flushing to the disk takes longer than the program allows for
  'volume.stale-handle': entry(MECHANISM, 'CRITICAL', true), // ESTALE: the NFS export behind it was replaced
  'csi.driver-not-found': entry(MECHANISM, 'CRITICAL', true), // not registered with the kubelet; attributes: driver
  'snapshot.failed': entry(MECHANISM, 'ERROR', true),
  // the control plane
  'apiserver.down': entry(MECHANISM * 2, 'CRITICAL', true),
  'apiserver.overloaded': entry(MECHANISM, 'CRITICAL'), // it turns requests away (429); attributes: priorityLevel, flowSchema
  'apiserver.priority-starved': entry(MECHANISM, 'CRITICAL', true), // API priority and fairness rejects leases and system components; attributes: priorityLevel, flowSchema
  'apiservice.unavailable': entry(INTERMEDIATE * 4, 'ERROR', true), // an aggregated API; attributes: reason, service
  'etcd.slow': entry(MECHANISM, 'CRITICAL'),
  'etcd.no-leader': entry(MECHANISM, 'CRITICAL', true),
  'etcd.space-exceeded': entry(MECHANISM, 'CRITICAL', true), // NOSPACE alarm: writes are refused
  'scheduler.down': entry(MECHANISM, 'CRITICAL', true),
  'controller-manager.down': entry(MECHANISM, 'CRITICAL', true),
  'cloud-controller.failed': entry(MECHANISM, 'ERROR', true),
  'controller.leadership-lost': entry(INTERMEDIATE * 4, 'ERROR'), // leader election: the lease could not be renewed
  'serviceaccount.token-rejected': entry(INTERMEDIATE * 4, 'ERROR'), // 401 of the API server
  'crd.missing': entry(MECHANISM, 'ERROR', true), // no matches for kind; attributes: missing
  'api.version-removed': entry(MECHANISM, 'ERROR', true), // a client asks for a version that is no longer served; attributes: apiVersion, apiKind
  'node.version-skew': entry(MECHANISM, 'WARNING', true), // attributes: kubeletVersion, apiServerVersion
  'static-pod.manifest-invalid': entry(MECHANISM, 'CRITICAL', true), // attributes: file
  // what programs say
  'log.error': entry(INTERMEDIATE, 'ERROR'), // an error template appears or surges; attributes: rate, level
  'log.exception': entry(INTERMEDIATE * 2, 'ERROR'), // with an exception's name and place
  'log.fatal': entry(INTERMEDIATE * 2, 'ERROR'), // the last word of a dying process
  'log.vanished': entry(INTERMEDIATE * 2, 'WARNING'), // a step that an operation always logged is missing; attributes: operation, step, after, share
  'app.data-corrupt': entry(MECHANISM, 'CRITICAL'), // a program cannot read its own data
  'app.port-in-use': entry(MECHANISM, 'ERROR'),
  'app.file-descriptors-exhausted': entry(MECHANISM, 'ERROR'),
  'app.slow': entry(INTERMEDIATE * 2, 'WARNING'), // latency shift at the thing itself
  'app.accept-queue-full': entry(MECHANISM, 'ERROR', true), // connections come faster than they are accepted; attributes: port
  'app.errors-up': entry(INTERMEDIATE * 2, 'ERROR'), // its share of failed requests rose; attributes: errorRatio, typicalRatio
  'app.cut-short': entry(INTERMEDIATE * 4, 'ERROR'), // an operation no longer takes a step that it always took; attributes: operation, after, step, instead
  'app.cpu-saturated': entry(MECHANISM, 'ERROR'), // it uses all the CPU it may; attributes: value, typical, score
  'app.memory-growth': entry(INTERMEDIATE * 2, 'WARNING'), // far more memory than usual; attributes: value, typical, score
  'app.load-up': entry(INTERMEDIATE, 'WARNING'), // many more requests than usual; attributes: value, typical, score
  'app.load-lost': entry(SYMPTOM, 'WARNING'), // hardly any requests where there were some
  'app.not-reading': entry(INTERMEDIATE * 4, 'ERROR'), // its receive window is closed; attributes: zeroWindowRate
  'app.not-listening': entry(MECHANISM, 'ERROR'), // ready, and yet nobody listens on the port; attributes: port
  'app.ephemeral-ports-exhausted': entry(MECHANISM, 'ERROR', true), // EADDRNOTAVAIL; attributes: peer
  'app.event-loop-blocked': entry(MECHANISM, 'ERROR'), // attributes: utilization, delaySeconds
  'app.gc-thrash': entry(MECHANISM, 'ERROR'), // attributes: gcRatio
  'app.retry-storm': entry(MECHANISM, 'ERROR'), // its retries multiply the load on what it calls; attributes: peer, factor
  'app.poison-message': entry(MECHANISM, 'ERROR'), // one message fails it again and again; attributes: message
  'app.shared-fault': entry(MECHANISM, 'CRITICAL'), // the same fault in several workloads with one thing in common; attributes: factor
  'app.license-expired': entry(MECHANISM, 'ERROR'), // attributes: credential
  'app.starts-before-proxy': entry(MECHANISM, 'WARNING'), // it calls before its sidecar is there
  'app.drops-connections': entry(MECHANISM, 'ERROR'), // its pods stop before they are taken out of their Service
  'app.periodic-load': entry(MECHANISM, 'WARNING'), // a CronJob whose runs go with what suffers; attributes: runs
  'queue.consumer-behind': entry(INTERMEDIATE * 4, 'WARNING'), // attributes: pending
  'queue.broker-degraded': entry(MECHANISM, 'ERROR'), // attributes: partitions
  'pipeline.behind': entry(MECHANISM, 'WARNING', true), // our own; attributes: lagSeconds
  'app.overloaded': entry(MECHANISM, 'ERROR'),
  'app.memory-exhausted': entry(MECHANISM, 'ERROR'), // its own heap is full: OutOfMemoryError, heap out of memory
  'app.process-limit': entry(MECHANISM, 'ERROR'), // it may not start more threads or processes
  'app.permission-missing': entry(MECHANISM, 'ERROR'), // EPERM: a capability or a setting of the security context
  'db.connections-exhausted': entry(MECHANISM, 'ERROR'),
  'db.read-only': entry(MECHANISM, 'ERROR'),
  'db.lock-contention': entry(MECHANISM, 'ERROR'), // attributes: waiting, blockedBy
  'db.replication-lag': entry(MECHANISM, 'WARNING', true), // attributes: lagSeconds
  'db.failover': entry(MECHANISM, 'ERROR', true), // another instance is the primary now; attributes: to
  'db.password-required': entry(MECHANISM, 'ERROR', true), // a store asks for a password that its clients do not send
  'db.memory-exhausted': entry(MECHANISM, 'ERROR', true), // maxmemory of a cache is reached, and nothing may be evicted
  'db.deadlock': entry(MECHANISM, 'ERROR'),
  'db.schema-mismatch': entry(MECHANISM, 'ERROR'), // a table or column that the program expects does not exist
  // what runtime security says
  'security.unexpected-program': entry(MECHANISM, 'CRITICAL'), // a program that is not of the image runs; attributes: program, alert
  'security.privilege-escalation': entry(MECHANISM, 'CRITICAL'), // a container reaches for its node; attributes: alert
  'security.enforcement-kill': entry(MECHANISM, 'ERROR', true), // a runtime policy kills what it forbids; attributes: policy, comm
  'alert.firing': entry(SYMPTOM, 'ERROR'), // another system says that something is wrong, in words that are not in this vocabulary
  // changes
  'change.deploy': entry(CHANGE * 1.5, 'INFO'), // somebody says that they rolled out a version or commit; attributes: reference, commit, does, terms
  'change.risky-deploy': entry(CHANGE * 3.5, 'INFO'), // the same, and its diff does something that is known to cause trouble
  'change.flag': entry(CHANGE / 5, 'INFO'), // a feature flag; attributes: reference
  'change.spec': entry(CHANGE, 'INFO'), // attributes: paths, changedBy; a workload's template, a Service, a policy …
  'change.image': entry(CHANGE * 1.5, 'INFO'), // attributes: from, to
  'change.config': entry(CHANGE * 1.5, 'INFO'), // a ConfigMap or Secret; attributes: keys
  'change.scale': entry(CHANGE / 5, 'INFO'), // attributes: from, to
  'change.created': entry(CHANGE / 5, 'INFO'),
  'change.deleted': entry(CHANGE, 'INFO'),
  'change.restart': entry(CHANGE / 5, 'INFO'),
  'change.by-hand': entry(CHANGE, 'INFO'), // somebody works in a running container: a shell, exec, cp; attributes: alert, user
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
