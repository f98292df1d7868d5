import type { Category } from '../../src/model/categories.js';
import { entityRef } from '../../src/model/entity.js';
import type { Inventory } from '../inventory.js';
import type { Say } from './deriving.js';
import { representative, type Problem, type Problems } from '../problems.js';

/** What a registry does to all who pull from it; an image that is missing there is the matter of who asks for it. */
const ofRegistry = new Set<Category>(['image.registry-unreachable', 'image.rate-limited']);

/** Pulls of several workloads that one registry fails in the same way: the registry's story, and not one for each workload. */
export function deriveRegistries(
  cluster: string,
  inventory: Inventory,
  problems: Problems,
  nowMs: number,
  say: Say,
): void {
  const failing = new Map<string, Problem[]>();
  for (const problem of problems.all()) {
    if (!ofRegistry.has(problem.category) || inventory.ref(problem.unit).kind === 'Registry') continue;
    if (!problems.isActive(problem, nowMs)) continue;
    for (const registry of problem.attributes.get('registry') ?? []) {
      const key = `${problem.category} ${registry}`;
      failing.set(key, [...(failing.get(key) ?? []), problem]);
    }
  }
  for (const [key, all] of failing) {
    if (new Set(all.map(({ unit }) => unit)).size < 2) continue;
    const registry = key.slice(key.indexOf(' ') + 1);
    const first = all.reduce((a, b) => (b.firstMs < a.firstMs ? b : a));
    const { category } = first;
    const what =
      category === 'image.rate-limited'
        ? 'limits the rate of pulls of this cluster'
        : 'cannot be reached from this cluster';
    const { attributes } = representative(first).semantic;
    say(
      entityRef(cluster, 'Registry', null, registry),
      category,
      first.firstMs,
      `Registry ${registry} ${what}; ${all.length} workloads wait for images: ${String(attributes.error ?? '')}`,
      { registry, workloads: all.length },
    );
  }
}
