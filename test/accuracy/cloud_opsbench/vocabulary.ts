import type { ToldCause } from '../engine.js';

/** One answer of the benchmark: taxonomy, object and cause out of closed lists that every solver is given. */
export interface Triple {
  readonly taxonomy: string;
  readonly object: string;
  readonly cause: string;
}

interface Row {
  readonly category: string;
  /** Attributes that the event has to have been told with. */
  readonly where?: Readonly<Record<string, RegExp>>;
  readonly cause: string;
}

/** The benchmark's words for its classes of causes. */
const taxonomy: Readonly<Record<string, readonly string[]>> = {
  Admission_Fault: [
    'missing_service_account',
    'namespace_cpu_quota_exceeded',
    'namespace_memory_quota_exceeded',
    'namespace_pod_quota_exceeded',
    'namespace_service_quota_exceeded',
    'namespace_storage_quota_exceeded',
  ],
  Infrastructure_Fault: [
    'containerd_unavailable',
    'kube_proxy_unavailable',
    'kube_scheduler_unavailable',
    'kubelet_unavailable',
    'node_network_delay',
    'node_network_packet_loss',
  ],
  Performance_Fault: ['pod_cpu_overload', 'pod_network_delay'],
  Runtime_Fault: [
    'db_connection_exhaustion',
    'db_read_only',
    'deployment_zero_replicas',
    'liveness_probe_incorrect_port',
    'liveness_probe_incorrect_protocol',
    'liveness_probe_incorrect_timing',
    'mysql_invalid_credentials',
    'mysql_invalid_port',
    'oom_killed',
    'readiness_probe_incorrect_port',
    'readiness_probe_incorrect_protocol',
    'service_sidecar_port_conflict',
  ],
  Scheduling_Fault: [
    'cpu_capacity_mismatch',
    'memory_capacity_mismatch',
    'node_affinity_mismatch',
    'node_cordon_mismatch',
    'node_selector_mismatch',
    'pod_anti_affinity_conflict',
    'pv_binding_occupied',
    'pvc_access_mode_mismatch',
    'pvc_capacity_mismatch',
    'pvc_selector_mismatch',
    'pvc_storage_class_mismatch',
    'taint_toleration_mismatch',
  ],
  Service_Routing_Fault: [
    'gateway_misroute',
    'service_dns_resolution_failure',
    'service_env_var_address_mismatch',
    'service_port_mapping_mismatch',
    'service_protocol_mismatch',
    'service_selector_mismatch',
  ],
  Startup_Fault: [
    'image_registry_dns_failure',
    'incorrect_image_reference',
    'missing_image_pull_secret',
    'missing_secret_binding',
    'volume_mount_permission_denied',
  ],
};

