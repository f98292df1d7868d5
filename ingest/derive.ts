import { categoryInfo, type Category } from '../src/model/categories.js';
import type { EntityRef } from '../src/model/entity.js';
import type { EventFinding } from '../src/model/finding.js';
import { contentId } from '../src/model/ids.js';
import { fromEpochMs } from '../src/model/time.js';
import type { UnifiedEvent } from '../src/model/unified-event.js';
import type { Inventory } from './inventory.js';
import { representative, type Problem, type Problems } from './problems.js';
import { selectorResemblance, selectorText, type Labels } from './selectors.js';

/**
 * What no single source says and the inventory shows: a Service that selects nothing, and what lies behind a call that fails although
 * nothing is known to be wrong with the callee. Said again at every tick while it holds, as one event.
 */
export function derive(inventory: Inventory, problems: Problems, nowMs: number): EventFinding[] {
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
  for (const problem of problems.all()) {
    if (!problems.isActive(problem, nowMs)) continue;
    if (problem.category === 'service.no-ready-endpoints') empty.set(problem.unit, problem);
    if (problem.target !== -1 && /^(call\.(refused|timeout|unreachable|reset)|dns\.failed)$/.test(problem.category)) {
      const before = called.get(problem.target);
      if (!before || problem.firstMs < before.firstMs) called.set(problem.target, problem);
    }
  }

  for (const [service, problem] of empty) {
    const mismatch = selectorMismatch(service, inventory);
    if (!mismatch) continue;
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

  for (const [target, problem] of called) {
    if (problem.wrongPort) continue;
    const ref = inventory.ref(target);
    const caller = inventory.ref(problem.unit);
    const example = representative(problem).semantic.message;
    if (ref.kind === 'ExternalEndpoint' || (ref.kind === 'Service' && isOutside(target, inventory))) {
      const others = problems
        .on(target)
        .some((other) => other.category !== 'external.unreachable' && problems.isActive(other, nowMs));
      if (others || problem.category === 'dns.failed') continue;
      say(
        ref,
        'external.unreachable',
        problem.firstMs,
        `${ref.name}, outside of the cluster, does not answer ${caller.kind} ${caller.name}: ${example}`,
        { peer: ref.name },
      );
    } else if (ref.kind === 'Service' && !inventory.exists(target)) {
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
      }
    }
  }
  return findings;
}

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

interface Mismatch {
  readonly selector: string;
  readonly nearest: { readonly kind: string; readonly name: string; readonly labels: string } | null;
}

/** A selector that no pod and no workload's pods would match, while the namespace has workloads it could have meant. */
function selectorMismatch(service: number, inventory: Inventory): Mismatch | null {
  const selector = inventory.selector(service);
  if (!inventory.exists(service) || selector === null || Object.keys(selector).length === 0) return null;
  const { cluster, namespace } = inventory.ref(service);
  const workloads = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'].flatMap((kind) =>
    inventory.inNamespace(cluster, namespace, kind),
  );
  const pods = inventory.inNamespace(cluster, namespace, 'Pod');
  if (inventory.out(service, 'SELECTS').length > 0) return null;
  let best: { index: number; score: number; labels: Labels } | null = null;
  for (const index of [...workloads, ...pods]) {
    const labels = inventory.ref(index).kind === 'Pod' ? inventory.labels(index) : (inventory.selector(index) ?? {});
    const sameName = inventory.ref(index).name === inventory.ref(service).name ? 0.3 : 0;
    const score = selectorResemblance(selector, labels) + sameName;
    if (!best || score > best.score) best = { index, score, labels };
  }
  if (workloads.length + pods.length === 0) return null;
  const near = best && best.score >= 0.5 ? best : null;
  return {
    selector: selectorText(selector),
    nearest: near && {
      kind: inventory.ref(near.index).kind,
      name: inventory.ref(near.index).name,
      labels: selectorText(near.labels),
    },
  };
}

/** A Service whose endpoints somebody writes by hand, or which is but a name for something outside. */
function isOutside(service: number, inventory: Inventory): boolean {
  return inventory.exists(service) && inventory.selector(service) === null;
}

/** A named target port that no selected pod declares, or a number while the pods declare others. */
function portMismatch(
  service: number,
  inventory: Inventory,
): { readonly targetPort: string; readonly declared: string } | null {
  const targetPorts = list(inventory.facts(service).targetPorts);
  const declared = new Set<string>();
  for (const pod of inventory.out(service, 'SELECTS')) {
    for (const port of list(inventory.facts(pod).ports)) for (const part of port.split(':')) declared.add(part);
  }
  if (declared.size === 0) return null;
  const missing = targetPorts.find((port) => !declared.has(port));
  return missing === undefined ? null : { targetPort: missing, declared: [...declared].sort().join(', ') };
}

function list(fact: string | number | boolean | undefined): string[] {
  return fact === undefined || fact === '' ? [] : String(fact).split(',');
}
