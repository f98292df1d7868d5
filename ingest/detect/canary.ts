/**
 * The comparison that a canary is made for: pods of an earlier and of a later template answer the same callers at the same time. When
 * only the later ones fail, what was rolled out is at fault; when only the earlier ones do, it is not. What both suffer alike (a dependency,
 * more traffic) cancels out: a difference in differences, with the callers held fixed.
 */
export interface Canary {
  /** One pod's newest measurement on one edge. Null while there is nothing to compare, or both fail. */
  note(edge: string, pod: string, atMs: number, failing: boolean): 'new' | 'old' | null;
}

interface Edge {
  /** When each template was first seen to answer. */
  readonly templates: Map<string, number>;
  readonly pods: Map<string, { readonly template: string; readonly atMs: number; readonly failing: boolean }>;
}

/** Measurements of one interval arrive within this of each other. */
const sameTimeMs = 90_000;
const maxEdges = 20_000;
const maxTemplates = 8;

export function createCanary(): Canary {
  const edges = new Map<string, Edge>();

  return {
    note(name, pod, atMs, failing) {
      let edge = edges.get(name);
      if (edge) edges.delete(name);
      else edge = { templates: new Map(), pods: new Map() };
      edges.set(name, edge);
      if (edges.size > maxEdges) edges.delete(edges.keys().next().value!);
      const { templates, pods } = edge;
      const template = templateOf(pod);
      if (!templates.has(template)) templates.set(template, atMs);
      if (templates.size > maxTemplates) templates.delete(templates.keys().next().value!);
      pods.set(pod, { template, atMs, failing });

      let newest = template;
      for (const [other, sinceMs] of templates) if (sinceMs > templates.get(newest)!) newest = other;
      const seen = { new: 0, old: 0 };
      const bad = { new: 0, old: 0 };
      for (const [other, last] of pods) {
        if (atMs - last.atMs > sameTimeMs) {
          pods.delete(other);
          continue;
        }
        const group = last.template === newest ? 'new' : 'old';
        seen[group] += 1;
        bad[group] += Number(last.failing);
      }
      if (seen.new === 0 || seen.old === 0) return null;
      if (bad.new > 0 && bad.old === 0) return 'new';
      return bad.old > 0 && bad.new === 0 ? 'old' : null;
    },
  };
}

/** A pod's name without its own suffix is that of its ReplicaSet. */
function templateOf(pod: string): string {
  return pod.replace(/-[a-z0-9]+$/, '');
}
