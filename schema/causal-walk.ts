import { apiError } from '../src/api/errors.js';
import type { CausalEdgeRow, CausalGraph } from './causal-graph.js';
import type { ApiContext } from './context.js';
import type { CausalDirection } from './enums.js';
import type { EventRow } from './event.js';
import { causalEdge, type EdgeRow } from './loaders.js';

export const defaultChainDepth = 10;
export const maxChainDepth = 30;

/** Beyond these nobody reads a graph any more; what is left out is said with `truncated`. */
const maxNodes = 1_000;
const maxEdges = 5_000;

/** The whole story of one incident: its events by time, and the edges among them. */
export async function incidentGraph({ loaders }: ApiContext, incidentId: string): Promise<CausalGraph> {
  const [events, edges] = await Promise.all([
    loaders.incidentEvents.load({ incidentId, after: '', afterId: '', limit: maxNodes + 1 }),
    loaders.incidentEdges.load(incidentId),
  ]);
  const nodes = events.slice(0, maxNodes);
  const ids = new Set(nodes.map((event) => event.id));
  const among = edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to));
  return { nodes, edges: among.slice(0, maxEdges), truncated: events.length > maxNodes || among.length > maxEdges };
}

/**
 * Follows causal edges from an event, or from an incident: downstream from its root cause, upstream from all of its events, and then
 * only along its own edges. One statement for each step, so that cycles and diamonds cost nothing. Fails with NOT_FOUND.
 */
export async function causalChain(
  context: ApiContext,
  from: string,
  direction: CausalDirection,
  depth: number,
): Promise<CausalGraph> {
  if (depth < 0 || depth > maxChainDepth) throw apiError('BAD_USER_INPUT', `\`depth\` can be 0 to ${maxChainDepth}.`);
  const { loaders } = context;
  const [incident, event] = await Promise.all([loaders.incidents.load(from), loaders.events.load(from)]);
  if (!incident && !event) throw apiError('NOT_FOUND', 'No incident or event has this id.');

  const incidentId = incident ? from : null;
  const known = new Set<string>();
  const edges = new Map<string, CausalEdgeRow>();
  let truncated = false;
  const walk = async (start: readonly string[], upstream: boolean): Promise<void> => {
    const seen = new Set(start);
    let front = start;
    for (let step = 0; step < depth && front.length > 0 && !truncated; step += 1) {
      const statement = upstream ? 'read/event-causes' : 'read/event-effects';
      const rows = await context.graph.read<EdgeRow & Record<string, unknown>>(statement, {
        ids: front,
        incidentId,
        limit: maxEdges + 1,
      });
      for (const row of rows) edges.set(JSON.stringify([row.from, row.to, row.edge.rule]), causalEdge(row));
      const reached = new Set(rows.map((row) => (upstream ? row.from : row.to)));
      front = [...reached].filter((id) => !seen.has(id));
      for (const id of front) seen.add(id);
      truncated = edges.size > maxEdges || seen.size > maxNodes;
    }
    for (const id of seen) known.add(id);
  };
  if (direction !== 'CAUSES') await walk(incident ? await verdict(context, from) : [from], false);
  if (direction !== 'EFFECTS') await walk(incident ? await members(context, from) : [from], true);

  const loaded = await loaders.events.loadMany([...known].slice(0, maxNodes));
  const nodes = loaded.filter((node): node is EventRow => node !== null && !(node instanceof Error)).sort(byTime);
  const ids = new Set(nodes.map((node) => node.id));
  const among = [...edges.values()].filter((edge) => ids.has(edge.from) && ids.has(edge.to));
  return { nodes, edges: among.sort(surestFirst).slice(0, maxEdges), truncated };
}

async function verdict({ loaders }: ApiContext, incidentId: string): Promise<readonly string[]> {
  return (await loaders.rootCauses.load(incidentId)).slice(0, 1).map((cause) => cause.event.id);
}

async function members({ loaders }: ApiContext, incidentId: string): Promise<readonly string[]> {
  const key = { incidentId, after: '', afterId: '', limit: maxNodes };
  return (await loaders.incidentEvents.load(key)).map((event) => event.id);
}

function byTime(a: EventRow, b: EventRow): number {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.id < b.id) ? -1 : 1;
}

function surestFirst(a: CausalEdgeRow, b: CausalEdgeRow): number {
  return b.confidence - a.confidence || (a.from + a.to < b.from + b.to ? -1 : 1);
}
