import { entityRef } from '../../src/model/entity.js';
import { changeOf, isTroubled, lastingMs, list, portMismatch } from './callee.js';
import { isOtherProtocol } from './configuration.js';
import type { Deriving } from './deriving.js';
import type { Inventory } from '../inventory.js';
import { representative, type Problem } from '../problems.js';
import { selects } from '../selectors.js';

const address = /^\d{1,3}(?:\.\d{1,3}){3}$/;
/** How long a rollout may make its callers stumble. */
const rolloutMs = 60_000;
/** A rollout takes one pod after the other. */
const podByPodMs = 10_000;
/** Fewer calls that were cut than this are a hiccup. */
const leastCut = 3;

export function isRefused(problem: Problem): boolean {
  return problem.category === 'call.refused' || (problem.attributes.get('error')?.has('ECONNREFUSED') ?? false);
}

/** Somebody is called who is there and well, and yet the connection fails: what that says of ports, endpoints, nodes and rollouts. */
export function deriveNetwork(given: Deriving): void {
  const { active, inventory, nowMs } = given;
  const exits = active.filter(({ category }) => category === 'network.snat-exhausted');
  for (const problem of active) {
    if (problem.target === -1 || !problem.category.startsWith('call.')) continue;
    const { kind, name } = inventory.ref(problem.target);
    if (kind === 'Service' && inventory.exists(problem.target)) {
      notListening(problem, given);
      droppedByRollout(problem, given);
    } else if (kind === 'ExternalEndpoint') {
      for (const exit of exits) {
        inventory.relate('LIMITS', exit.unit, problem.unit, nowMs);
        inventory.relate('LIMITS', exit.unit, problem.target, nowMs);
      }
      const host = name.replace(/:\d+$/, '');
      if (inventory.ref(problem.unit).kind === 'Node') partitioned(problem, host, given);
      else if (address.test(host)) staleEndpoint(problem, host, given);
    }
  }
}

/** Refused by pods that are ready and declare the port: nobody listens on it. */
function notListening(problem: Problem, given: Deriving): void {
  const { inventory, problems, nowMs, say } = given;
  const { target } = problem;
  if (!isRefused(problem) || problem.wrongPort || problem.lastMs - problem.firstMs < lastingMs) return;
  const { readyEndpoints, targetPorts } = inventory.facts(target);
  if (!(Number(readyEndpoints) > 0) || portMismatch(target, inventory)) return;
  if (isOtherProtocol(target, inventory) || isTroubled(target, inventory, problems, nowMs)) return;
  if (wasTroubled(problem, rolloutMs, given)) return;
  for (const workload of inventory.unitsOut(target, 'SELECTS')) {
    if (changeOf(workload, /./, problems, nowMs, rolloutMs)) continue;
    const { kind, name } = inventory.ref(workload);
    say(
      inventory.ref(workload),
      'app.not-listening',
      problem.firstMs,
      `${kind} ${name} is ready, and yet nobody listens where Service ${inventory.ref(target).name} sends its calls: ${representative(problem).semantic.message}`,
      { port: String(targetPorts ?? ''), caller: callerOf(problem, inventory) },
    );
  }
}

/** Whether the callee, or a node of it, was not well at any time since shortly before the calls began to fail: then that is why. */
function wasTroubled({ target, firstMs }: Problem, withinMs: number, { inventory, problems }: Deriving): boolean {
  const callees = [target, ...inventory.unitsOut(target, 'SELECTS')];
  const nodes = callees.flatMap((unit) => inventory.unitsOut(unit, 'RUNS_ON'));
  return [...callees, ...nodes].some((unit) =>
    problems
      .on(unit)
      .some(
        ({ category, lastMs }) =>
          /^(?:service|pod|container|probe|process|workload|node)\./.test(category) && lastMs >= firstMs - withinMs,
      ),
  );
}

function isCut(problem: Problem): boolean {
  const reset = problem.category === 'call.reset' || (problem.attributes.get('error')?.has('ECONNRESET') ?? false);
  return (reset || isRefused(problem)) && !problem.wrongPort;
}

/** Connections are cut while pods are replaced that are well otherwise: they stop before they are taken out of the Service. */
function droppedByRollout(problem: Problem, given: Deriving): void {
  const { inventory, problems, nowMs, say } = given;
  const { target, unit } = problem;
  if (!isCut(problem) || isTroubled(target, inventory, problems, nowMs)) return;
  // Once may be the one pod there was; again and again, pod after pod, is how it is rolled out.
  const times = problems.on(unit).filter((other) => other.target === target && isCut(other));
  const count = times.reduce((sum, each) => sum + each.count, 0);
  const firstMs = Math.min(...times.map((each) => each.firstMs));
  if (count < leastCut || problem.lastMs - firstMs < podByPodMs) return;
  if (times.some((each) => wasTroubled(each, 0, given))) return;
  for (const workload of inventory.unitsOut(target, 'SELECTS')) {
    const change = changeOf(workload, /./, problems, nowMs);
    if (!change || firstMs < change.firstMs || firstMs > change.lastMs + rolloutMs) continue;
    const { preStop, replicas, strategy } = inventory.facts(workload);
    if (!(Number(replicas) > 1) || strategy === 'Recreate') continue;
    if (preStop === true || !(Number(inventory.facts(target).readyEndpoints) > 0)) continue;
    const { kind, name } = inventory.ref(workload);
    say(
      inventory.ref(workload),
      'app.drops-connections',
      firstMs,
      `${kind} ${name} cuts connections while it is rolled out: its pods stop before they are taken out of Service ${inventory.ref(target).name}`,
      { caller: callerOf(problem, inventory), cut: count },
    );
  }
}

