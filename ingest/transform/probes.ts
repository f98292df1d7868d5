import { entityRef } from '../../src/model/entity.js';
import type { EventFinding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { ReachabilityProbe } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { readLogMeaning } from '../detect/log-meaning.js';
import { createLogRates, type LogBurst } from '../detect/log-rates.js';
import { locate, type TransformContext } from './context.js';
import { eventFrom, type Draft } from './draft.js';
import type { Scheduler } from './schedule.js';
import { clause } from './wording.js';

export type ProbeUpdate = { readonly of: 'probe'; readonly key: string };

export interface ProbeReader {
  /** type `network`, kind `probe`: somebody tried whether a peer answers. */
  read(event: RawEvent): EventFinding[];
  update(key: string, at: string): EventFinding[];
}

interface About {
  readonly draft: Draft;
  readonly id: string;
}

/** A failed probe is a failed call of whoever tried; one that is answered says nothing, and the calls before it have ended. */
export function createProbeReader(context: TransformContext, schedule: Scheduler<ProbeUpdate>): ProbeReader {
  const rates = createLogRates<About>({
    schedule: (key, dueMs) => schedule.set(`probe ${key}`, dueMs, { of: 'probe', key }),
  });

  function read(event: RawEvent): EventFinding[] {
    const probe = event.data as unknown as ReachabilityProbe;
    if (probe.reachable) return [];
    const { entity: from, k8s } = locate(context, event.metadata);
    const { workload, workloadKind, namespace } = event.metadata;
    const entity =
      from.kind === 'Cluster' && workload !== undefined && namespace !== undefined
        ? entityRef(context.cluster, workloadKind ?? 'Deployment', namespace, workload)
        : from;
    const peer = probe.port === null ? probe.peer : `${probe.peer}:${probe.port}`;
    const error = probe.error ?? '';
    const meant = readLogMeaning(error, 'error', {})?.category;
    const category = meant !== undefined && /^(?:call|dns|tls)\./.test(meant) ? meant : 'call.unreachable';
    const key = `${entity.id} ${peer} ${category}`;
    const told = rates.seen(key, event.timestamp, () => ({
      id: contentId('probe', key, event.timestamp),
      draft: {
        category,
        entity,
        context: k8s,
        discriminator: peer,
        message: `${entity.kind} ${entity.name} finds that ${peer} does not answer${error === '' ? '' : `: ${clause(error, 200)}`}.`,
        attributes: {
          peer,
          peerPort: probe.port,
          error: category === 'call.timeout' ? 'ETIMEDOUT' : null,
          line: error || null,
        },
      },
    }));
    return told ? [finding(told, event.timestamp)] : [];
  }

  function finding({ about, count, firstSeen, lastSeen }: LogBurst<About>, at: string): EventFinding {
    return { kind: 'event', at, event: eventFrom({ ...about.draft, count, lastSeen }, 'network', firstSeen, about.id) };
  }

  return {
    read,
    update(key, at) {
      const told = rates.due(key, at);
      return told ? [finding(told, at)] : [];
    },
  };
}
