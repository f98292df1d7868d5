import type { ServedObject } from './trim.js';

/**
 * Leases as a sign of life. A kubelet renews its lease every 10 s, a leader every 2 s; each renewal is a write that nobody needs to hear of. Said
 * are two things only: that renewals have stopped for longer than the lease's own duration (40 s by default), and that they have
 * resumed, after the second renewal (one alone may be a node's last breath). Both are published as a MODIFIED lease as it stands.
 *
 * Judged is the time since we saw a renewal, by our clock, as the node controller does: renewTime is the node's clock.
 */
export interface NodeLeases {
  seen(lease: ServedObject): void;
  deleted(lease: ServedObject): void;
  /** Looks for leases that have run out; `watching` is false while we ourselves do not see renewals, and nothing can be said. */
  tick(watching: boolean): void;
}

export function createNodeLeases(
  say: (lease: ServedObject) => void,
  clock: () => number = () => performance.now(),
): NodeLeases {
  const leases = new Map<
    string,
    { lease: ServedObject; renewedAt: number; stale: boolean; renewalsSinceStale: number }
  >();
  let blindUntil = clock();

  return {
    seen(lease) {
      const key = keyOf(lease);
      const known = leases.get(key);
      if (known === undefined) {
        leases.set(key, { lease, renewedAt: clock(), stale: false, renewalsSinceStale: 0 });
        return;
      }
      const renewed = specOf(known.lease).renewTime !== specOf(lease).renewTime;
      known.lease = lease;
      if (!renewed) return;
      known.renewedAt = clock();
      if (!known.stale || ++known.renewalsSinceStale < 2) return;
      known.stale = false;
      say(lease);
    },
    deleted(lease) {
      leases.delete(keyOf(lease));
    },
    tick(watching) {
      const nowMs = clock();
      if (!watching) blindUntil = nowMs;
      for (const known of leases.values()) {
        const durationMs = (specOf(known.lease).leaseDurationSeconds ?? 40) * 1000;
        if (nowMs - Math.max(known.renewedAt, blindUntil) <= durationMs) continue;
        known.renewalsSinceStale = 0;
        if (known.stale) continue;
        known.stale = true;
        say(known.lease);
      }
    },
  };
}

function keyOf({ metadata }: ServedObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function specOf(lease: ServedObject): { readonly renewTime?: string; readonly leaseDurationSeconds?: number } {
  return lease['spec'] ?? {};
}
