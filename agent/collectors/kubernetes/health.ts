import type { CollectorHealth } from '../../collector.js';
import type { ReflectorStatus } from './reflector.js';

/** A watch that has to be begun again is routine; one that could not be for this long is a gap. */
const graceMs = 5_000;
/** More than the idle timeout of a watch (90 s): its connection went silent, and beginning anew got no answer either. */
const maxSilentMs = 120_000;
/** Names listed in a reason before the rest is counted. */
const maxNamed = 6;

/** What the collector sees at this moment, in words an operator can act on. */
export function collectorHealth(
  server: string,
  watched: readonly { readonly name: string; readonly status: ReflectorStatus }[],
  lost: number,
): CollectorHealth {
  const broken = watched.filter(
    ({ status }) => status.state === 'retrying' && (status.sinceMs >= graceMs || status.silentMs === null),
  );
  const invisible = watched.filter(({ status }) => status.state === 'invisible');
  const starting = watched.filter(({ status }) => status.state === 'starting');
  const silent = watched.filter(({ status }) => status.state === 'watching' && (status.silentMs ?? 0) > maxSilentMs);
  if (watched.length > 0 && broken.length === watched.length) {
    return {
      state: 'down',
      reason: `the API server ${server} cannot be watched: ${broken[0]?.status.problem ?? ''}`,
      lost,
    };
  }
  const reasons = [
    invisible.length > 0 ? `not visible: ${named(invisible)} (grant list and watch, see deploy/agent-rbac.yaml)` : '',
    broken.length > 0 ? `not watched since ${longest(broken)} s: ${named(broken)}` : '',
    silent.length > 0 ? `no sign of life from the watch of ${silent.map(({ name }) => name).join(', ')}` : '',
    starting.length > 0 ? `not read yet: ${starting.length} kinds` : '',
    lost > 0 ? `${lost} objects were not understood` : '',
  ].filter((reason) => reason !== '');
  return reasons.length === 0
    ? { state: 'healthy', reason: null, lost }
    : { state: 'degraded', reason: reasons.join('; '), lost };
}

function named(watched: readonly { readonly name: string; readonly status: ReflectorStatus }[]): string {
  const shown = watched.slice(0, maxNamed).map(({ name, status }) => `${name} (${status.problem ?? 'unknown'})`);
  const more = watched.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

function longest(watched: readonly { readonly status: ReflectorStatus }[]): number {
  return Math.round(Math.max(...watched.map(({ status }) => status.sinceMs)) / 1000);
}
