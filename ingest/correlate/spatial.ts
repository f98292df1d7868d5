import type { Inventory } from '../inventory.js';
import type { Problem } from '../problems.js';
import type { LinkRule } from '../rules/rule.js';

export interface SpatialScore {
  /** Unit where the cause would be. */
  readonly unit: number;
  readonly score: number;
  /** The things on the way, for the wording. */
  readonly via: readonly number[];
}

/** Each relation on the way leaves a little more room for something else. */
const perHop = 0.98;

const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** A call to a port that the Service does not have says nothing of what is behind it, unless the rule is about just that. */
function aboutPorts({ effect }: LinkRule): boolean {
  return effect.where.some(({ attribute }) => attribute === 'wrongPort');
}

/** Every unit that the rule's path reaches from the effect, over relations that hold now. */
export function spatial(effect: Problem, rule: LinkRule, inventory: Inventory): SpatialScore[] {
  const { start, startKind, steps } = rule.path;
  let left = steps;
  let reached: SpatialScore[];
  if (start === 'unit') reached = [{ unit: effect.unit, score: 1, via: [] }];
  else if (effect.target === -1 || (effect.wrongPort && !aboutPorts(rule))) return [];
  else {
    const { target } = effect;
    const itself = startKind === 'Service' && steps[0]?.type === 'SELECTS' && workloads.has(inventory.ref(target).kind);
    if (startKind !== null && inventory.ref(target).kind !== startKind && !itself) return [];
    reached = [{ unit: target, score: perHop, via: [] }];
    // A callee that is known by its workload alone stands where its Service would select it.
    if (itself) left = steps.slice(1);
  }
  for (const { type, direction, kind } of left) {
    const next = new Map<number, SpatialScore>();
    for (const { unit, score, via } of reached) {
      const neighbours = direction === 'out' ? inventory.unitsOut(unit, type) : inventory.unitsInto(unit, type);
      for (const neighbour of neighbours) {
        if (kind !== null && inventory.ref(neighbour).kind !== kind) continue;
        if (!next.has(neighbour)) next.set(neighbour, { unit: neighbour, score: score * perHop, via: [...via, unit] });
      }
    }
    reached = [...next.values()];
  }
  return reached;
}
