import type { Category } from '../../src/model/categories.js';
import { entityRef, type EntityRef } from '../../src/model/entity.js';
import type { PodMemory, TransformContext } from './context.js';
import { controlPlaneRef } from './kubernetes/control-plane.js';
import type { DraftAttributes } from './draft.js';

export interface Subject {
  readonly entity: EntityRef;
  /** Who suffers from it, when that is somebody else: the id goes into `attributes.victim`. */
  readonly victim: string | null;
}

const ofVolumes = /^volume\.(?:full|read-only|inodes-exhausted|stale-handle|fsync-slow)$/;

/**
 * What a complaint is about, where that is not who complains: a full disk is the claim's that is mounted there, an etcd without a leader
 * is the same for all who say so, a kind that nobody serves is its CustomResourceDefinition's.
 */
export function subjectOf(
  category: Category,
  attributes: DraftAttributes,
  {
    entity,
    k8s,
  }: { readonly entity: EntityRef; readonly k8s: { readonly node: string | null; readonly container: string | null } },
  pod: PodMemory | null,
  context: TransformContext,
): Subject {
  const self = { entity, victim: null };
  const { cluster } = context;
  if (category.startsWith('node.'))
    return k8s.node === null ? self : { entity: entityRef(cluster, 'Node', null, k8s.node), victim: null };
  const component = category.startsWith('etcd.') ? 'etcd' : category.startsWith('apiserver.') ? 'kube-apiserver' : null;
  if (component !== null) return { entity: controlPlaneRef(cluster, component), victim: entity.id };
  if (category === 'crd.missing') {
    const name =
      attributes.missing ?? context.definitions.get(`${String(attributes.apiKind)}.${String(attributes.apiGroup)}`);
    if (typeof name !== 'string') return self;
    return { entity: entityRef(cluster, 'CustomResourceDefinition', null, name), victim: entity.id };
  }
  if (!ofVolumes.test(category)) return self;
  const claim =
    attributes['k8s.persistentvolumeclaim.name'] ??
    attributes.persistentvolumeclaim ??
    (pod === null ? null : claimAt(pod, k8s.container, attributes));
  const namespace = pod?.namespace ?? entity.namespace;
  if (typeof claim !== 'string' || namespace === null) return self;
  return { entity: entityRef(cluster, 'PersistentVolumeClaim', namespace, claim), victim: null };
}

/** The claim that is mounted where the path leads; without a path in the container's own tree, the only one that there is. */
function claimAt(pod: PodMemory, container: string | null, { path }: DraftAttributes): string | null {
  const mounts = pod.mounts.filter((mount) => container === null || mount.container === container);
  if (typeof path === 'string') {
    const holding = mounts
      .filter((mount) => path === mount.path || path.startsWith(`${mount.path.replace(/\/$/, '')}/`))
      .sort((a, b) => b.path.length - a.path.length)[0];
    if (holding) return holding.claim;
    // `base/16384/2619` is within the program's own directory; `/tmp/x` is not.
    if (path.startsWith('/')) return null;
  }
  const claims = new Set(mounts.map((mount) => mount.claim));
  return claims.size === 1 ? [...claims][0]! : null;
}
