import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiFailure, ask } from './ask.js';
import { topology, type Topology, type TopologyAnswer, type TopologyRelation } from './queries.js';

export interface TopologiesOptions {
  readonly entity: string;
  readonly depth: number;
  /** The moment looked at. */
  readonly at: string;
  /** Moments that are asked for at once. */
  readonly moments: readonly string[];
}

export interface Topologies {
  /** At the moment, or at the one before while that of the moment is asked for. */
  readonly now: Topology | null;
  /** Whatever was there at any moment that was asked for. */
  readonly union: Topology['nodes'];
  readonly unionRelations: readonly TopologyRelation[];
  readonly failure: ApiFailure | null;
  readonly again: () => void;
}

/** A hand that moves asks once it rests this long. */
const restMs = 120;

/** Topologies of one thing at many moments, each asked for once. */
export function useTopologies({ entity, depth, at, moments }: TopologiesOptions): Topologies {
  const [known, setKnown] = useState<ReadonlyMap<string, Topology>>(new Map());
  const [now, setNow] = useState<{ readonly key: string; readonly topology: Topology } | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [attempt, setAttempt] = useState(0);
  const area = `${entity} ${depth}`;

  useEffect(() => {
    let left = false;
    const load = async (asOf: string, current: boolean): Promise<void> => {
      const key = `${area} ${asOf}`;
      try {
        const answer = known.get(key) ?? (await ask<TopologyAnswer>(topology, { entity, depth, asOf })).topology;
        if (left) return;
        setKnown((before) => (before.has(key) ? before : new Map([...before, [key, answer]])));
        if (current) setNow({ key, topology: answer });
        setFailure(null);
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        if (!left && current) setFailure(error);
      }
    };
    const first = now === null || !now.key.startsWith(`${area} `);
    if (first) for (const moment of moments) void load(moment, false);
    const timer = setTimeout(() => void load(at, true), first || known.has(`${area} ${at}`) ? 0 : restMs);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [area, at, attempt]);

  const union = useMemo(() => {
    const nodes = new Map<string, Topology['nodes'][number]>();
    const relations = new Map<string, TopologyRelation>();
    for (const [key, answer] of known) {
      if (!key.startsWith(`${area} `)) continue;
      for (const node of answer.nodes) nodes.set(node.id, node);
      for (const relation of answer.relations)
        relations.set(`${relation.type} ${relation.from} ${relation.to}`, relation);
    }
    return { nodes: [...nodes.values()], relations: [...relations.values()] };
  }, [known, area]);
  return {
    now: now?.topology ?? null,
    union: union.nodes,
    unionRelations: union.relations,
    failure,
    again: () => setAttempt((count) => count + 1),
  };
}
