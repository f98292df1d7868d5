import type { EntityRef } from '../../../src/model/entity.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import { containerRef, type PodMemory, type TransformContext } from '../context.js';
import type { Draft } from '../draft.js';

/** core/v1 and events.k8s.io/v1 in one shape: the collector may watch either. */
export interface ClusterEvent extends KubernetesObject {
  readonly involvedObject?: Involved;
  readonly regarding?: Involved;
  readonly reason?: string;
  readonly message?: string;
  readonly note?: string;
  readonly type?: string;
  readonly count?: number;
  readonly deprecatedCount?: number;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

export interface Involved {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly fieldPath?: string;
}

/** What a Kubernetes Event says, with what is known of the object it is about. */
export interface Hint {
  readonly event: ClusterEvent;
  readonly reason: string;
  readonly message: string;
  readonly involved: EntityRef;
  readonly fieldPath: string | null;
  readonly pod: PodMemory | null;
  readonly context: TransformContext;
  readonly k8s: Draft['context'];
  readonly atMs: number;
}

/** The workload that an Event's object belongs to, where it is one of its ReplicaSets or Jobs. */
export function about({ event, involved, context }: Hint): { readonly kind: string; readonly name: string } {
  const uid = (event.involvedObject ?? event.regarding)?.uid;
  return (uid === undefined ? undefined : context.owners.get(uid)) ?? involved;
}

export function containerOf({ fieldPath }: Hint): string | null {
  return /\{([^}]+)\}/.exec(fieldPath ?? '')?.[1] ?? null;
}

export function entityOf(hint: Hint): EntityRef {
  const container = containerOf(hint);
  const { involved, context } = hint;
  return container !== null && involved.kind === 'Pod' && involved.namespace !== null
    ? containerRef(context.cluster, involved.namespace, involved.name, container)
    : involved;
}
