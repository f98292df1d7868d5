import type { Category } from '../../src/model/categories.js';
import { entityRef, type EntityRef } from '../../src/model/entity.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';
import { lastingMs } from './callee.js';
import type { Inventory } from '../inventory.js';
import { representative, type Problem, type Problems } from '../problems.js';

type Say = (
  entity: EntityRef,
  category: Category,
  sinceMs: number,
  message: string,
  attributes: UnifiedEvent['semantic']['attributes'],
) => void;

/** What a part of the control plane leaves undone, and of whom it is told when several suffer from it alike. */
const undone: Readonly<
  Record<string, { readonly category: Category; readonly component: string; readonly does: string }>
> = {
  'scheduling.not-attempted': {
    category: 'scheduler.down',
    component: 'kube-scheduler',
    does: 'looks at none of the pods that wait to be placed',
  },
  'workload.not-reconciled': {
    category: 'controller-manager.down',
    component: 'kube-controller-manager',
    does: 'takes up no change of any workload',
  },
  'serviceaccount.token-rejected': {
    category: 'serviceaccount.token-rejected',
    component: 'kube-apiserver',
    does: 'accepts no token of the ServiceAccounts',
  },
};
/** One alone may have a reason of its own. */
const leastSufferers = 2;

/** What waits for the API server or etcd whoever it is of. */
const waitsForApi =
  /^(?:node\.(?:lease-expired|not-ready)|controller\.leadership-lost|workload\.not-reconciled|object\.(?:not-reconciled|finalizer-stuck)|scheduling\.not-attempted|apiservice\.unavailable|scheduler\.down|controller-manager\.down)$/;
const troubleOfApi = /^(?:etcd\.|apiserver\.|tls\.certificate-)/;

/** The Service by which everybody in the cluster calls the API server. */
export function isApiService({ kind, namespace, name }: EntityRef): boolean {
  return kind === 'Service' && namespace === 'default' && name === 'kubernetes';
}

/**
 * The control plane as what others miss of it: nobody reports of a scheduler that does not run but the pods that wait, all of them at
 * once. Relates the parts that are in trouble to who suffers.
 */
export function deriveControlPlane(
  cluster: string,
  {
    inventory,
    problems,
    say,
    nowMs,
  }: { readonly inventory: Inventory; readonly problems: Problems; readonly say: Say; readonly nowMs: number },
): void {
  const sufferers = new Map<string, Problem[]>();
  const waiting: Problem[] = [];
  const troubled = new Set<number>();
  /** Where somebody says so himself: a unit of a node, a lease. */
  const reported = new Map<Category, Set<number>>();
  const emptied: number[] = [];
  for (const problem of problems.all()) {
    const { category } = problem;
    if (category === 'change.deleted') {
      if (inventory.ref(problem.unit).kind === 'Namespace') emptied.push(problem.unit);
      continue;
    }
    const ofPart = inventory.ref(problem.unit).kind === 'ControlPlane';
    if (ofPart && troubleOfApi.test(category)) troubled.add(problem.unit);
    if (/^(?:scheduler|controller-manager)\.down$/.test(category) && problems.isActive(problem, nowMs))
      reported.set(category, (reported.get(category) ?? new Set<number>()).add(problem.unit));
    if (!(category in undone) && !waitsForApi.test(category)) continue;
    if (!problems.isActive(problem, nowMs)) continue;
    if (waitsForApi.test(category)) waiting.push(problem);
    if (category in undone && !ofPart) sufferers.set(category, [...(sufferers.get(category) ?? []), problem]);
  }

  for (const [category, list] of sufferers) {
    const { category: told, component, does } = undone[category]!;
    const own =
      category === 'scheduling.not-attempted'
        ? list.filter(({ attributes }) => attributes.get('scheduler')?.has('default-scheduler'))
        : list;
    const part = inventory.intern(entityRef(cluster, 'ControlPlane', null, component));
    const elsewhere = [...(reported.get(told) ?? [])].filter((unit) => unit !== part);
    for (const reporter of elsewhere) for (const { unit } of own) inventory.relate('LIMITS', reporter, unit, nowMs);
    const seen = own.reduce((sum, { entities }) => sum + entities.size, 0);
    if (elsewhere.length > 0 || seen < leastSufferers) continue;
    for (const { unit } of own) if (unit !== part) inventory.relate('LIMITS', part, unit, nowMs);
    const sinceMs = own.reduce((first, { firstMs }) => Math.min(first, firstMs), Infinity);
    const example = representative(own[0]!).semantic.message;
    say(inventory.ref(part), told, sinceMs, `${component} ${does}: ${example}`, { component, sufferers: seen });
  }
  for (const part of troubled)
    for (const { unit } of waiting) if (unit !== part) inventory.relate('LIMITS', part, unit, nowMs);
  for (const space of emptied) {
    const { name } = inventory.ref(space);
    for (const kind of ['Service', 'Deployment', 'StatefulSet', 'DaemonSet'])
      for (const thing of inventory.inNamespace(cluster, name, kind)) inventory.relate('LIMITS', space, thing, nowMs);
  }
}

/** Calls to the API server that nobody answers, for longer than a moment or from several sides. */
export function sayApiDown(
  problem: Problem,
  callers: ReadonlySet<number>,
  { inventory, say }: { readonly inventory: Inventory; readonly say: Say },
): void {
  if (problem.lastMs - problem.firstMs < lastingMs && callers.size < leastSufferers) return;
  const { cluster } = inventory.ref(problem.unit);
  const caller = inventory.ref(problem.unit);
  say(
    entityRef(cluster, 'ControlPlane', null, 'kube-apiserver'),
    'apiserver.down',
    problem.firstMs,
    `The API server does not answer ${caller.kind} ${caller.name}${callers.size > 1 ? ` and ${callers.size - 1} more` : ''}: ${representative(problem).semantic.message}`,
    { callers: callers.size },
  );
}
