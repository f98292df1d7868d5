import { entityRefOfId, type EntityRef } from '../../src/model/entity.js';
import type { EventFinding, Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import { toEpochMs } from '../../src/model/time.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';
import { noContext } from './context.js';
import { eventFrom } from './draft.js';

/**
 * Batch work that saturates what others share shows only over its runs: each time it starts, somebody becomes slow. Remembers when the
 * Jobs of each CronJob began and when each thing became slow, for as long as {@link maxRemembered} of them; event time alone.
 */
export interface PeriodicLoad {
  /** What follows from findings that have just been made, told once for each episode. */
  note(found: readonly Finding[]): EventFinding[];
}

const slow = new Set<string>([
  'app.slow',
  'call.slow',
  'call.timeout',
  'node.cpu-saturated',
  'node.disk-slow',
  'db.lock-contention',
]);
/** So soon after its start a run has its effect. */
const effectMs = 3 * 60_000;
/** Runs closer than this are always about, whenever something becomes slow. */
const seldomMs = 5 * effectMs;
/** Slowness that comes back within this is the same episode. */
const episodeGapMs = 5 * 60_000;
/** Twice may be chance. */
const leastEpisodes = 3;
/** So many of its runs have to have had the effect. */
const leastShare = 0.75;
const maxRemembered = 16;
const maxThings = 2_000;

export function createPeriodicLoad(): PeriodicLoad {
  /** Start times by CronJob id, oldest first. */
  const runs = new Map<string, number[]>();
  /** By thing: when it became slow, and when it was last said to be. */
  const episodes = new Map<string, { readonly starts: number[]; lastMs: number }>();

  function started(finding: Finding & { readonly kind: 'entity' }): void {
    const { entity, createdAt, relations, deleted } = finding;
    const owner = relations.find(
      ({ type, to, from }) => type === 'OWNS' && to === entity.id && from.includes('/CronJob/'),
    )?.from;
    if (owner === undefined || createdAt === null || deleted) return;
    const startMs = toEpochMs(createdAt);
    const known = runs.get(owner) ?? [];
    if (known.includes(startMs)) return;
    remember(runs, owner, [...known, startMs].sort((a, b) => a - b).slice(-maxRemembered));
  }

  function becameSlow({ event }: EventFinding): EventFinding[] {
    const { entity, lastSeen, firstSeen, k8sContext } = event;
    const atMs = toEpochMs(lastSeen);
    // Its pods are made anew from run to run.
    const thing = k8sContext.workload === null ? entity.id : `${entity.namespace ?? ''}/${k8sContext.workload}`;
    const known = episodes.get(thing) ?? { starts: [], lastMs: -Infinity };
    const begins = atMs - known.lastMs > episodeGapMs;
    known.lastMs = Math.max(known.lastMs, atMs);
    remember(episodes, thing, known);
    if (!begins) return [];
    known.starts.push(toEpochMs(firstSeen));
    if (known.starts.length > maxRemembered) known.starts.shift();
    if (known.starts.length < leastEpisodes) return [];
    return [...runs.entries()]
      .filter(([, starts]) => coincide(known.starts, starts))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([cronJob, starts]) => told(entityRefOfId(cronJob), event, known.starts, starts.at(-1)!));
  }

  function told(
    cronJob: EntityRef,
    { entity, firstSeen }: UnifiedEvent,
    times: readonly number[],
    runMs: number,
  ): EventFinding {
    const draft = {
      category: 'app.periodic-load' as const,
      entity: cronJob,
      context: { ...noContext(cronJob.cluster), namespace: cronJob.namespace, workload: cronJob.name },
      discriminator: entity.id,
      message: `${entity.kind} ${entity.name} became slow ${times.length} times, each time within ${effectMs / 60_000} minutes after a run of CronJob ${cronJob.name} began.`,
      count: times.length,
      attributes: { victim: entity.id, runs: times.length, intervalMs: effectMs },
    };
    return {
      kind: 'event',
      at: firstSeen,
      event: eventFrom(draft, 'kubeapi', firstSeen, contentId('periodic', cronJob.id, entity.id, String(runMs))),
    };
  }

  return {
    note(found) {
      const more: EventFinding[] = [];
      for (const finding of found) {
        if (finding.kind === 'entity' && finding.entity.kind === 'Job') started(finding);
        else if (finding.kind === 'event' && slow.has(finding.event.semantic.category))
          more.push(...becameSlow(finding).map((each) => ({ ...each, at: finding.at })));
      }
      return more;
    },
  };
}

/** Every episode soon after a run, and nearly every run since the first episode with one; runs so seldom that this is no chance. */
function coincide(episodes: readonly number[], runs: readonly number[]): boolean {
  const behind = (run: number): boolean => episodes.some((episode) => episode >= run && episode - run <= effectMs);
  const since = runs.filter((run) => run >= episodes[0]! - effectMs && run <= episodes.at(-1)!);
  if (since.some((run, i) => i > 0 && run - since[i - 1]! < seldomMs)) return false;
  return (
    episodes.every((episode) => runs.some((run) => episode >= run && episode - run <= effectMs)) &&
    since.filter(behind).length >= Math.max(leastEpisodes, leastShare * since.length)
  );
}

function remember<Value>(things: Map<string, Value>, name: string, value: Value): void {
  things.delete(name);
  things.set(name, value);
  if (things.size > maxThings) things.delete(things.keys().next().value!);
}
