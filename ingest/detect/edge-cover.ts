/** An edge of the call graph; `slow` where time is lost between the two ends. */
export interface MeasuredEdge {
  readonly caller: string;
  readonly callee: string;
  readonly slow: boolean;
}

export interface SlowEnd<Edge> {
  readonly node: string;
  readonly edges: readonly Edge[];
  /** Slow ones among all edges of the node that were measured. */
  readonly share: number;
}

/**
 * The fewest nodes that the slow edges have in common: delay in one thing's network shows on its calls to others and on others' calls to
 * it, and nowhere else. Greedy: the node with the most slow edges, weighed by their share of all its edges, explains them; then the
 * rest. Only a suspect, whose calls are slow taken together, can be one of them. A node whose other edges are as ever is the less likely end; of equal ones it is the callee.
 */
export function coverSlowEdges<Edge extends MeasuredEdge>(
  edges: readonly Edge[],
  suspects: ReadonlySet<string>,
): SlowEnd<Edge>[] {
  const measured = new Map<string, number>();
  for (const { caller, callee } of edges)
    for (const node of [caller, callee]) measured.set(node, (measured.get(node) ?? 0) + 1);
  let left = edges.filter(({ slow, caller, callee }) => slow && (suspects.has(caller) || suspects.has(callee)));
  const ends: SlowEnd<Edge>[] = [];
  while (left.length > 0) {
    const slow = new Map<string, { count: number; asCallee: number }>();
    for (const { caller, callee } of left) {
      for (const node of [caller, callee]) {
        if (!suspects.has(node)) continue;
        const known = slow.get(node) ?? { count: 0, asCallee: 0 };
        slow.set(node, { count: known.count + 1, asCallee: known.asCallee + Number(node === callee) });
      }
    }
    const weight = (node: string): number => slow.get(node)!.count ** 2 / measured.get(node)!;
    const [best] = [...slow.keys()].sort(
      (a, b) => weight(b) - weight(a) || slow.get(b)!.asCallee - slow.get(a)!.asCallee || (a < b ? -1 : a > b ? 1 : 0),
    ) as [string];
    const own = left.filter(({ caller, callee }) => caller === best || callee === best);
    ends.push({ node: best, edges: own, share: slow.get(best)!.count / measured.get(best)! });
    left = left.filter((edge) => !own.includes(edge));
  }
  return ends;
}