/** An address that an EndpointSlice still lists, and no pod has. */
function staleEndpoint(problem: Problem, host: string, { cluster, inventory, nowMs, say }: Deriving): void {
  const { namespace } = inventory.ref(problem.unit);
  for (const slice of inventory.inNamespace(cluster, namespace, 'EndpointSlice')) {
    const { addresses, service } = inventory.facts(slice);
    if (!list(addresses).includes(host) || typeof service !== 'string') continue;
    const held = inventory
      .inNamespace(cluster, namespace, 'Pod')
      .some((pod) => inventory.facts(pod).ip === host && inventory.facts(pod).terminating !== true);
    if (held) continue;
    const stale = entityRef(cluster, 'Service', namespace, service);
    inventory.relate('LIMITS', inventory.intern(stale), problem.unit, nowMs);
    say(
      stale,
      'service.stale-endpoint',
      problem.firstMs,
      `Service ${service} still leads to ${host}, an address that no pod has any more`,
      { address: host, caller: callerOf(problem, inventory) },
    );
  }
}

/** A node that does not reach another one, while the control plane hears from both. */
function partitioned(problem: Problem, host: string, { cluster, inventory, problems, nowMs, say }: Deriving): void {
  if (!/timeout|unreachable/.test(problem.category) || problem.lastMs - problem.firstMs < lastingMs) return;
  const nodes = inventory.inNamespace(cluster, null, 'Node');
  const other = nodes.find((node) => inventory.ref(node).name === host || inventory.facts(node).ip === host);
  if (other === undefined) return;
  const lost = [problem.unit, other].some((node) =>
    problems
      .on(node)
      .some(
        (each) =>
          /^node\.(?:not-ready|lease-expired|removed|network-)/.test(each.category) && problems.isActive(each, nowMs),
      ),
  );
  if (lost) return;
  // One cut, whichever side it is seen from.
  const [from, to] = [problem.unit, other].sort((a, b) => (inventory.ref(a).name < inventory.ref(b).name ? -1 : 1)) as [
    number,
    number,
  ];
  inventory.relate('LIMITS', from, to, nowMs);
  say(
    inventory.ref(from),
    'network.partition',
    problem.firstMs,
    `Nodes ${inventory.ref(from).name} and ${inventory.ref(to).name} do not reach each other, while both are ready`,
    { from: inventory.ref(from).name, to: inventory.ref(to).name },
  );
}

/** Callers that cannot resolve names because of what is said of themselves: a policy without DNS, or a resolver of their own. */
export function deriveOwnResolution({
  active,
  inventory,
  problems,
  cluster,
  nowMs,
  say,
}: Deriving): ReadonlySet<number> {
  const own = new Set<number>();
  const upstream = active.filter(({ category }) => category === 'dns.upstream-failed');
  for (const problem of active) {
    if (problem.category !== 'dns.failed' || problem.target === -1) continue;
    const { unit, firstMs } = problem;
    const { kind } = inventory.ref(problem.target);
    if (kind === 'ExternalEndpoint') {
      for (const server of upstream) if (server.unit !== unit) inventory.relate('LIMITS', server.unit, unit, nowMs);
      continue;
    }
    if (kind !== 'Service') continue;
    const { kind: callerKind, name, namespace } = inventory.ref(unit);
    const pods = inventory.members(unit).filter((member) => inventory.ref(member).kind === 'Pod');
    const policy = pods
      .map((pod) => String(inventory.facts(pod).dnsPolicy ?? ''))
      .find((each) => /^(?:Default|None)$/.test(each));
    if (policy !== undefined) {
      own.add(unit);
      say(
        inventory.ref(unit),
        'dns.policy-wrong',
        firstMs,
        `${callerKind} ${name} has dnsPolicy ${policy}: its pods do not ask the cluster's DNS, so names of Services are unknown to them`,
        { policy },
      );
      continue;
    }
    for (const shut of inventory.inNamespace(cluster, namespace, 'NetworkPolicy')) {
      const change = changeOf(shut, /./, problems, nowMs);
      if (!change || change.firstMs > firstMs + lastingMs || !blocksDns(shut, pods, inventory)) continue;
      own.add(unit);
      inventory.relate('LIMITS', shut, unit, nowMs);
      say(
        inventory.ref(shut),
        'network.policy-blocks',
        firstMs,
        `NetworkPolicy ${inventory.ref(shut).name} lets ${callerKind} ${name} not reach the cluster's DNS (port 53), and names cannot be resolved since it is there`,
        { caller: `${callerKind}/${name}`, callee: 'Service/kube-dns', port: 53 },
      );
      break;
    }
  }
  return own;
}

function blocksDns(policy: number, pods: readonly number[], inventory: Inventory): boolean {
  const { policyTypes, egress } = inventory.facts(policy);
  if (!list(policyTypes).includes('Egress')) return false;
  const selector = inventory.selector(policy) ?? {};
  const applies = pods.some((pod) => Object.keys(selector).length === 0 || selects(selector, inventory.labels(pod)));
  if (!applies) return false;
  const rules = rulesOf(egress);
  // A text that was cut short says nothing.
  return (
    rules !== null &&
    !rules.some(({ ports }) => !ports || ports.some(({ port }) => String(port) === '53' || port === 'dns'))
  );
}

function rulesOf(
  text: string | number | boolean | undefined,
): readonly { readonly ports?: readonly { readonly port?: number | string }[] }[] | null {
  try {
    return JSON.parse(String(text ?? '[]')) as readonly {
      readonly ports?: readonly { readonly port?: number | string }[];
    }[];
  } catch {
    return null;
  }
}

function callerOf({ unit }: Problem, inventory: Inventory): string {
  const { kind, name } = inventory.ref(unit);
  return `${kind}/${name}`;
}
