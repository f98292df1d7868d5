import { changeOf } from './callee.js';
import type { Inventory } from '../inventory.js';
import type { Problem, Problems } from '../problems.js';

/** Taken out of use: what was on such a node wants a place on the others. */
const lost = /^node\.(?:removed|not-ready|shutdown)$/;
/** Room that is missing may be that of a node that went. */
const roomless = /^scheduling\.(?:insufficient-resources|too-many-pods)$/;
const tainted = /^scheduling\.(?:node-unschedulable|untolerated-taint)$/;

/**
 * Which nodes keep a pod from being placed: those that take none or were given a taint lately, and for want of room those that are gone.
 * Relates them to who waits.
 */
export function holdBack(
  unplaced: readonly Problem[],
  {
    inventory,
    problems,
    nowMs,
  }: { readonly inventory: Inventory; readonly problems: Problems; readonly nowMs: number },
): void {
  if (!unplaced.some(({ category }) => tainted.test(category) || roomless.test(category))) return;
  const gone = [...problems.all()].filter(({ category }) => lost.test(category));
  for (const waiting of unplaced) {
    if (tainted.test(waiting.category)) byNodes(waiting);
    if (roomless.test(waiting.category))
      for (const { unit } of gone) inventory.relate('LIMITS', unit, waiting.unit, nowMs);
  }

  function byNodes({ unit, attributes }: Problem): void {
    const { cluster } = inventory.ref(unit);
    /** Where the pod asks for certain nodes, only these matter to it. */
    const suitable = [...(attributes.get('cordoned') ?? [])].flatMap((names) => names.split(','));
    for (const node of inventory.inNamespace(cluster, null, 'Node')) {
      if (suitable.length > 0 && !suitable.includes(inventory.ref(node).name)) continue;
      const cordoned = problems
        .on(node)
        .some((other) => other.category === 'node.cordoned' && problems.isActive(other, nowMs));
      if (cordoned || changeOf(node, /spec\.taints/, problems, nowMs)) inventory.relate('LIMITS', node, unit, nowMs);
    }
  }
}
