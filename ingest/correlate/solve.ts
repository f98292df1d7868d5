/**
 * The solver of DESIGN.md section 6. Nodes are problems, all of them observed; edges say how surely one brings about another. Chosen is
 * the set C of least cost:
 *
 *   sum over c in C of  -log prior(c) + absence(c)
 *   + sum over symptoms e not in C of  -log(1 - (1 - leak) * product over p of (1 - strength(p, e)))
 *
 * where p are the direct causes of e that C reaches before e. This is the noisy-OR network of Pearl (Probabilistic Reasoning in
 * Intelligent Systems, 1988, 4.3.2) with every node seen: a long chain pays for each step once, not for its first step again at each
 * later one. The most probable explanation of a small area is found by trying them all; that of a large one by adding, dropping and
 * swapping causes until nothing improves. Ties go to the earlier problem.
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

/** The cost of an explanation. */
export function costOf(area: Area, links: Links, causes: readonly number[]): number {
  const { size } = area;
  const { outgoing } = links;
  /** Chance that e is there by none of what was reached so far. */
  const unexplained = new Float64Array(size).fill(1 - leak);
  const best = new Float64Array(size);
  const settled = new Uint8Array(size);
  const frontier: number[] = [];
  let cost = 0;
  let wanting = links.wanting;

  const settle = (at: number): void => {
    settled[at] = 1;
    if (area.wants[at]) wanting--;
    for (const { to, strength } of outgoing[at]!) {
      if (settled[to]) continue;
      unexplained[to]! *= 1 - strength;
      const reached = best[at]! * strength;
      if (best[to] === 0) frontier.push(to);
      if (reached > best[to]!) best[to] = reached;
    }
  };
  for (const cause of causes) {
    best[cause] = 1;
    cost += area.causeCost[cause]!;
  }
  for (const cause of causes) settle(cause);
  while (frontier.length > 0) {
    let pick = 0;
    for (let i = 1; i < frontier.length; i++) {
      const ahead = best[frontier[i]!]! - best[frontier[pick]!]!;
      if (ahead > 0 || (ahead === 0 && frontier[i]! < frontier[pick]!)) pick = i;
    }
    const at = frontier[pick]!;
    frontier[pick] = frontier.at(-1)!;
    frontier.pop();
    if (settled[at]) continue;
    if (area.wants[at]) cost -= Math.log(1 - unexplained[at]!);
    settle(at);
  }
  return cost - wanting * Math.log(leak);
}

/** The area's edges as the solver walks them. */
export interface Links {
  readonly outgoing: readonly (readonly AreaEdge[])[];
  readonly incoming: Int32Array;
  /** How many problems want an explanation. */
  readonly wanting: number;
}

export function linksOf(area: Area): Links {
  const outgoing: AreaEdge[][] = Array.from({ length: area.size }, () => []);
  const incoming = new Int32Array(area.size);
  for (const edge of area.edges) {
    outgoing[edge.from]!.push(edge);
    incoming[edge.to]!++;
  }
  return { outgoing, incoming, wanting: area.wants.reduce((sum, wants) => sum + wants, 0) };
}

/** Beyond this many, only the causes that reach most are tried: the rest could explain little. */
const maxTried = 48;

/** Up to this many open choices every combination is tried: 512 costs of some microseconds each. */
const maxExact = 9;

/** `banned` may not be a cause, `forced` has to be. */
export function solve(area: Area, chains: Closure, limits: { banned?: number; forced?: number } = {}): Solution {
  const { size, wants } = area;
  const links = linksOf(area);
  const worst = -Math.log(leak);
  const allowed: number[] = [];
  const chosenFirst = new Set<number>();
  for (let c = 0; c < size; c++) {
    if (area.causeCost[c] === Infinity || c === limits.banned) continue;
    // Nothing brings it about: it stands for itself, at its own price or at that of the unknown.
    if (wants[c] && links.incoming[c] === 0 && area.causeCost[c]! < worst) chosenFirst.add(c);
    else if (links.outgoing[c]!.length > 0 || links.incoming[c] === 0) allowed.push(c);
  }
  if (limits.forced !== undefined) chosenFirst.add(limits.forced);
  const tried = mostReaching(allowed, chains, size);
  const open = tried.filter((c) => !chosenFirst.has(c) && links.outgoing[c]!.length > 0);

  let chosen = [...chosenFirst].sort((a, b) => a - b);
  let cost = costOf(area, links, chosen);
  if (open.length <= maxExact) {
    const given = chosen;
    for (let subset = 1; subset < 1 << open.length; subset++) {
      const candidate = given.concat(open.filter((_, i) => subset & (1 << i)));
      const next = costOf(area, links, candidate);
      if (next >= cost - 1e-9) continue;
      chosen = candidate;
      cost = next;
    }
  }
  const rounds = open.length <= maxExact ? 0 : 2 * tried.length + 8;
  for (let round = 0; round < rounds; round++) {
    let bestCost = cost;
    let best: number[] | null = null;
    const consider = (candidate: number[]): void => {
      const next = costOf(area, links, candidate);
      if (next >= bestCost - 1e-9) return;
      bestCost = next;
      best = candidate;
    };
    for (const c of tried) if (!chosen.includes(c)) consider([...chosen, c]);
    for (const c of chosen) if (c !== limits.forced) consider(chosen.filter((other) => other !== c));
    if (best === null) {
      for (const out of chosen) {
        if (out === limits.forced || (chosenFirst.has(out) && links.outgoing[out]!.length === 0)) continue;
        for (const c of tried) if (!chosen.includes(c)) consider(chosen.map((other) => (other === out ? c : other)));
      }
    }
    if (best === null) break;
    chosen = best;
    cost = bestCost;
  }
  // What brings about nothing is its own cause only where that is cheaper than how it is explained.
  for (let c = 0; c < size; c++) {
    if (
      links.outgoing[c]!.length > 0 ||
      !wants[c] ||
      chosen.includes(c) ||
      c === limits.banned ||
      area.causeCost[c] === Infinity
    )
      continue;
    const next = costOf(area, links, [...chosen, c]);
    if (next < cost - 1e-9) {
      chosen = [...chosen, c];
      cost = next;
    }
  }
  return { causes: chosen.sort((a, b) => a - b), cost };
}

function mostReaching(allowed: readonly number[], { strength }: Closure, size: number): readonly number[] {
  if (allowed.length <= maxTried) return allowed;
  const reach = new Map<number, number>();
  for (const c of allowed) {
    let sum = 0;
    for (let e = 0; e < size; e++) sum += strength[c * size + e]!;
    reach.set(c, sum);
  }
  return [...allowed]
    .sort((a, b) => reach.get(b)! - reach.get(a)! || a - b)
    .slice(0, maxTried)
    .sort((a, b) => a - b);
}
