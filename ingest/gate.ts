import { categoryInfo } from '../src/model/categories.js';
import { entityRef } from '../src/model/entity.js';
import { toEpochMs } from '../src/model/time.js';
import type { Inventory } from './inventory.js';
import type { Story } from './correlate/story.js';
import type { Problem, Problems } from './problems.js';

/** When a story is worth a person's attention: not before it has settled, and not while a planned change explains it. */
export interface Gate {
  ripe(story: Story, nowMs: number): boolean;
}

/** A condition may be gone a moment later (a pod made before its ConfigMap, a scheduler's first try). Kernel facts are final. */
const settleMs = { certain: 0, conclusive: 5_000, other: 12_000 };
/** How long a rollout, a deletion or a scaling may make its own workload and its callers stumble; then it is a failed one. */
const disruptionMs = 45_000;

/** Categories that a planned change brings about by itself, for a moment. */
const soft =
  /^(pod\.(not-ready|pending|deleted)|workload\.unavailable|service\.no-ready-endpoints|probe\.(readiness|startup)-failed|container\.(restarted|terminated|completed-early)|process\.killed|call\.(refused|timeout|reset|failed|unreachable)|dns\.failed|scheduling\.failed|node\.cordoned)$/;
const certain = new Set([
  'container.oom-killed',
  'process.oom-killed',
  'node.not-ready',
  'container.crash-loop',
  'job.backoff-limit-exceeded',
  'job.deadline-exceeded',
]);
/** An occurrence this recent still goes on: bursts are told every five seconds. */
const goingOnMs = 6_000;
const isChange = (problem: Problem): boolean => problem.category.startsWith('change.');

export function createGate(parts: {
  readonly inventory: Inventory;
  readonly problems: Problems;
  readonly minEvents: number;
}): Gate {
  const { inventory, problems } = parts;

  /** The newest planned change on a unit, or on what a Service selects: when it began, or -Infinity. */
  const lastChange = (unit: number, nowMs: number): number => {
    let latest = -Infinity;
    const look = (at: number): void => {
      for (const problem of problems.on(at)) {
        if ((isChange(problem) || problem.category === 'pod.deleted') && problem.lastMs <= nowMs)
          latest = Math.max(latest, problem.lastMs);
      }
    };
    look(unit);
    if (inventory.ref(unit).kind === 'Service')
      for (const selected of inventory.unitsOut(unit, 'SELECTS')) look(selected);
    else for (const used of [...inventory.unitsOut(unit, 'USES')]) look(used);
    return latest;
  };

  /** Its namespace says that work is going on there (`throughline.io/maintenance`), and until when. */
  const inMaintenance = (unit: number, nowMs: number): boolean => {
    const { cluster, namespace } = inventory.ref(unit);
    if (namespace === null) return false;
    const space = inventory.indexOf(entityRef(cluster, 'Namespace', null, namespace).id);
    const until = space === -1 ? undefined : inventory.facts(space).maintenanceUntil;
    return until !== undefined && nowMs < toEpochMs(String(until));
  };

  /** When a planned change began that may have brought this about by itself, or -Infinity. A call is excused by its callee only. */
  const excuse = (problem: Problem, nowMs: number): number => {
    if (!soft.test(problem.category) || problem.wrongPort) return -Infinity;
    if (!/^(call|dns)\./.test(problem.category)) return lastChange(problem.unit, nowMs);
    return problem.target === -1 ? -Infinity : lastChange(problem.target, nowMs);
  };

  return {
    ripe(story, nowMs) {
      const faults = story.members.filter((problem) => !isChange(problem));
      const active = faults.filter((problem) => problems.isActive(problem, nowMs));
      const firstMs = faults.reduce((first, problem) => Math.min(first, problem.firstMs), Infinity);
      if (active.length === 0) return false;
      // A node that is emptied and taken away harms nobody by itself.
      if (faults.every(({ category }) => category === 'node.cordoned' || category === 'node.removed')) return false;
      if (faults.every(({ unit }) => inMaintenance(unit, nowMs))) return false;
      if (certain.has(story.root.category)) return true;

      // Planned: whatever begins this story among the faults is of the kind that a planned change brings about, and there was one.
      const explained = new Set(story.edges.filter(({ cause }) => !isChange(cause)).map(({ effect }) => effect));
      const changedMs = faults
        .filter((problem) => !explained.has(problem))
        .reduce((latest, problem) => Math.max(latest, excuse(problem, nowMs)), -Infinity);
      const excused = faults.every((problem) => explained.has(problem) || excuse(problem, nowMs) > -Infinity);
      if (excused && changedMs > firstMs - disruptionMs && nowMs < changedMs + disruptionMs) return false;

      // A change is as conclusive as the fault that it led to.
      const told = isChange(story.root) ? faults : [story.root];
      const conclusive = told.some(({ category }) => categoryInfo(category).conclusive);
      if (nowMs - firstMs < (conclusive ? settleMs.conclusive : settleMs.other)) return false;
      // What was measured over an interval went on for that long: it is no lone event.
      const seen = faults.reduce((sum, { count, intervalMs }) => sum + count + Number(intervalMs > 0), 0);
      // Over already, if for a moment only: a restart that went well is not worth a person's time.
      const lasting = faults.some(
        (problem) =>
          problem.open.size > 0 ||
          (problem.occurredMs - problem.firstMs + problem.intervalMs >= 3_000 &&
            nowMs - problem.occurredMs <= goingOnMs + problem.intervalMs),
      );
      return conclusive || (seen >= parts.minEvents && lasting);
    },
  };
}
