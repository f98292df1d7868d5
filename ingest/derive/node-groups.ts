import { entityRef } from '../../src/model/entity.js';
import type { Deriving } from './deriving.js';
import type { Inventory } from '../inventory.js';
import type { Problem } from '../problems.js';

/** Nodes that stop within this of each other stopped together. */
const togetherMs = 5 * 60_000;
/** A node younger than this was made by the same upgrade or scale-out as its siblings. */
const newNodeMs = 60 * 60_000;
const down = /^node\.(?:not-ready|lease-expired|runtime-down|network-unavailable|removed)$/;
/** Namespaces of what nodes need before anything else runs on them. */
const agentSpaces =
  /^(?:kube-system|calico-system|kube-flannel|cilium|tigera-operator|gke-managed-.*|amazon-.*|longhorn-system|rook-ceph|metallb-system|istio-system)$/;
const failing =
  /^(?:container\.(?:crash-loop|terminated|oom-killed|start-failed|restarted)|pod\.(?:not-ready|pending|failed|evicted)|image\.|process\.crashed)/;
/** What a node's pods show when something that they all need is missing there. */
const bereft =
  /^(?:pod\.(?:sandbox-failed|not-ready|pending)|call\.(?:timeout|unreachable|reset|refused)|dns\.failed|volume\.(?:mount|attach)-failed|workload\.unavailable|probe\.)/;

/**
 * What shows only when nodes are looked at together: a zone that is out, a pool whose new nodes are all broken, and an agent (a
 * DaemonSet's pod) whose failure on a node the node's other pods follow.
 */
