import { entityRef } from '../../../src/model/entity.js';
import type { Finding } from '../../../src/model/finding.js';
import { contentId } from '../../../src/model/ids.js';
import type { KubernetesObservation } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { canonicalTimestamp, toEpochMs } from '../../../src/model/time.js';
import { classifyClaimReason } from './storage.js';
import { noContext, podContext, type PodMemory, type TransformContext } from '../context.js';
import { eventFrom, type Draft } from '../draft.js';

import type { ClusterEvent, Hint } from './event-hint.js';
import { interpret } from './event-meaning.js';

/** Older than this when it is first seen, a Kubernetes Event speaks of the past. */
const staleMs = 5 * 60_000;

/**
 * Kubernetes Events are hints, not truth: they come late, are merged, and stay for an hour. Those that say what no object's status
 * says become events, one for each (object, reason, message template), whose count grows with the series.
 */
export function readKubernetesEvent(
  raw: RawEvent,
  { action, object }: KubernetesObservation,
  context: TransformContext,
  refresh: (entityId: string, at: string) => Finding[],
): Finding[] {
  const event = object as ClusterEvent;
  const about = event.involvedObject ?? event.regarding;
  if (action === 'DELETED' || !about?.kind || !about.name) return [];
  const reason = event.reason ?? '';
  const message = event.message ?? event.note ?? '';
  const atMs = toEpochMs(raw.timestamp);
  const lastText =
    event.series?.lastObservedTime ??
    event.lastTimestamp ??
    event.deprecatedLastTimestamp ??
    event.eventTime ??
    event.metadata.creationTimestamp;
  const last = canonicalTimestamp(lastText ?? '') ?? raw.timestamp;
  const first = canonicalTimestamp(event.firstTimestamp ?? event.eventTime ?? '') ?? last;
  const namespace = about.namespace || null;
  const involved = entityRef(
    context.cluster,
    about.kind,
    about.kind === 'Node' ? null : namespace,
    about.name,
    about.uid ?? null,
  );
  const pod = (about.uid !== undefined ? context.podsByUid.get(about.uid) : undefined) ?? null;

  if (about.kind === 'PersistentVolumeClaim' && about.uid) {
    // A claim's status has no reasons of its own: its events are where they stand, also those from before.
    const known = classifyClaimReason(reason, message, undefined) !== null || /^WaitFor/.test(reason);
    if (known) {
      context.reasons.set(`claim ${about.uid}`, { reason, message, at: last });
      return refresh(involved.id, raw.timestamp);
    }
  }
  if (action === 'SYNC' || atMs - toEpochMs(last) > staleMs) return [];
  const k8s = pod
    ? podContext(context.cluster, pod)
    : { ...noContext(context.cluster), namespace: involved.namespace, node: about.kind === 'Node' ? about.name : null };
  const hint: Hint = { event, reason, message, involved, fieldPath: about.fieldPath ?? null, pod, context, k8s, atMs };
  const draft = interpret(hint);
  if (!draft) return [];
  if (pod && context.latest.has(involved.id) && standing({ ...draft, startedAt: last }, hint, pod))
    return refresh(involved.id, raw.timestamp);
  const count = event.series?.count ?? event.count ?? event.deprecatedCount ?? 1;
  const template = templateOf(message);
  const id = contentId(
    draft.entity.id,
    about.uid ?? about.name,
    reason,
    draft.category,
    draft.discriminator ?? '',
    template,
  );
  const start = first > raw.timestamp ? raw.timestamp : first;
  return [
    {
      kind: 'event',
      at: raw.timestamp,
      event: eventFrom(
        {
          ...draft,
          template: draft.template ?? template,
          count,
          lastSeen: last > raw.timestamp ? raw.timestamp : last,
        },
        'kubeapi',
        start,
        id,
      ),
    },
  ];
}

/** True when the event explains the state that its pod is in now: then it holds as long as that does, and not just for a moment. */
function standing(draft: Draft, { reason, message, fieldPath }: Hint, pod: PodMemory): boolean {
  if (draft.category === 'probe.readiness-failed') {
    const memory = pod.containers.get(/\{([^}]+)\}/.exec(fieldPath ?? '')?.[1] ?? '');
    if (memory) memory.readinessFailure = draft;
    return memory !== undefined;
  }
  if (draft.category === 'image.pull-failed') return true;
  if (!/^FailedMount$|^FailedMapVolume$|^FailedAttachVolume$|^FailedCreatePodSandBox$|^NetworkNotReady$/.test(reason))
    return false;
  pod.setbacks.set(`${draft.category} ${draft.discriminator ?? ''} ${templateOf(message).slice(0, 64)}`, draft);
  // A volume that fails in ever new words is still one volume.
  if (pod.setbacks.size > 8) pod.setbacks.delete(pod.setbacks.keys().next().value!);
  return true;
}

/** Names, numbers and addresses out: the same complaint of the same object is the same event. */
function templateOf(message: string): string {
  return message
    .replace(/^\(combined from similar events\): /, '')
    .replace(/"[^"]*"/g, '"<*>"')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, '<*>')
    .replace(/\b\d[\w.:]*/g, '<*>')
    .slice(0, 256);
}