/** The engine's categories in the benchmark's words; the first row that fits. What is not here is no cause that the benchmark knows. */
const rows: readonly Row[] = [
  { category: 'admission.serviceaccount-missing', cause: 'missing_service_account' },
  { category: 'quota.exceeded', where: { resource: /cpu/ }, cause: 'namespace_cpu_quota_exceeded' },
  { category: 'quota.exceeded', where: { resource: /memory/ }, cause: 'namespace_memory_quota_exceeded' },
  { category: 'quota.exceeded', where: { resource: /pods/ }, cause: 'namespace_pod_quota_exceeded' },
  { category: 'quota.exceeded', where: { resource: /^services/ }, cause: 'namespace_service_quota_exceeded' },
  {
    category: 'quota.exceeded',
    where: { resource: /storage|persistentvolumeclaims/ },
    cause: 'namespace_storage_quota_exceeded',
  },
  { category: 'node.runtime-down', cause: 'containerd_unavailable' },
  { category: 'node.agent-down', where: { agent: /kube-proxy/ }, cause: 'kube_proxy_unavailable' },
  { category: 'scheduler.down', cause: 'kube_scheduler_unavailable' },
  { category: 'node.kubelet-down', cause: 'kubelet_unavailable' },
  { category: 'node.packet-loss', cause: 'node_network_packet_loss' },
  { category: 'app.cpu-saturated', cause: 'pod_cpu_overload' },
  { category: 'app.overloaded', cause: 'pod_cpu_overload' },
  { category: 'network.delay', cause: 'pod_network_delay' },
  { category: 'app.slow', cause: 'pod_network_delay' },
  { category: 'db.connections-exhausted', cause: 'db_connection_exhaustion' },
  { category: 'db.read-only', cause: 'db_read_only' },
  { category: 'workload.scaled-to-zero', cause: 'deployment_zero_replicas' },
  { category: 'call.unauthorized', where: { by: /database/ }, cause: 'mysql_invalid_credentials' },
  { category: 'config.wrong-address', where: { peerKind: /database/ }, cause: 'mysql_invalid_port' },
  { category: 'container.oom-killed', cause: 'oom_killed' },
  ...(['liveness', 'readiness'] as const).flatMap((kind) =>
    (['port', 'protocol', 'timing'] as const).map((wrong) => ({
      category: `probe.${kind}-failed`,
      where: { mistake: new RegExp(wrong) },
      cause: `${kind}_probe_incorrect_${wrong}`,
    })),
  ),
  { category: 'app.port-in-use', cause: 'service_sidecar_port_conflict' },
  { category: 'scheduling.insufficient-resources', where: { resource: /cpu/ }, cause: 'cpu_capacity_mismatch' },
  { category: 'scheduling.insufficient-resources', where: { resource: /memory/ }, cause: 'memory_capacity_mismatch' },
  { category: 'scheduling.node-affinity', where: { by: /nodeSelector/ }, cause: 'node_selector_mismatch' },
  { category: 'scheduling.node-affinity', cause: 'node_affinity_mismatch' },
  { category: 'scheduling.node-unschedulable', cause: 'node_cordon_mismatch' },
  { category: 'node.cordoned', cause: 'node_cordon_mismatch' },
  { category: 'scheduling.anti-affinity', cause: 'pod_anti_affinity_conflict' },
  { category: 'scheduling.untolerated-taint', cause: 'taint_toleration_mismatch' },
  { category: 'pvc.storageclass-not-found', cause: 'pvc_storage_class_mismatch' },
  { category: 'pvc.no-matching-volume', where: { mismatch: /class/ }, cause: 'pvc_storage_class_mismatch' },
  { category: 'pvc.no-matching-volume', where: { mismatch: /selector/ }, cause: 'pvc_selector_mismatch' },
  { category: 'pvc.no-matching-volume', where: { mismatch: /accessModes/ }, cause: 'pvc_access_mode_mismatch' },
  { category: 'pvc.no-matching-volume', where: { mismatch: /capacity/ }, cause: 'pvc_capacity_mismatch' },
  { category: 'pvc.no-matching-volume', where: { mismatch: /bound/ }, cause: 'pv_binding_occupied' },
  { category: 'config.wrong-route', cause: 'gateway_misroute' },
  { category: 'dns.failed', cause: 'service_dns_resolution_failure' },
  { category: 'config.wrong-address', cause: 'service_env_var_address_mismatch' },
  { category: 'service.port-mismatch', cause: 'service_port_mapping_mismatch' },
  { category: 'service.protocol-mismatch', cause: 'service_protocol_mismatch' },
  { category: 'service.selector-mismatch', cause: 'service_selector_mismatch' },
  { category: 'image.registry-unreachable', cause: 'image_registry_dns_failure' },
  { category: 'image.not-found', cause: 'incorrect_image_reference' },
  { category: 'image.invalid-name', cause: 'incorrect_image_reference' },
  { category: 'image.unauthorized', cause: 'missing_image_pull_secret' },
  { category: 'config.object-missing', where: { missing: /^Secret\// }, cause: 'missing_secret_binding' },
  { category: 'volume.permission-denied', cause: 'volume_mount_permission_denied' },
];

/** The prompt that solvers are given spells two causes otherwise than the labels do. */
const promptSpelling: Readonly<Record<string, string>> = {
  db_read_only: 'db_readonly_mode',
  gateway_misroute: 'gateway_misrouted',
};

/** As a solver would have to spell it who takes the prompt at its word. */
export function asInPrompt(cause: string): string {
  return promptSpelling[cause] ?? cause;
}

/** What the engine says of one cause, in the benchmark's words; null when the benchmark has no word for it. `sufferers`: the nearest first. */
export function tripleOf(told: ToldCause, sufferers: readonly ToldCause['entity'][]): Triple | null {
  const attributes = new Map(told.event.attributes.map(({ name, value }) => [name, value]));
  const row = rows.find(
    ({ category, where }) =>
      category === told.category &&
      Object.entries(where ?? {}).every(([name, pattern]) => pattern.test(attributes.get(name) ?? '')),
  );
  if (!row) return null;
  const [of] = Object.entries(taxonomy).find(([, causes]) => causes.includes(row.cause)) ?? [];
  const object = objectOf(told.entity, of ?? '', row.cause, attributes, sufferers);
  return of === undefined || object === null ? null : { taxonomy: of, object, cause: row.cause };
}

/** Objects are apps, nodes, or the namespace: which of them, each cause says. */
function objectOf(
  entity: ToldCause['entity'],
  of: string,
  cause: string,
  attributes: ReadonlyMap<string, string>,
  sufferers: readonly ToldCause['entity'][],
): string | null {
  if (of === 'Infrastructure_Fault') return entity.kind === 'Node' ? `node/${entity.name}` : null;
  if (cause.startsWith('namespace_')) return entity.namespace === null ? null : `namespace/${entity.namespace}`;
  const workload = attributes.get('workload') ?? (cause === 'gateway_misroute' ? attributes.get('meant') : undefined);
  if (workload !== undefined) return `app/${workload}`;
  if (/^(?:Deployment|StatefulSet|DaemonSet|Service)$/.test(entity.kind)) return `app/${entity.name}`;
  // A claim, a quota, an account: whoever suffers from it.
  const sufferer = sufferers.find(({ kind }) => /^(?:Deployment|StatefulSet)$/.test(kind));
  return sufferer ? `app/${sufferer.name}` : null;
}
