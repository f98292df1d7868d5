/** `changes.json`, as far as it is read. Times are epoch seconds. */
export interface Changes {
  readonly plan: Readonly<Record<string, { readonly process: Readonly<Record<string, Process>> }>>;
  readonly before_change_pods: readonly string[];
  readonly detect_timestamp: number;
}

interface Process {
  readonly v1: number;
  readonly v2: number;
  readonly release_pod: readonly string[];
  readonly delete_pod: readonly string[];
  readonly release_complete_timestamp?: number;
}

export interface Rollout {
  readonly service: string;
  /** In order; the first has begun. */
  readonly steps: readonly Step[];
}

export interface Step {
  readonly startSecond: number;
  readonly completeSecond: number;
  readonly old: number;
  readonly new: number;
  readonly releasedPods: readonly string[];
  readonly deletedPods: readonly string[];
}

/** A step takes about a minute; one that seems to take longer had to wait for somebody. */
const longestStepSeconds = 120;

/**
 * The rollouts that had begun by a second, with the steps that had. Steps are listed by the time they were planned for; they follow
 * each other by the number of new replicas, and none begins before the one ahead of it is complete.
 */
export function rolloutsOf({ plan }: Changes, untilSecond: number): Rollout[] {
  const rollouts: Rollout[] = [];
  for (const [service, { process }] of Object.entries(plan)) {
    const steps: Step[] = [];
    let readySecond = -Infinity;
    for (const [planned, step] of Object.entries(process).sort(([, a], [, b]) => a.v2 - b.v2)) {
      const completeSecond = step.release_complete_timestamp ?? Infinity;
      const waited = Number.isFinite(completeSecond) ? completeSecond - longestStepSeconds : -Infinity;
      const startSecond = Math.max(Number(planned), readySecond, waited);
      readySecond = completeSecond;
      if (startSecond > untilSecond) break;
      steps.push({
        startSecond,
        completeSecond: readySecond,
        old: step.v1,
        new: step.v2,
        releasedPods: step.release_pod,
        deletedPods: step.delete_pod,
      });
    }
    if (steps.length > 0) rollouts.push({ service, steps });
  }
  return rollouts;
}
