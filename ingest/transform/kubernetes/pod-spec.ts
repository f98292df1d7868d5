import { entityRef, type EntityRef } from '../../../src/model/entity.js';
import type { ContainerView } from './containers.js';
import { componentOf, componentRelations } from './control-plane.js';
import { containerRef, type TransformContext } from '../context.js';
import { registryOf } from './image-pull.js';
import { relationsFrom, type Interpretation } from '../interpretation.js';
import { bareContainerId, each, type Container, type Pod, type PodSpec } from './kubernetes-objects.js';

/** `http:8080,metrics:9090,9100`: declared container ports, with their names where they have one. */
export function portsOf(containers: readonly Container[]): string {
  return containers
    .flatMap((container) => each(container.ports))
    .map((port) => (port.name ? `${port.name}:${port.containerPort ?? ''}` : String(port.containerPort ?? '')))
    .join(',');
}

/** `TCP,UDP`: of declared container ports; null where all are TCP, as they are by default. */
export function protocolsOf(containers: readonly Container[]): string | null {
  const protocols = new Set(containers.flatMap(({ ports }) => each(ports).map(({ protocol }) => protocol ?? 'TCP')));
  return protocols.size === 0 || (protocols.size === 1 && protocols.has('TCP')) ? null : [...protocols].join(',');
}

export function podRelations(
  entity: EntityRef,
  { metadata, spec }: Pod,
): { relations: NonNullable<Interpretation['relations']>; optional: Record<string, boolean> } {
  const relations = relationsFrom(entity);
  const namespace = entity.namespace;
  for (const owner of metadata.ownerReferences ?? []) {
    if (owner.kind !== 'Node') relations.from('OWNS', owner.kind, namespace, owner.name);
  }
  relations.to('RUNS_ON', 'Node', null, spec?.nodeName);
  const optional = specRelations(relations, namespace, spec);
  for (const container of [...each(spec?.initContainers), ...each(spec?.containers)]) {
    relations.to('OWNS', 'Container', namespace, `${entity.name}/${container.name}`);
  }
  const component = componentOf(metadata);
  const above = component === null ? [] : componentRelations(component, entity, relations);
  return { relations: [...relations.all(), ...above], optional };
}

/** What a pod or pod template depends on. Returns the facts that mark references that may be missing. */
export function specRelations(
  relations: ReturnType<typeof relationsFrom>,
  namespace: string | null,
  spec: PodSpec | undefined,
): Record<string, boolean> {
  const optional: Record<string, boolean> = {};
  const uses = (
    kind: 'ConfigMap' | 'Secret',
    reference: { readonly name?: string; readonly optional?: boolean } | undefined,
  ) => {
    if (!reference?.name) return;
    relations.to('USES', kind, namespace, reference.name);
    const fact = `optional:${kind}/${reference.name}`;
    if (reference.optional) optional[fact] ??= true;
    else optional[fact] = false;
  };
  if (spec) relations.to('USES', 'ServiceAccount', namespace, spec.serviceAccountName ?? 'default');
  relations.to('USES', 'PriorityClass', null, spec?.priorityClassName);
  for (const reference of each(spec?.imagePullSecrets)) uses('Secret', { ...reference, optional: true });
  for (const volume of each(spec?.volumes)) {
    uses('ConfigMap', volume.configMap);
    if (volume.secret)
      uses('Secret', { name: volume.secret.secretName ?? '', optional: volume.secret.optional ?? false });
    for (const source of each(volume.projected?.sources)) {
      // Every pod has the cluster's CA in its token volume; a change of it explains nothing.
      if (source.configMap?.name !== 'kube-root-ca.crt') uses('ConfigMap', source.configMap);
      uses('Secret', source.secret);
    }
    relations.to('MOUNTS', 'PersistentVolumeClaim', namespace, volume.persistentVolumeClaim?.claimName);
  }
  for (const container of [...each(spec?.initContainers), ...each(spec?.containers)]) {
    for (const from of each(container.envFrom)) {
      uses('ConfigMap', from.configMapRef);
      uses('Secret', from.secretRef);
    }
    for (const variable of each(container.env)) {
      uses('ConfigMap', variable.valueFrom?.configMapKeyRef);
      uses('Secret', variable.valueFrom?.secretKeyRef);
    }
    if (container.image) relations.to('USES', 'Registry', null, registryOf(container.image));
  }
  // Only what may be missing needs saying.
  return Object.fromEntries(Object.entries(optional).filter(([, isOptional]) => isOptional));
}

export function containerFinding(
  view: ContainerView,
  context: TransformContext,
): NonNullable<Interpretation['also']>[number] {
  const { pod, status, spec, init } = view;
  const state = status.state?.running ? 'running' : status.state?.terminated ? 'terminated' : 'waiting';
  const facts: Record<string, string | number | boolean> = {
    state,
    ready: status.ready ?? false,
    restartCount: status.restartCount ?? 0,
    init,
  };
  const put = (name: string, value: string | number | null | undefined) => {
    if (value !== null && value !== undefined && value !== '') facts[name] = value;
  };
  put('image', spec?.image ?? status.image);
  put('imageId', status.imageID);
  put('containerId', bareContainerId(status.containerID));
  put('ports', spec ? portsOf([spec]) : '');
  put('memoryLimit', spec?.resources?.limits?.memory);
  put('cpuLimit', spec?.resources?.limits?.cpu);
  const readinessPort = spec?.readinessProbe?.httpGet?.port ?? spec?.readinessProbe?.tcpSocket?.port;
  const livenessPort = spec?.livenessProbe?.httpGet?.port ?? spec?.livenessProbe?.tcpSocket?.port;
  put('readinessPort', readinessPort);
  put('livenessPort', livenessPort);
  return {
    entity: containerRef(context.cluster, pod.namespace, pod.name, status.name),
    deleted: false,
    createdAt: null,
    labels: {},
    facts,
    selector: null,
    relations: [
      {
        type: 'OWNS',
        from: entityRef(context.cluster, 'Pod', pod.namespace, pod.name).id,
        to: containerRef(context.cluster, pod.namespace, pod.name, status.name).id,
      },
    ],
  };
}
