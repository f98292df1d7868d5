import type { Inventory } from '../inventory.js';
import type { Problem, Problems } from '../problems.js';
import { selectorResemblance, selectorText, selects, type Labels } from '../selectors.js';

/** Calls that time out for less than this are a hiccup. */
export const lastingMs = 5_000;

export function isTimeout(problem: Problem): boolean {
  return problem.category === 'call.timeout' || (problem.attributes.get('error')?.has('ETIMEDOUT') ?? false);
}

/** Whether something is known to be wrong with a Service or with what it selects, other than what is derived here. */
export function isTroubled(service: number, inventory: Inventory, problems: Problems, nowMs: number): boolean {
  return [service, ...inventory.unitsOut(service, 'SELECTS')].some((unit) =>
    problems
      .on(unit)
      .some(
        (other) =>
          !/^(change\.|app\.(slow|not-listening|drops-connections)$|network\.unreachable$|dns\.server-down$|log\.)/.test(
            other.category,
          ) && problems.isActive(other, nowMs),
      ),
  );
}

/** A change of a thing's fields, still fresh; `withinMs` counts from when it was made. */
export function changeOf(
  unit: number,
  paths: RegExp,
  problems: Problems,
  nowMs: number,
  withinMs = Infinity,
): Problem | null {
  const found = problems
    .on(unit)
    .find(
      (other) =>
        /^change\.(spec|image|restart|scale|created)$/.test(other.category) &&
        problems.isActive(other, nowMs) &&
        nowMs - other.lastMs <= withinMs &&
        (paths.source === '.' || [...(other.attributes.get('paths') ?? [])].some((path) => paths.test(path))),
    );
  return found ?? null;
}

/** A thing, or the configuration that it reads, was changed lately. */
export function wasChanged(unit: number, inventory: Inventory, problems: Problems, nowMs: number): boolean {
  return [unit, ...inventory.unitsOut(unit, 'USES')].some((at) =>
    problems
      .on(at)
      .some((other) => /^change\.(spec|image|config)$/.test(other.category) && problems.isActive(other, nowMs)),
  );
}

/** What holds a callee's certificate: the one TLS Secret of what a Service selects, else the callee itself. */
export function certificateOf(target: number, inventory: Inventory): number {
  const secrets = new Set(
    inventory
      .unitsOut(target, 'SELECTS')
      .flatMap((workload) => inventory.unitsOut(workload, 'USES'))
      .filter((used) => inventory.ref(used).kind === 'Secret' && inventory.facts(used).type === 'kubernetes.io/tls'),
  );
  return secrets.size === 1 ? [...secrets][0]! : target;
}

/** A NetworkPolicy, made or changed shortly before the calls began to fail, that lets none in to the callee or none out of the caller. */
export function blockingPolicy(
  target: number,
  problem: Problem,
  inventory: Inventory,
  problems: Problems,
  nowMs: number,
): number {
  const applies = (policy: number, workload: number): boolean => {
    const selector = inventory.selector(policy) ?? {};
    return inventory
      .members(workload)
      .some(
        (pod) =>
          inventory.ref(pod).kind === 'Pod' &&
          inventory.ref(pod).namespace === inventory.ref(policy).namespace &&
          (Object.keys(selector).length === 0 || selects(selector, inventory.labels(pod))),
      );
  };
  const spaces = new Set([inventory.ref(target).namespace, inventory.ref(problem.unit).namespace]);
  for (const space of spaces) {
    for (const policy of inventory.inNamespace(inventory.ref(target).cluster, space, 'NetworkPolicy')) {
      const change = changeOf(policy, /./, problems, nowMs);
      if (!change || change.firstMs > problem.firstMs + lastingMs) continue;
      const { policyTypes, ingressRules, egressRules } = inventory.facts(policy);
      const types = list(policyTypes);
      const shut =
        types.includes('Ingress') &&
        ingressRules === 0 &&
        inventory.unitsOut(target, 'SELECTS').some((workload) => applies(policy, workload));
      const locked = types.includes('Egress') && egressRules === 0 && applies(policy, problem.unit);
      if (shut || locked) return policy;
    }
  }
  return -1;
}

interface Mismatch {
  readonly selector: string;
  readonly nearest: { readonly kind: string; readonly name: string; readonly labels: string } | null;
}

/** A selector that no pod and no workload's pods would match, while the namespace has workloads it could have meant. */
export function selectorMismatch(service: number, inventory: Inventory): Mismatch | null {
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
    const sameName = inventory.ref(index).name === inventory.ref(service).name ? 0.5 : 0;
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
export function isOutside(service: number, inventory: Inventory): boolean {
  return inventory.exists(service) && inventory.selector(service) === null;
}

/** A named target port that no selected pod declares, or a number while the pods declare others. */
export function portMismatch(
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

export function list(fact: string | number | boolean | undefined): string[] {
  return fact === undefined || fact === '' ? [] : String(fact).split(',');
}
