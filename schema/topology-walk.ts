import { apiError } from '../src/api/errors.js';
import { now } from '../src/model/time.js';
import type { ApiContext } from './context.js';
import { entityFromId } from './entity.js';
import type { Topology, TopologyRelation } from './topology.js';

export const maxTopologyDepth = 6;

const maxNodes = 1_000;
const maxRelations = 5_000;

/** Everything within `depth` relations of an entity at one time, one statement for each step. Fails with NOT_FOUND. */
export async function neighbourhood(
  { graph, loaders }: ApiContext,
  id: string,
  depth: number,
  asOf: string | null | undefined,
): Promise<Topology> {
  if (depth < 0 || depth > maxTopologyDepth)
    throw apiError('BAD_USER_INPUT', `\`depth\` can be 0 to ${maxTopologyDepth}.`);
  const root = await loaders.entities.load(id);
  if (!root) throw apiError('NOT_FOUND', 'No entity has this id.');

  const at = asOf ?? now();
  const seen = new Set([id]);
  const relations = new Map<string, TopologyRelation>();
  let front: readonly string[] = [id];
  let truncated = false;
  for (let step = 0; step < depth && front.length > 0 && !truncated; step += 1) {
    const rows = await graph.read<TopologyRelation & Record<string, unknown>>('read/entity-relations', {
      ids: front,
      at,
      limit: maxRelations + 1,
    });
    for (const row of rows) relations.set(JSON.stringify([row.type, row.from, row.to, row.validFrom]), row);
    front = [...new Set(rows.flatMap((row) => [row.from, row.to]))].filter((end) => !seen.has(end));
    for (const end of front) seen.add(end);
    truncated = relations.size > maxRelations || seen.size > maxNodes;
  }

  const ids = [...seen].slice(0, maxNodes).sort();
  const kept = new Set(ids);
  const nodes = await Promise.all(ids.map(async (node) => (await loaders.entities.load(node)) ?? entityFromId(node)));
  const among = [...relations.values()].filter((relation) => kept.has(relation.from) && kept.has(relation.to));
  return { root, nodes, relations: among.slice(0, maxRelations), truncated };
}
