import { entityRef, type EntityRef } from '../../../src/model/entity.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import type { TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import { relationsFrom, type Interpretation, type Observed } from '../interpretation.js';
import { conditionOf, each, type Condition, type Pod } from './kubernetes-objects.js';
import { clause } from '../wording.js';

/** A component of the control plane as one thing, however many instances run, and whether or not they are pods that we see. */
export function controlPlaneRef(cluster: string, component: string): EntityRef {
  return entityRef(cluster, 'ControlPlane', null, component);
}

/** The component that a static pod is an instance of, by kubeadm's labels; null for every other pod. */
export function componentOf({ namespace, labels, ownerReferences }: KubernetesObject['metadata']): string | null {
  const byOthers = (ownerReferences ?? []).some(({ kind }) => kind !== 'Node');
  return namespace === 'kube-system' && labels?.tier === 'control-plane' && !byOthers
    ? (labels.component ?? null)
    : null;
}

const uses: Readonly<Record<string, string>> = {
  'kube-apiserver': 'etcd',
  'kube-scheduler': 'kube-apiserver',
  'kube-controller-manager': 'kube-apiserver',
  'cloud-controller-manager': 'kube-apiserver',
};

/** An instance belongs to its component, and the component hangs on what it cannot work without. */
export function componentRelations(
  component: string,
  entity: EntityRef,
  relations: ReturnType<typeof relationsFrom>,
): readonly { readonly type: 'USES'; readonly from: string; readonly to: string }[] {
  relations.from('OWNS', 'ControlPlane', null, component);
  const on = uses[component];
  return on === undefined
    ? []
    : [
        {
          type: 'USES',
          from: controlPlaneRef(entity.cluster, component).id,
          to: controlPlaneRef(entity.cluster, on).id,
        },
      ];
}

/** `registry.k8s.io/kube-apiserver:v1.33.4`, `v1.33.4+k3s1` → 33; null for what is no version. */
export function minorOf(text: string | undefined): number | null {
  const match = /v?1\.(\d+)(?:\.\d+)?/.exec(text?.split(':').at(-1) ?? '');
  return match ? Number(match[1]) : null;
}

export function rememberApiServer({ object, entity }: Observed<Pod>, context: TransformContext): void {
  const image = object.spec?.containers?.find(({ name }) => name === 'kube-apiserver')?.image;
  const minor = minorOf(image);
  if (minor !== null) context.apiServers.set(entity.name, minor);
}

/** Minor versions that a kubelet may be older than an API server (https://kubernetes.io/releases/version-skew-policy/). */
const kubeletSkew = 3;

export function versionSkew(
  kubeletVersion: string | undefined,
  entity: EntityRef,
  k8s: Draft['context'],
  { apiServers }: TransformContext,
): Draft[] {
  const kubelet = minorOf(kubeletVersion);
  if (kubelet === null || apiServers.size === 0) return [];
  const oldest = Math.min(...apiServers.values());
  const newest = Math.max(...apiServers.values());
  const newer = kubelet > oldest;
  if (!newer && newest - kubelet <= kubeletSkew) return [];
  const apiServerVersion = `v1.${newer ? oldest : newest}`;
  return [
    {
      category: 'node.version-skew',
      entity,
      context: k8s,
      message: `The kubelet of node ${entity.name} is ${kubeletVersion ?? '?'}, ${newer ? 'newer than' : `more than ${kubeletSkew} minor versions older than`} an API server of ${apiServerVersion}, which is not supported.`,
      attributes: { kubeletVersion, apiServerVersion },
    },
  ];
}

/** A cloud controller takes this taint off a new node within seconds. */
const uninitializedGraceMs = 120_000;
export const uninitialized = 'node.cloudprovider.kubernetes.io/uninitialized';

export function cloudControllerProblems(
  taints: readonly { readonly key: string }[],
  createdAt: string | undefined,
  entity: EntityRef,
  k8s: Draft['context'],
): Draft[] {
  if (!taints.some(({ key }) => key === uninitialized)) return [];
  return [
    {
      category: 'cloud-controller.failed',
      entity: controlPlaneRef(entity.cluster, 'cloud-controller-manager'),
      context: k8s,
      discriminator: entity.name,
      startedAt: createdAt,
      holdMs: uninitializedGraceMs,
      message: `Node ${entity.name} has waited to be initialised by the cloud controller since it was made.`,
      attributes: { victim: entity.id, taint: uninitialized },
    },
  ];
}

interface ApiService extends KubernetesObject {
  readonly spec?: {
    readonly group?: string;
    readonly version?: string;
    readonly service?: { readonly namespace?: string; readonly name?: string } | null;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** An API that a Service of the cluster serves (metrics-server, adapters): unavailable as long as that does not answer. */
export function readApiService({ object, entity, k8s }: Observed<ApiService>): Interpretation {
  const relations = relationsFrom(entity);
  const { service } = object.spec ?? {};
  if (service?.name) relations.to('CALLS', 'Service', service.namespace ?? 'default', service.name);
  const available = conditionOf(each(object.status?.conditions), 'Available');
  return {
    facts: { group: object.spec?.group, version: object.spec?.version, available: available?.status === 'True' },
    relations: relations.all(),
    problems:
      available?.status === 'False'
        ? [
            {
              category: 'apiservice.unavailable',
              entity,
              context: k8s,
              startedAt: available.lastTransitionTime,
              message: `The API ${entity.name} is not available: ${clause(available.message ?? available.reason ?? '')}.`,
              attributes: {
                reason: available.reason,
                service: service?.name ? `${service.namespace ?? 'default'}/${service.name}` : null,
              },
            },
          ]
        : [],
  };
}

/** Leases by which instances of a component elect their leader: one that lapses means that none leads. */
const leaders: Readonly<Record<string, Draft['category']>> = {
  'kube-scheduler': 'scheduler.down',
  'kube-controller-manager': 'controller-manager.down',
  'cloud-controller-manager': 'cloud-controller.failed',
};

export function lapsedLeader(lease: EntityRef, sinceMs: string, lateFor: string, k8s: Draft['context']): Draft[] {
  const category = lease.namespace === 'kube-system' ? leaders[lease.name] : undefined;
  if (category === undefined) return [];
  return [
    {
      category,
      entity: controlPlaneRef(lease.cluster, lease.name),
      context: k8s,
      startedAt: sinceMs,
      message: `No instance of ${lease.name} leads: its lease has not been renewed for ${lateFor}.`,
      attributes: { lease: `${lease.namespace ?? ''}/${lease.name}` },
    },
  ];
}

/** Group and version in the words of a namespace that cannot be emptied because an API does not answer. */
export function undiscovered(message: string): readonly string[] {
  return [...message.matchAll(/\b((?:[a-z0-9-]+\.)+[a-z0-9-]+)\/(v\d+(?:(?:alpha|beta)\d+)?)\b/g)].map(
    ([, group, version]) => `${version!}.${group!}`,
  );
}
