import type { Category } from '../../../src/model/categories.js';
import type { DraftAttributes } from '../draft.js';

export interface SchedulingFailure {
  readonly category: Category;
  readonly because: string;
  readonly attributes: DraftAttributes;
}

interface Reason {
  readonly pattern: RegExp;
  readonly category: Category;
  /** Lower wins when a message gives several reasons: what the pod itself asks for says more than the state of some nodes. */
  readonly rank: number;
  readonly because: (match: RegExpMatchArray) => string;
  readonly attributes?: (match: RegExpMatchArray) => DraftAttributes;
}

/** The scheduler's own texts (pkg/scheduler/framework/plugins, ErrReason constants). */
const reasons: readonly Reason[] = [
  {
    pattern: /persistentvolumeclaim "([^"]+)" not found/i,
    category: 'pvc.not-found',
    rank: 0,
    because: (match) => `the claim ${match[1]!} does not exist`,
    attributes: (match) => ({ missing: match[1]!, claim: match[1]! }),
  },
  {
    pattern:
      /unbound immediate PersistentVolumeClaims|didn't find available persistent volumes to bind|unbound PersistentVolumeClaims?/i,
    category: 'scheduling.unbound-claim',
    rank: 1,
    because: () => 'a claim of its volumes is not bound',
  },
  {
    pattern: /volume node affinity conflict/i,
    category: 'scheduling.volume-node-conflict',
    rank: 1,
    because: () => 'its volume can only be used on another node',
  },
  {
    pattern: /Insufficient ([\w./-]*\w)/,
    category: 'scheduling.insufficient-resources',
    rank: 2,
    because: (match) => `no node has enough ${match[1]!} left`,
    // Resources with a domain are devices that a plugin on the node announces (GPUs, NICs).
    attributes: (match) => ({ resource: match[1]!, extended: match[1]!.includes('/') || null }),
  },
  {
    pattern:
      /didn't match Pod's node affinity(?:\/selector)?|didn't match node selector|didn't match Pod's node affinity/i,
    category: 'scheduling.node-affinity',
    rank: 3,
    because: () => 'no node matches its node selector or affinity',
  },
  {
    pattern:
      /didn't match pod anti-affinity rules|didn't satisfy existing pods anti-affinity|didn't match pod affinity(?:\/anti-affinity)?(?: rules)?/i,
    category: 'scheduling.anti-affinity',
    rank: 3,
    because: () => 'pod affinity rules keep it off the nodes',
  },
  {
    pattern: /didn't match pod topology spread constraints/i,
    category: 'scheduling.topology-spread',
    rank: 3,
    because: () => 'its topology spread constraints cannot be met',
  },
  {
    pattern: /didn't have free ports for the requested pod ports/i,
    category: 'scheduling.host-port-conflict',
    rank: 3,
    because: () => 'its host port is taken on the nodes',
  },
  {
    pattern: /Too many pods/i,
    category: 'scheduling.too-many-pods',
    rank: 3,
    because: () => 'the nodes run as many pods as they may',
  },
  {
    // Taints that Kubernetes sets itself on a sick or cordoned node say less than the node does.
    pattern: /untolerated taint(?:\(s\))?(?: \{(?!node\.kubernetes\.io\/)([^}]*)\})?/i,
    category: 'scheduling.untolerated-taint',
    rank: 4,
    because: (match) =>
      match[1]
        ? `the nodes have the taint ${match[1]} that it does not tolerate`
        : 'the nodes have taints that it does not tolerate',
    attributes: (match) => ({ taint: match[1] }),
  },
  {
    pattern: /were unschedulable/i,
    category: 'scheduling.node-unschedulable',
    rank: 5,
    because: () => 'the nodes are cordoned',
  },
  {
    pattern: /exceed max volume count/i,
    category: 'scheduling.volume-limit',
    rank: 3,
    because: () => 'the nodes have as many volumes as they may',
  },
];

/**
 * A PodScheduled or FailedScheduling text taken apart: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint
 * {gpu: true}. preemption: …`. The most specific reason names the failure, the others go with it as attributes.
 */
export function classifyScheduling(message: string): SchedulingFailure {
  // The half about preemption repeats the reasons for other pods.
  const text = message.split(/\.? ?preemption:/i, 1)[0]!;
  const nodes = /^\d+\/(\d+) nodes are available/.exec(text);
  const found = reasons
    .map((reason) => ({ reason, match: reason.pattern.exec(text) }))
    .filter((entry): entry is { reason: Reason; match: RegExpExecArray } => entry.match !== null)
    .sort((one, other) => one.reason.rank - other.reason.rank);
  const best = found[0];
  if (!best)
    return {
      category: 'scheduling.failed',
      because: text.replace(/\.\s*$/, ''),
      attributes: { nodes: nodes ? Number(nodes[1]) : null },
    };
  const others = [...new Set(found.slice(1).map((entry) => entry.reason.category))].filter(
    (category) => category !== best.reason.category,
  );
  return {
    category: best.reason.category,
    because: best.reason.because(best.match),
    attributes: {
      ...best.reason.attributes?.(best.match),
      nodes: nodes ? Number(nodes[1]) : null,
      breakdown: text.replace(/^\d+\/\d+ nodes are available: /, '').replace(/\.\s*$/, ''),
      alsoReasons: others.length > 0 ? others.join(',') : null,
    },
  };
}
