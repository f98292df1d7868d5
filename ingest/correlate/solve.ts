/**
 * The solver of DESIGN.md section 6. Nodes are problems; `strength[c][e]` is P(e | c) along the best chain of rules. Chosen is the set C
 * of least cost:
 *
 *   sum over c in C of  -log prior(c) + absence(c)
 *   + sum over symptoms e not in C of  -log(1 - (1 - leak) * product over c in C of (1 - strength(c, e)))
 *
 * which is the noisy-OR network of Pearl (Probabilistic Reasoning in Intelligent Systems, 1988, 4.3.2) with the most probable explanation
 * looked for by adding, dropping and swapping causes until nothing improves. Ties go to the earlier problem.
 */
export interface Area {
  readonly size: number;
  /** -log prior plus what the cause makes us expect and is absent; Infinity: cannot be a cause. */
  readonly causeCost: Float64Array;
  /** 1 where the problem wants an explanation (everything but changes). */
  readonly wants: Uint8Array;
  /** Direct edges. */
  readonly edges: readonly AreaEdge[];
}

export interface AreaEdge {
  readonly from: number;
  readonly to: number;
  readonly strength: number;
}

export interface Solution {
  /** Ascending. */
  readonly causes: readonly number[];
  readonly cost: number;
}

/** P(symptom | nothing known): about as unlikely as the least likely symptom being its own cause. */
export const leak = 0.001;

export interface Closure {
  /** strength[c * size + e]; 0 where no chain leads. */
  readonly strength: Float64Array;
  /** Index into area.edges of the last edge of the best chain from c to e; -1 where there is none. */
  readonly lastEdge: Int32Array;
}

/** Best chains from every node, by Dijkstra over -log strength. */
export function closure(area: Area): Closure {
  const { size, edges } = area;
  const strength = new Float64Array(size * size);
  const lastEdge = new Int32Array(size * size).fill(-1);
  const outgoing: number[][] = Array.from({ length: size }, () => []);
  edges.forEach(({ from }, i) => outgoing[from]!.push(i));
  const done = new Uint8Array(size);
  for (let source = 0; source < size; source++) {
    if (outgoing[source]!.length === 0 || area.causeCost[source] === Infinity) continue;
    done.fill(0);
    const base = source * size;
    const frontier = [source];
    while (frontier.length > 0) {
      let pick = 0;
      for (let i = 1; i < frontier.length; i++) if (value(frontier[i]!) > value(frontier[pick]!)) pick = i;
      const at = frontier[pick]!;
      frontier[pick] = frontier.at(-1)!;
      frontier.pop();
      if (done[at]) continue;
      done[at] = 1;
      const soFar = at === source ? 1 : strength[base + at]!;
      for (const edgeIndex of outgoing[at]!) {
        const edge = edges[edgeIndex]!;
        if (edge.to === source || done[edge.to]) continue;
        const reached = soFar * edge.strength;
        if (reached <= strength[base + edge.to]!) continue;
        strength[base + edge.to] = reached;
        lastEdge[base + edge.to] = edgeIndex;
        frontier.push(edge.to);
      }
    }
    function value(node: number): number {
      return node === source ? 1 : strength[base + node]!;
    }
  }
  return { strength, lastEdge };
}

export function costOf(area: Area, { strength }: Closure, causes: readonly number[]): number {
  const { size } = area;
  let cost = 0;
  const isCause = new Uint8Array(size);
  for (const cause of causes) {
    cost += area.causeCost[cause]!;
    isCause[cause] = 1;
  }
  for (let e = 0; e < size; e++) {
    if (isCause[e] || !area.wants[e]) continue;
    let unexplained = 1 - leak;
    for (const cause of causes) unexplained *= 1 - strength[cause * size + e]!;
    cost -= Math.log(1 - unexplained);
  }
  return cost;
}

/** `banned` may not be a cause, `forced` has to be. */
export function solve(area: Area, chains: Closure, limits: { banned?: number; forced?: number } = {}): Solution {
  const { size } = area;
  const allowed: number[] = [];
  for (let c = 0; c < size; c++) if (area.causeCost[c] !== Infinity && c !== limits.banned) allowed.push(c);
  let chosen: number[] = limits.forced === undefined ? [] : [limits.forced];
  let cost = costOf(area, chains, chosen);
  const better = (next: number): boolean => next < cost - 1e-9;

  for (let round = 0; round < 4 * size + 8; round++) {
    let bestCost = cost;
    let best: number[] | null = null;
    const consider = (candidate: number[]): void => {
      const next = costOf(area, chains, candidate);
      if (better(next) && next < bestCost - 1e-9) {
        bestCost = next;
        best = candidate;
      }
    };
    for (const c of allowed) if (!chosen.includes(c)) consider([...chosen, c]);
    for (const c of chosen) if (c !== limits.forced) consider(chosen.filter((other) => other !== c));
    if (best === null) {
      for (const out of chosen) {
        if (out === limits.forced) continue;
        for (const c of allowed) if (!chosen.includes(c)) consider(chosen.map((other) => (other === out ? c : other)));
      }
    }
    if (best === null) break;
    chosen = best;
    cost = bestCost;
  }
  return { causes: chosen.sort((a, b) => a - b), cost };
}
