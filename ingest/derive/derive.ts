import { categoryInfo, type Category } from '../../src/model/categories.js';
import { entityRef, type EntityRef } from '../../src/model/entity.js';
import type { EventFinding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import { fromEpochMs } from '../../src/model/time.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';
import {
  blockingPolicy,
  certificateOf,
  changeOf,
  isOutside,
  isTimeout,
  isTroubled,
  lastingMs,
  list,
  portMismatch,
  selectorMismatch,
  wasChanged,
} from './callee.js';
import { deriveControlPlane, isApiService, sayApiDown } from './control-plane.js';
import { holdBack } from './hold-back.js';
import type { Inventory } from '../inventory.js';
import { deriveConfiguration } from './configuration.js';
import { deriveMesh } from './mesh.js';
import { deriveNetwork, deriveOwnResolution } from './network.js';
import { deriveStores } from './stores.js';
import type { Deriving } from './deriving.js';
import { deriveNodeGroups } from './node-groups.js';
import { deriveRegistries } from './registries.js';
import { representative, type Problem, type Problems } from '../problems.js';

/** A failed lookup counts this long as a witness against the resolver. */
const lookupMemoryMs = 60_000;

/**
 * What no single source says and the inventory shows: a Service that selects nothing, a route to a Service that is not there, and what
 * lies behind a call that fails although nothing is known to be wrong with the callee. Said again at every tick while it holds, as one event.
 */
export function derive(cluster: string, inventory: Inventory, problems: Problems, nowMs: number): EventFinding[] {
  const findings: EventFinding[] = [];
  const say = (
    entity: EntityRef,
    category: Category,
    sinceMs: number,
    message: string,
    attributes: UnifiedEvent['semantic']['attributes'],
  ): void => {
    findings.push({
      kind: 'event',
      at: fromEpochMs(nowMs),
      event: derivedEvent({ entity, category, sinceMs, nowMs, message, attributes }),
    });
  };

  const empty = new Map<number, Problem>();
  const called = new Map<number, Problem>();
  const callers = new Map<number, Set<number>>();
  const unresolved = new Map<number, { readonly callers: Set<number>; firstMs: number; lastMs: number }>();
  const distrusted: Problem[] = [];
  const active: Problem[] = [];
  const unplaced: Problem[] = [];
  for (const problem of problems.all()) {
    // Who waits longer for a lookup than it has time says so once, and then only that its calls time out.
    if (problem.category === 'dns.failed' && problem.target !== -1 && nowMs - problem.lastMs <= lookupMemoryMs) {
      const seen = unresolved.get(problem.target) ?? {
        callers: new Set<number>(),
        firstMs: Infinity,
        lastMs: -Infinity,
      };
      seen.callers.add(problem.unit);
      seen.firstMs = Math.min(seen.firstMs, problem.firstMs);
      seen.lastMs = Math.max(seen.lastMs, problem.lastMs);
      unresolved.set(problem.target, seen);
    }
    if (!problems.isActive(problem, nowMs)) continue;
    active.push(problem);
    if (problem.category === 'service.no-ready-endpoints') empty.set(problem.unit, problem);
    if (problem.target !== -1 && /^(call\.(refused|timeout|unreachable|reset)|dns\.failed)$/.test(problem.category)) {
      const before = called.get(problem.target);
      if (!before || problem.firstMs < before.firstMs) called.set(problem.target, problem);
      callers.set(problem.target, (callers.get(problem.target) ?? new Set<number>()).add(problem.unit));
    }
    if (problem.target !== -1 && /^tls\.certificate-/.test(problem.category)) distrusted.push(problem);
    if (/^scheduling\./.test(problem.category)) unplaced.push(problem);
  }

  holdBack(unplaced, { inventory, problems, nowMs });

  // The caller only says what it was shown: the certificate is the callee's.
  for (const { target, category, firstMs, unit } of distrusted) {
    // Unless the clock that judges it is known to be wrong.
    const byClock = inventory
      .unitsOut(unit, 'RUNS_ON')
      .some((node) => problems.on(node).some((other) => other.category === 'node.clock-skewed'));
    if (byClock) continue;
    const holder = isApiService(inventory.ref(target))
      ? inventory.intern(entityRef(cluster, 'ControlPlane', null, 'kube-apiserver'))
      : certificateOf(target, inventory);
    const ref = inventory.ref(holder);
    const state = category === 'tls.certificate-expired' ? 'has expired' : 'is not valid yet';
    say(
      ref,
      category,
      firstMs,
      `The certificate of ${inventory.ref(target).kind} ${inventory.ref(target).name} ${state}, says ${inventory.ref(unit).kind} ${inventory.ref(unit).name}`,
      { served: `${inventory.ref(target).kind}/${inventory.ref(target).name}` },
    );
  }

  const given: Deriving = { cluster, inventory, problems, active, nowMs, say };
  deriveNodeGroups(given);
  deriveConfiguration(given);
  deriveNetwork(given);
  deriveMesh(given);
  deriveStores(given);
  const ownFault = deriveOwnResolution(given);
  deriveRegistries(cluster, inventory, problems, nowMs, say);

  deriveControlPlane(cluster, { inventory, problems, say, nowMs });

  for (const [service, problem] of empty) {
    const mismatch = selectorMismatch(service, inventory);
    // Labels that nothing comes near may have lost their workload; only an edit of the selector itself makes it the Service's fault.
    if (!mismatch || (mismatch.nearest === null && !changeOf(service, /selector/, problems, nowMs))) continue;
    const { name } = inventory.ref(service);
    const near =
      mismatch.nearest === null
        ? ''
        : `; ${mismatch.nearest.kind} ${mismatch.nearest.name} has ${mismatch.nearest.labels}`;
    say(
      inventory.ref(service),
      'service.selector-mismatch',
      problem.firstMs,
      `Service ${name} selects ${mismatch.selector}, and no pod has these labels${near}`,
      {
        selector: mismatch.selector,
        ...(mismatch.nearest && {
          nearest: `${mismatch.nearest.kind}/${mismatch.nearest.name}`,
          nearestLabels: mismatch.nearest.labels,
        }),
      },
    );
  }

  for (const { ingress, backend, because, sinceMs } of deadRoutes(cluster, inventory, problems)) {
    const { name } = inventory.ref(ingress);
    say(
      inventory.ref(ingress),
      'ingress.backend-missing',
      sinceMs,
      `Ingress ${name} routes to Service ${backend}, ${because}`,
      { backend },
    );
  }

  for (const [target, problem] of called) {
    const ref = inventory.ref(target);
    const caller = inventory.ref(problem.unit);
    const example = representative(problem).semantic.message;
    if (problem.wrongPort) {
      const removal = changeOf(target, /spec\.ports/, problems, nowMs);
      if (removal && removal.firstMs <= problem.lastMs) {
        say(
          ref,
          'service.port-mismatch',
          problem.firstMs,
          `Service ${ref.name} no longer has the port that ${caller.kind} ${caller.name} calls: ${example}`,
          { ports: String(inventory.facts(target).ports ?? '') },
        );
      }
      continue;
    }
    // Whoever cannot resolve names fails to reach everything: that says nothing of the rest.
    const blind = problems
      .on(problem.unit)
      .some((other) => other.category === 'dns.failed' && problems.isActive(other, nowMs));
    if (problem.category === 'dns.failed' && ref.kind === 'Service' && inventory.exists(target)) {
      // One caller alone may have a resolver of its own that is wrong.
      const { callers: witnesses, firstMs, lastMs } = unresolved.get(target)!;
      const lasting = lastMs - firstMs >= lastingMs && [...witnesses].filter((unit) => !ownFault.has(unit)).length > 1;
      if (!lasting || isTroubled(target, inventory, problems, nowMs)) continue;
      say(
        ref,
        'dns.server-down',
        problem.firstMs,
        `The cluster's DNS, Service ${ref.name}, does not resolve names that exist: ${example}`,
        { service: ref.name },
      );
      continue;
    }
    if (isApiService(ref)) {
      if (problem.category !== 'dns.failed' && !blind) sayApiDown(problem, callers.get(target)!, { inventory, say });
      continue;
    }
    if (ref.kind === 'ExternalEndpoint' || (ref.kind === 'Service' && isOutside(target, inventory))) {
      const others = problems
        .on(target)
        .some((other) => other.category !== 'external.unreachable' && problems.isActive(other, nowMs));
      if (others || blind || isInside(ref.name, inventory, cluster) || hasBadPath(problem.unit, given)) continue;
      say(
        ref,
        'external.unreachable',
        problem.firstMs,
        `${ref.name}, outside of the cluster, does not answer ${caller.kind} ${caller.name}: ${example}`,
        { peer: ref.name },
      );
    } else if (ref.kind === 'Service' && !inventory.exists(target)) {
      // A name that never was a Service is its caller's mistake.
      if (!inventory.observed(target)) continue;
      say(
        ref,
        'service.deleted',
        problem.firstMs,
        `Service ${ref.name} does not exist, and ${caller.kind} ${caller.name} calls it: ${example}`,
        { peer: ref.name },
      );
    } else if (ref.kind === 'Service') {
      const mismatch = portMismatch(target, inventory);
      if (mismatch) {
        say(
          ref,
          'service.port-mismatch',
          problem.firstMs,
          `Service ${ref.name} sends to port ${mismatch.targetPort}, and its pods declare ${mismatch.declared}`,
          {
            targetPort: mismatch.targetPort,
            containerPorts: mismatch.declared,
          },
        );
      } else if (!blind && !isTroubled(target, inventory, problems, nowMs)) silent(target, problem);
    }
  }
  return findings;

  /** Nothing is known to be wrong with the callee, and yet it does not answer: a policy drops the calls, or it is too slow. */
  function silent(target: number, problem: Problem): void {
    if (!isTimeout(problem) || problem.lastMs - problem.firstMs < lastingMs) return;
    // A caller that cannot resolve names has not even asked.
    if (
      problems
        .on(problem.unit)
        .some((other) => other.category === 'dns.failed' && other.lastMs > problem.firstMs - 15_000)
    )
      return;
    // A node that loses packets is to blame rather than who is called from it.
    if (hasBadPath(problem.unit, given)) return;
    const service = inventory.ref(target);
    const caller = inventory.ref(problem.unit);
    const policy = blockingPolicy(target, problem, inventory, problems, nowMs);
    if (policy !== -1) {
      inventory.relate('LIMITS', policy, problem.unit, nowMs);
      say(
        inventory.ref(policy),
        'network.policy-blocks',
        problem.firstMs,
        `NetworkPolicy ${inventory.ref(policy).name} allows no calls from ${caller.kind} ${caller.name} to Service ${service.name}, and they time out since it is there`,
        { caller: `${caller.kind}/${caller.name}`, callee: `Service/${service.name}` },
      );
      return;
    }
    if (problem.attributes.get('phase')?.has('connect')) {
      say(
        service,
        'network.unreachable',
        problem.firstMs,
        `Packets of ${caller.kind} ${caller.name} to Service ${service.name} get no answer at all, while its pods are well: ${representative(problem).semantic.message}`,
        { caller: `${caller.kind}/${caller.name}`, callee: `Service/${service.name}` },
      );
      return;
    }
    // The only caller that waits in vain, and was changed itself: its own new address, timeout or way out is as likely.
    if (callers.get(target)!.size === 1 && wasChanged(problem.unit, inventory, problems, nowMs)) return;
    for (const workload of inventory.unitsOut(target, 'SELECTS')) {
      const ref = inventory.ref(workload);
      if (changeOf(workload, /./, problems, nowMs, rolloutMs)) continue;
      say(
        ref,
        'app.slow',
        problem.firstMs,
        `${ref.kind} ${ref.name} does not answer ${caller.kind} ${caller.name} in time, and is otherwise well: ${representative(problem).semantic.message}`,
        { caller: `${caller.kind}/${caller.name}` },
      );
    }
  }
}

/** A node that loses packets, or a way out that the caller itself finds bad. */
function hasBadPath(unit: number, { inventory, problems, nowMs }: Deriving): boolean {
  const isActive = (problem: Problem): boolean => problems.isActive(problem, nowMs);
  return (
    problems.on(unit).some((other) => ownPath.test(other.category) && isActive(other)) ||
    inventory
      .unitsOut(unit, 'RUNS_ON')
      .some((node) => problems.on(node).some((other) => lossy.test(other.category) && isActive(other)))
  );
}

/** An address of the cluster's own: of a node, or one that an EndpointSlice lists. */
function isInside(name: string, inventory: Inventory, cluster: string): boolean {
  const host = name.replace(/:\d+$/, '');
  if (!/^[\d.]+$/.test(host)) return false;
  return (
    inventory.inNamespace(cluster, null, 'Node').some((node) => inventory.facts(node).ip === host) ||
    inventory
      .inNamespace(cluster, null, 'Namespace')
      .some((space) =>
        inventory
          .inNamespace(cluster, inventory.ref(space).name, 'EndpointSlice')
          .some((slice) => list(inventory.facts(slice).addresses).includes(host)),
      )
  );
}

const ownPath =
  /^(?:network\.(?:packet-loss|latency|mtu-mismatch|idle-timeout)|app\.(?:ephemeral-ports|starts-before))/;
/** Faults of a node by which calls from it are lost. */
const lossy =
  /^(?:node\.(?:conntrack-|bpf-map-full|neighbour-table-full|socket-memory-exhausted|network-|proxy-stale|agent-down|cpu-stalled)|network\.)/;

interface DeadRoute {
  readonly ingress: number;
  readonly backend: string;
  readonly because: string;
  readonly sinceMs: number;
}

/** Routes of Ingresses to a Service, or a port of one, that is not there. */
function deadRoutes(cluster: string, inventory: Inventory, problems: Problems): DeadRoute[] {
  const found: DeadRoute[] = [];
  for (const space of inventory.inNamespace(cluster, null, 'Namespace').map((index) => inventory.ref(index).name)) {
    for (const ingress of inventory.inNamespace(cluster, space, 'Ingress')) {
      for (const backend of list(inventory.facts(ingress).backends)) {
        const [name = '', port = ''] = backend.split(':');
        const service = inventory.indexOf(entityRef(cluster, 'Service', space, name).id);
        const exists = service !== -1 && inventory.exists(service);
        const { ports, portNames } = exists ? inventory.facts(service) : {};
        const served = [...list(ports).map((pair) => pair.split(':')[0]!), ...list(portNames)];
        if (exists && (port === '' || served.length === 0 || served.includes(port))) continue;
        const gone =
          service === -1 ? undefined : problems.on(service).find(({ category }) => category === 'change.deleted');
        const sinceMs = gone?.firstMs ?? inventory.createdMs(ingress);
        if (Number.isNaN(sinceMs)) continue;
        const because = exists ? `which has no port ${port}` : 'which does not exist';
        found.push({ ingress, backend: name, because, sinceMs });
      }
    }
  }
  return found;
}

/** How long a rollout may make its workload slow to answer. */
const rolloutMs = 45_000;

function derivedEvent(parts: {
  entity: EntityRef;
  category: Category;
  sinceMs: number;
  nowMs: number;
  message: string;
  attributes: UnifiedEvent['semantic']['attributes'];
}): UnifiedEvent {
  const { entity, category, sinceMs, nowMs, message, attributes } = parts;
  const since = fromEpochMs(sinceMs);
  return {
    id: contentId('derived', entity.id, category, since),
    timestamp: since,
    type: 'kubeapi',
    k8sContext: {
      cluster: entity.cluster,
      node: null,
      namespace: entity.namespace,
      pod: null,
      podUid: null,
      container: null,
      containerId: null,
      workload: null,
      service: entity.kind === 'Service' ? entity.name : null,
    },
    entity,
    traceContext: null,
    semantic: { category, message, template: null, fingerprint: contentId(entity.id, category), attributes },
    impact: { severity: categoryInfo(category).severity, scope: 'service' },
    count: 1,
    firstSeen: since,
    lastSeen: fromEpochMs(nowMs),
  };
}

/** A change that the solver found guilty, as an event of its own: the graph's root is then a fault, not merely a change. */
export function concludedEvent(change: UnifiedEvent, category: Category, message: string): UnifiedEvent {
  return {
    ...change,
    id: contentId('concluded', change.id, category),
    semantic: { ...change.semantic, category, message, fingerprint: contentId(change.entity.id, category) },
    impact: { ...change.impact, severity: categoryInfo(category).severity },
  };
}
