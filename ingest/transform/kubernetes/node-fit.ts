import type { Category } from '../../../src/model/categories.js';
import type { DraftAttributes } from '../draft.js';
import { each, type PodSpec } from './kubernetes-objects.js';
import { list } from '../wording.js';

/** What of a node decides whether a pod may be placed there, but for what it has room for. */
export interface NodeShape {
  readonly labels: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  readonly taints: readonly Taint[];
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Placement {
  readonly category: Category;
  readonly because: string;
  readonly attributes: DraftAttributes;
}

/**
 * Why no node takes a pod, from what it asks for and what the nodes are. The scheduler counts for each node the first thing that
 * excludes it, so its text does not tell the pod that no node suits from the one whose only suitable node is cordoned or tainted.
 * Null when neither is so, or nothing is known of the nodes.
 */
export function explainPlacement(spec: PodSpec | undefined, nodes: ReadonlyMap<string, NodeShape>): Placement | null {
  if (!spec || nodes.size === 0) return null;
  const selector = Object.entries(spec.nodeSelector ?? {});
  const candidates = [...nodes]
    .filter(([, shape]) => !keptForControlPlane(shape))
    .map(([name, shape]) => ({ name, shape, labels: hostnamed(name, shape.labels) }));
  const selected = candidates.filter(({ labels }) => selector.every(([key, value]) => labels[key] === value));
  const suitable = selected.filter(({ name, labels }) => matchesAffinity(spec, name, labels));
  if (suitable.length === 0) {
    const bySelector = selector.length > 0 && selected.length === 0;
    const wanted = bySelector ? selector.map(([key, value]) => `${key}=${value}`).join(',') : null;
    return {
      category: 'scheduling.node-affinity',
      because: bySelector
        ? `no node has the labels ${wanted!} of its node selector`
        : 'no node matches its node affinity',
      attributes: { by: bySelector ? 'nodeSelector' : 'affinity', wanted },
    };
  }
  const open = suitable.filter(({ shape }) => !shape.unschedulable);
  const restricted = selector.length > 0 || affinityTerms(spec).length > 0;
  if (open.length === 0)
    return {
      category: 'scheduling.node-unschedulable',
      because: restricted
        ? `node ${list(suitable.map(({ name }) => name))}, which it asks for, is cordoned`
        : 'the nodes are cordoned',
      attributes: { cordoned: suitable.map(({ name }) => name).join(',') },
    };
  const taints = open.map(({ shape }) => untolerated(spec, shape));
  if (taints.some((taint) => taint === null)) return null;
  // Taints that Kubernetes sets itself on a sick node say less than the node does.
  if (taints.every((taint) => taint!.key.startsWith('node.kubernetes.io/')))
    return {
      category: 'scheduling.node-unschedulable',
      because: `node ${list(open.map(({ name }) => name))} is not fit for new pods`,
      attributes: {},
    };
  const names = [...new Set(taints.map((taint) => `${taint!.key}${taint!.value ? `=${taint!.value}` : ''}`))];
  return {
    category: 'scheduling.untolerated-taint',
    because: `${restricted ? `node ${list(open.map(({ name }) => name))}, which it asks for, has` : 'the nodes have'} the taint ${list(names)} that it does not tolerate`,
    attributes: { taint: names.join(',') },
  };
}

/** The kubelet calls a node by its name in this label too, unless somebody has changed that. */
function hostnamed(name: string, labels: NodeShape['labels']): NodeShape['labels'] {
  return { 'kubernetes.io/hostname': name, ...labels };
}

/** A node of the control plane that is cordoned or tainted is not meant for anybody's pods. */
function keptForControlPlane({ labels, unschedulable, taints }: NodeShape): boolean {
  const control =
    'node-role.kubernetes.io/control-plane' in labels ||
    'node-role.kubernetes.io/master' in labels ||
    labels['kubernetes.io/role'] === 'master';
  return control && (unschedulable || taints.length > 0);
}

function untolerated(spec: PodSpec, { taints }: NodeShape): Taint | null {
  const hard = taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  return (
    hard.find(
      (taint) =>
        !each(spec.tolerations).some(
          ({ key, value, effect, operator }) =>
            (key === undefined || key === '' ? operator === 'Exists' : key === taint.key) &&
            (operator === 'Exists' || (value ?? '') === (taint.value ?? '')) &&
            (effect === undefined || effect === '' || effect === taint.effect),
        ),
    ) ?? null
  );
}

type Terms = NonNullable<
  NonNullable<
    NonNullable<NonNullable<PodSpec['affinity']>['nodeAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
  >['nodeSelectorTerms']
>;

function affinityTerms(spec: PodSpec): Terms {
  return each(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms);
}

/** Terms are alternatives, the expressions of one term all have to hold. */
function matchesAffinity(spec: PodSpec, name: string, labels: NodeShape['labels']): boolean {
  const terms = affinityTerms(spec);
  if (terms.length === 0) return true;
  return terms.some(
    ({ matchExpressions, matchFields }) =>
      each(matchExpressions).every(({ key, operator, values }) => holds(labels[key], operator, each(values))) &&
      each(matchFields).every(({ operator, values }) => holds(name, operator, each(values))),
  );
}

function holds(label: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'Gt':
      return label !== undefined && Number(label) > Number(values[0]);
    case 'Lt':
      return label !== undefined && Number(label) < Number(values[0]);
    default:
      return true;
  }
}
