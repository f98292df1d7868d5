import { entityId } from '../../src/model/entity.js';
import type { Inventory } from '../inventory.js';
import type { Problem } from '../problems.js';
import type { LinkRule, Step } from '../rules/rule.js';

export interface SpatialScore {
  /** Unit where the cause would be. */
  readonly unit: number;
  readonly score: number;
  /** The things on the way, for the wording. */
  readonly via: readonly number[];
}

/** Each relation on the way leaves a little more room for something else. */
const perHop = 0.98;

/** A call to a port that the Service does not have says nothing of what is behind it, unless the rule is about just that. */
function aboutPorts({ effect }: LinkRule): boolean {
  return effect.where.some(({ attribute }) => attribute === 'wrongPort');
}

/** Every unit that the rule's path reaches from the effect, over relations that hold now. */
export function spatial(effect: Problem, rule: LinkRule, inventory: Inventory): SpatialScore[] {
  const { start, startKind, steps } = rule.path;
  let reached: SpatialScore[];
  if (start === 'unit') reached = [{ unit: effect.unit, score: 1, via: [] }];
  else if (start === 'namespace') return namespaceOf(effect.unit, inventory);
  else if (effect.target === -1 || (effect.wrongPort && !aboutPorts(rule))) return [];
  else if (startKind !== null && !stands(effect.target, startKind, steps[0], inventory)) return [];
  else reached = [{ unit: effect.target, score: perHop, via: [] }];
  steps.forEach((step, i) => {
    const next = new Map<number, SpatialScore>();
    for (const { unit, score, via } of reached) {
      for (const neighbour of neighbours(unit, step, inventory)) {
        if (step.kind !== null && neighbour !== unit && !stands(neighbour, step.kind, steps[i + 1], inventory))
          continue;
        if (!next.has(neighbour)) next.set(neighbour, { unit: neighbour, score: score * perHop, via: [...via, unit] });
      }
    }
    reached = [...next.values()];
  });
  return reached;
}

function namespaceOf(unit: number, inventory: Inventory): SpatialScore[] {
  const { cluster, namespace } = inventory.ref(unit);
  const found = namespace === null ? -1 : inventory.indexOf(entityId(cluster, 'Namespace', null, namespace));
  return found === -1 ? [] : [{ unit: found, score: perHop, via: [] }];
}

const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** A callee that is known by its workload alone stands for the Service in front of it, where the path goes on to what that selects. */
function stands(unit: number, wanted: string, next: Step | undefined, inventory: Inventory): boolean {
  const { kind } = inventory.ref(unit);
  return kind === wanted || (wanted === 'Service' && next?.type === 'SELECTS' && workloads.has(kind));
}

function neighbours(unit: number, { type, direction }: Step, inventory: Inventory): readonly number[] {
  const next = direction === 'out' ? inventory.unitsOut(unit, type) : inventory.unitsInto(unit, type);
  // Without a Service in front of it a workload is its own.
  return type === 'SELECTS' && next.length === 0 && workloads.has(inventory.ref(unit).kind) ? [unit] : next;
}
