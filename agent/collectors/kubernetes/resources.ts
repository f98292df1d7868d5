/** One kind of object the collector lists and watches, as the API server serves it. */
export interface Resource {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** As in the URL: `pods`. */
  readonly plural: string;
  /** As in `object.kind`: `Pod`. List items of the API server leave it out, so it is filled in from here. */
  readonly kind: string;
  readonly namespaced: boolean;
  /** Watch these namespaces only, whatever the configuration says. */
  readonly onlyNamespaces?: readonly string[];
  /** 'none' where changes of fields say nothing about who changed what: status-like objects written by controllers all the time. */
  readonly changes: 'all' | 'none';
  /** The same objects through another group, read when this one is not permitted or not served. */
  readonly fallback?: Resource;
}

/** Everything that is watched besides custom resources. Order is the order of the first lists: what tells most comes first. */
export const builtInResources: readonly Resource[] = [
  cluster('', 'v1', 'namespaces', 'Namespace'),
  cluster('', 'v1', 'nodes', 'Node'),
  namespaced('', 'v1', 'pods', 'Pod'),
  // Both groups read and write one storage (kubernetes pkg/registry/core/event), so one watch sees the Events of both exactly once.
  {
    ...namespaced('', 'v1', 'events', 'Event', 'none'),
    fallback: namespaced('events.k8s.io', 'v1', 'events', 'Event', 'none'),
  },
  namespaced('apps', 'v1', 'deployments', 'Deployment'),
  namespaced('apps', 'v1', 'replicasets', 'ReplicaSet'),
  namespaced('apps', 'v1', 'statefulsets', 'StatefulSet'),
  namespaced('apps', 'v1', 'daemonsets', 'DaemonSet'),
  namespaced('batch', 'v1', 'jobs', 'Job'),
  namespaced('batch', 'v1', 'cronjobs', 'CronJob'),
  namespaced('', 'v1', 'services', 'Service'),
  namespaced('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', 'none'),
  namespaced('', 'v1', 'configmaps', 'ConfigMap'),
  namespaced('', 'v1', 'secrets', 'Secret'),
  namespaced('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  namespaced('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  cluster('', 'v1', 'persistentvolumes', 'PersistentVolume'),
  namespaced('', 'v1', 'resourcequotas', 'ResourceQuota'),
  namespaced('', 'v1', 'limitranges', 'LimitRange'),
  namespaced('', 'v1', 'replicationcontrollers', 'ReplicationController'),
  namespaced('', 'v1', 'podtemplates', 'PodTemplate'),
  namespaced('apps', 'v1', 'controllerrevisions', 'ControllerRevision', 'none'),
  namespaced('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  namespaced('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  namespaced('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  cluster('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass'),
  namespaced('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'),
  cluster('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass'),
  cluster('storage.k8s.io', 'v1', 'volumeattachments', 'VolumeAttachment'),
  cluster('storage.k8s.io', 'v1', 'csinodes', 'CSINode'),
  cluster('storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver'),
  // Kubelets renew theirs every ten seconds; those of kube-system say whether a scheduler and a controller manager lead, which nothing else
  // does where they are no pods that we see. Leases elsewhere are leader elections of others, which say nothing that a pod's state does not.
  {
    ...namespaced('coordination.k8s.io', 'v1', 'leases', 'Lease', 'none'),
    onlyNamespaces: ['kube-node-lease', 'kube-system'],
  },
  cluster('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass'),
  cluster('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass'),
  namespaced('rbac.authorization.k8s.io', 'v1', 'roles', 'Role'),
  namespaced('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding'),
  cluster('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole'),
  cluster('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding'),
  cluster('admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'),
  cluster('admissionregistration.k8s.io', 'v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'),
  cluster('apiregistration.k8s.io', 'v1', 'apiservices', 'APIService'),
  cluster('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition'),
];

/** `pods`, `deployments.apps`: how kubectl and RBAC name a resource. */
export function resourceName(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

export function apiVersion(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** Path of the collection, over all namespaces when `namespace` is null. */
export function collectionPath(resource: Resource, namespace: string | null): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  return namespace === null ? `${root}/${resource.plural}` : `${root}/namespaces/${namespace}/${resource.plural}`;
}

/** Which collections together are all that is wanted of the resource; null stands for the whole cluster. */
export function scopes(resource: Resource, namespaces: readonly string[] | null): readonly (string | null)[] {
  if (!resource.namespaced) return [null];
  if (resource.onlyNamespaces !== undefined) return resource.onlyNamespaces;
  return namespaces ?? [null];
}

function namespaced(
  group: string,
  version: string,
  plural: string,
  kind: string,
  changes: Resource['changes'] = 'all',
): Resource {
  return { group, version, plural, kind, namespaced: true, changes };
}

function cluster(group: string, version: string, plural: string, kind: string): Resource {
  return { group, version, plural, kind, namespaced: false, changes: 'all' };
}