export function deriveNodeGroups({ cluster, inventory, problems, active, nowMs, say }: Deriving): void {
  const lost = new Map<number, number>();
  const agents: Problem[] = [];
  for (const problem of active) {
    const { kind, namespace } = inventory.ref(problem.unit);
    if (problem.category === 'node.removed') outlive(problem.unit);
    if (kind === 'PersistentVolumeClaim' && problem.category.startsWith('volume.')) mountedOn(problem.unit);
    if (kind === 'Node' && down.test(problem.category))
      lost.set(problem.unit, Math.min(lost.get(problem.unit) ?? Infinity, problem.firstMs));
    if (kind === 'DaemonSet' && agentSpaces.test(namespace ?? '') && failing.test(problem.category))
      agents.push(problem);
  }
  if (lost.size > 1) {
    const isNew = (node: number): boolean => lost.has(node) && lost.get(node)! - inventory.createdMs(node) < newNodeMs;
    const pools = grouped(lost.keys(), (node) => poolOf(node, inventory));
    const broken = new Set<number>();
    for (const [name, nodes] of pools) {
      const fresh = nodes.filter(isNew);
      const older = inventory.inNamespace(cluster, null, 'Node').filter((node) => !isNew(node));
      // When the old nodes are lost as well it is not what the new ones are made of.
      if (fresh.length < 2 || older.some((node) => lost.has(node))) continue;
      const pool = entityRef(cluster, 'NodePool', null, name);
      const version = String(inventory.facts(fresh[0]!).kubeletVersion ?? '');
      for (const node of fresh) broken.add(node).add(relate('OWNS', inventory.intern(pool), node));
      say(
        pool,
        'node.pool-broken',
        Math.min(...fresh.map((node) => lost.get(node)!)),
        `All ${fresh.length} new nodes of pool ${name}${version === '' ? '' : ` (${version})`} are not ready, while those from before are well`,
        { nodes: fresh.length, example: inventory.ref(fresh[0]!).name, ...(version !== '' && { version }) },
      );
    }
    const zones = grouped(inventory.inNamespace(cluster, null, 'Node'), (node) => zoneOf(node, inventory));
    for (const [name, nodes] of zones) {
      const gone = nodes.filter((node) => lost.has(node) && !broken.has(node));
      const times = gone.map((node) => lost.get(node)!);
      const elsewhere = [...zones].some(([other, rest]) => other !== name && rest.some((node) => !lost.has(node)));
      const together = Math.max(...times) - Math.min(...times) <= togetherMs;
      if (gone.length < 2 || gone.length * 2 <= nodes.length || !together || !elsewhere) continue;
      const zone = entityRef(cluster, 'Zone', null, name);
      for (const node of gone) relate('RUNS_ON', node, inventory.intern(zone));
      say(
        zone,
        'zone.outage',
        Math.min(...times),
        `${gone.length} of the ${nodes.length} nodes of zone ${name} stopped at the same time`,
        { nodes: nodes.length, down: gone.length },
      );
    }
  }
  for (const problem of agents) followers(problem);

  /** Whose pods were on a node that is gone is known only until the pods are gone too. */
  function outlive(node: number): void {
    for (const unit of inventory.unitsInto(node, 'RUNS_ON')) {
      for (const service of inventory.unitsInto(unit, 'SELECTS')) inventory.relate('LIMITS', node, service, nowMs);
      inventory.relate('LIMITS', node, unit, nowMs);
    }
  }

  /** A claim is as well as the node that its pods mount it on. */
  function mountedOn(claim: number): void {
    for (const workload of inventory.unitsInto(claim, 'MOUNTS'))
      for (const node of inventory.unitsOut(workload, 'RUNS_ON')) relate('LIMITS', node, claim);
  }

  function relate(type: 'OWNS' | 'RUNS_ON' | 'LIMITS', from: number, to: number): number {
    inventory.relate(type, from, to, nowMs);
    return to;
  }

  /** Workloads on the node of a failing agent that fail since it does: two of them are no coincidence. */
  function followers(problem: Problem): void {
    const agent = inventory.ref(problem.unit);
    for (const entity of problem.entities) {
      for (const node of podNodes(entity)) {
        const others = inventory
          .unitsInto(node, 'RUNS_ON')
          .filter(
            (unit) =>
              unit !== problem.unit &&
              inventory.ref(unit).kind !== 'DaemonSet' &&
              problems
                .on(unit)
                .some(
                  (other) =>
                    bereft.test(other.category) &&
                    problems.isActive(other, nowMs) &&
                    other.firstMs >= problem.firstMs - 5_000 &&
                    onlyOn(other, node),
                ),
          );
        if (others.length < 2) continue;
        const host = inventory.ref(node);
        say(
          host,
          'node.agent-down',
          problem.firstMs,
          `${agent.kind} ${agent.name} failed on node ${host.name}, and ${others.length} workloads that run there fail since`,
          { agent: agent.name, agentNamespace: agent.namespace ?? '', workloads: others.length },
        );
      }
    }
  }

  /** Every pod that the problem was seen on runs on this node; the workload itself counts where no pod is named. */
  function onlyOn(problem: Problem, node: number): boolean {
    const places = [...problem.entities].flatMap(podNodes);
    return places.every((place) => place === node);
  }

  function podNodes(entity: number): number[] {
    const { kind } = inventory.ref(entity);
    if (kind === 'Pod') return inventory.out(entity, 'RUNS_ON');
    return kind === 'Container' ? inventory.into(entity, 'OWNS').flatMap((pod) => inventory.out(pod, 'RUNS_ON')) : [];
  }
}

function grouped(nodes: Iterable<number>, nameOf: (node: number) => string | null): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const node of nodes) {
    const name = nameOf(node);
    if (name !== null) groups.set(name, [...(groups.get(name) ?? []), node]);
  }
  return groups;
}

/** As the well-known label of Kubernetes says, or its predecessor. */
function zoneOf(node: number, inventory: Inventory): string | null {
  const labels = inventory.labels(node);
  return labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? null;
}

/** Labels that GKE, EKS, AKS, Karpenter, kOps and Cluster API put on the nodes of one pool. */
const poolLabels = [
  'cloud.google.com/gke-nodepool',
  'eks.amazonaws.com/nodegroup',
  'kubernetes.azure.com/agentpool',
  'agentpool',
  'karpenter.sh/nodepool',
  'kops.k8s.io/instancegroup',
  'node.cluster.x-k8s.io/machinepool',
];

function poolOf(node: number, inventory: Inventory): string | null {
  const labels = inventory.labels(node);
  const label = poolLabels.find((each) => labels[each] !== undefined);
  return label === undefined ? null : labels[label]!;
}
