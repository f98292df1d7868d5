import type { CausalEdge, StoryEvent } from './queries.js';

export interface Step {
  /** As the graph names the edge: `<from> <to>`. */
  readonly id: string;
  readonly edge: CausalEdge;
  readonly from: StoryEvent;
  readonly to: StoryEvent;
}

/** Steps in the order in which one would tell them: away from the root cause first, each after the one that leads to it, then the rest by time. */
export function stepsFromRoot(
  edges: readonly CausalEdge[],
  events: ReadonlyMap<string, StoryEvent>,
  rootId: string | null,
): readonly Step[] {
  const from = new Map<string, CausalEdge[]>();
  for (const edge of edges) from.set(edge.from.id, [...(from.get(edge.from.id) ?? []), edge]);
  const told: Step[] = [];
  const reached = new Set<string>();
  const tell = (begin: string): void => {
    const waiting = [begin];
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      if (reached.has(id)) continue;
      reached.add(id);
      const next = (from.get(id) ?? []).flatMap((edge) => {
        const cause = events.get(edge.from.id);
        const effect = events.get(edge.to.id);
        return cause && effect ? [{ id: `${edge.from.id} ${edge.to.id}`, edge, from: cause, to: effect }] : [];
      });
      next.sort((a, b) =>
        a.to.timestamp < b.to.timestamp
          ? -1
          : a.to.timestamp > b.to.timestamp
            ? 1
            : b.edge.confidence - a.edge.confidence,
      );
      told.push(...next);
      waiting.push(...next.map(({ to }) => to.id));
    }
  };
  if (rootId !== null) tell(rootId);
  const byTime = [...events.values()].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  for (const { id } of byTime) tell(id);
  return told;
}
