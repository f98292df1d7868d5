import { relationTypes } from '../model/entity.js';

/**
 * Neither a label nor a relationship type can be a parameter in the Cypher that both stores run. A statement that holds `:Kind` or
 * `:RELATION` stands for a family: one statement for each member of these closed lists, named `write/entities:Pod`.
 */
export const families = {
  Kind: [
    // what an entity is labelled whose kind is not listed: its `kind` property still says it
    'Entity',
    // virtual ones
    'Cluster',
    'ClusterDns',
    'Container',
    'ExternalEndpoint',
    'Process',
    'Registry',
    // Kubernetes; its own Event and Source are left out on purpose, since those labels are taken
    'APIService',
    'CertificateSigningRequest',
    'ClusterRole',
    'ClusterRoleBinding',
    'ConfigMap',
    'ControllerRevision',
    'CronJob',
    'CSIDriver',
    'CSINode',
    'CustomResourceDefinition',
    'DaemonSet',
    'Deployment',
    'EndpointSlice',
    'Endpoints',
    'Gateway',
    'HTTPRoute',
    'HorizontalPodAutoscaler',
    'Ingress',
    'IngressClass',
    'Job',
    'Lease',
    'LimitRange',
    'MutatingWebhookConfiguration',
    'Namespace',
    'NetworkPolicy',
    'Node',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'Pod',
    'PodDisruptionBudget',
    'PodTemplate',
    'PriorityClass',
    'ReplicaSet',
    'ReplicationController',
    'ResourceQuota',
    'Role',
    'RoleBinding',
    'RuntimeClass',
    'Secret',
    'Service',
    'ServiceAccount',
    'StatefulSet',
    'StorageClass',
    'ValidatingAdmissionPolicy',
    'ValidatingWebhookConfiguration',
    'VolumeAttachment',
  ],
  RELATION: relationTypes,
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Family = keyof typeof families;

const kinds: ReadonlySet<string> = new Set(families.Kind);

/** The label an entity of this kind gets beside `:Entity`. */
export function kindLabel(kind: string): string {
  return kinds.has(kind) ? kind : 'Entity';
}
